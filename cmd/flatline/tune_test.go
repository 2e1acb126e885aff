package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/tune"
)

// wanted are ordinary demands, simulated as little as can be.
var wanted = []string{"tune", "--window", "6s..9s", "--delay", "50ms", "--jitter", "20ms", "--loss", "1%", "--mistakes", "1/30d", "--beats", "100000"}

func with(args []string, more ...string) []string {
	return append(append([]string{}, args...), more...)
}

func TestTuneRefusesWhatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "capture.csv")
	if err := os.WriteFile(file, []byte("seq,arrived_ns\n0,0\n1,1000000000\n2,2000000000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dead, hasty := filepath.Join(t.TempDir(), "networks.yaml"), filepath.Join(t.TempDir(), "policies.yaml")
	save(t, dead, "networks:\n  - {name: dead, delivery: udp, loss: {rate: 1}}\n")
	save(t, hasty, "policies:\n  - {name: hasty, window: 6s..9s, probe: echo, beats: client, interval: 0s, client: {detector: fixed, timeout: 8s}, server: {detector: fixed, timeout: 8s}}\n")
	for _, row := range []struct {
		name string
		args []string
		want []string
	}{
		{"no window", []string{"tune"}, []string{"--window"}},
		{"a window backwards", []string{"tune", "--window", "9s..6s"}, []string{"--window", "9s..6s", "lower bound < upper bound"}},
		{"a window without room", []string{"tune", "--window", "6s..6.1s"}, []string{"contradict each other", "relax one: window's upper bound 6.1s -> ", "window's lower bound 6s -> "}},
		{"all is lost", with(wanted, "--loss", "100%"), []string{"loss is 100%, want 0% to less than 100%"}},
		{"more than all is lost", with(wanted, "--loss", "2"), []string{"--loss", `"2", want a share such as 1% or 0.01`}},
		{"no time between beats", with(wanted, "--interval", "0s"), []string{"--interval: 0s, want more than 0, such as 2s"}},
		{"a negative interval", with(wanted, "--interval=-2s"), []string{"--interval: -2s, want more than 0"}},
		{"a tiny interval", with(wanted, "--interval", "1us"), []string{"--interval: 1µs, want 1ms or more"}},
		{"an interval too long", with(wanted, "--interval", "5s", "--family", "fixed"), []string{"contradict", "interval 5s -> "}},
		{"no mistakes in no time", with(wanted, "--mistakes", "0/0d"), []string{"--mistakes", `"0/0d", want more than 0 mistakes`}},
		{"mistakes of no unit", with(wanted, "--mistakes", "1/30"), []string{"--mistakes", `"30" is no time`}},
		{"mistakes rarer than time is long", with(wanted, "--mistakes", "1/1000000y"), []string{"--mistakes", `"1/1000000y", want at least one in 200 years`}},
		{"a firewall that is faster than the network", with(wanted, "--firewall", "10ms"), []string{"for fixed relax one: firewall 10ms -> 53ms", "keepalive probes every 1s at most"}},
		{"a margin wider than the window", with(wanted, "--margin", "5s"), []string{"for fixed relax one: window's upper bound", "margin 5s -> 1.4"}},
		{"a fixed interval too long for all", with(wanted, "--interval", "100s"), []string{"interval 1m40s -> ", "with a probe every 1m40s detections take", "with a beat every 1m40s it may take"}},
		{"a delay longer than the window", with(wanted, "--delay", "2000000h"), []string{"delay is 2000000h0m0s, want at most the window's upper bound, 9s"}},
		{"a delay less than the default jitter", []string{"tune", "--window", "6s..9s", "--delay", "0s"}, []string{"--delay: 0s, and by default the jitter is 400ms: give --jitter as well, 0s to 0s"}},
		{"a jitter more than the default delay", []string{"tune", "--window", "6s..9s", "--jitter", "1s"}, []string{"--jitter: 1s, and by default the delay is 300ms: give --delay as well, 500ms or more"}},
		{"a window too long", []string{"tune", "--window", "6s..99999999h"}, []string{"--window", `upper bound "99999999h": want 0s to 24h0m0s`}},
		{"a window with a sign", []string{"tune", "--window", "-1s..3s"}, []string{"--window: want a value, not", `--window="-1s..3s"`}},
		{"no room for a round trip", []string{"tune", "--window", "..790ms"}, []string{"upper bound 790ms -> 9", "the first beat may take a round trip, 600ms"}},
		{"a negative delay", with(wanted, "--delay=-5ms"), []string{"delay is -5ms, want 0 or more"}},
		{"a jitter above the delay", with(wanted, "--jitter", "1s"), []string{"jitter is 1s, want 0 to 100ms"}},
		{"another firewall", with(wanted, "--firewall", "azure"), []string{"--firewall", `"azure", want aws-nlb, azure-lb, gcp, or the idle time`}},
		{"another delivery", with(wanted, "--delivery", "pigeon"), []string{"--delivery", "pigeon"}},
		{"another family", with(wanted, "--family", "fixd"), []string{"--family", `"fixd"`, "did you mean fixed?"}},
		{"another system", with(wanted, "--print", "cobol"), []string{"--print", `"cobol"`, "sysctl, go, grpc, nats, yaml"}},
		{"nobody", with(wanted, "--connections", "0"), []string{"connections is 0, want 1 or more"}},
		{"no beats", with(wanted, "--beats", "0"), []string{"--beats: 0, want 100000 or more"}},
		{"hardly a beat", with(wanted, "--beats", "1"), []string{"--beats: 1, want 100000 or more"}},
		{"no capture", []string{"tune", "--window", "6s..9s", "--trace", "none.csv"}, []string{"--trace: none.csv"}},
		{"a short capture", []string{"tune", "--window", "6s..9s", "--trace", file}, []string{"--trace: " + file, "3 arrivals, want at least 20"}},
		{"a capture and what it tells", with(wanted, "--trace", file), []string{"--trace with --jitter or --loss"}},
		{"a kernel that cannot", with(wanted, "--loss", "30%", "--family", "keepalive"), []string{"for keepalive relax one: mistakes 1/30d -> "}},
		{"a file that cannot be", with(wanted, "--family", "fixed", "--out", filepath.Join(file, "policy.yaml")), []string{"--out"}},
		{"a simulated window backwards", []string{"sim", "--window", "9s..6s"}, []string{"--window", "9s..6s", "lower bound < upper bound"}},
		{"a simulated network where all is lost", []string{"sim", "--networks", dead, "--network-model", "dead"}, []string{"--networks", "loss rate is 1, want 0 to less than 1"}},
		{"no time between simulated beats", []string{"sim", "--policies", hasty, "--policy", "hasty"}, []string{"--policies", "interval is 0s, want more than 0"}},
		{"equal to nothing", []string{"sim", "--equal", "cost=1"}, []string{"--equal", `"cost=1", want mistakes=1/day or detection=9s`}},
		{"equal in no time", []string{"sim", "--equal", "detection=0s"}, []string{"--equal", "more than 0"}},
		{"equal in no time that a beat has", []string{"sim", "--equal", "detection=1ns", "--seed", "7"}, []string{"no detector can be tuned to a detection within 1ns on beats every 2s: want 1.16s or more"}},
		{"equal in so long that nothing is a mistake", []string{"sim", "--equal", "detection=9s", "--seed", "7"}, []string{"no detector makes a mistake in these 11.6 days", "want 1.16s to 2.2s, or a longer history (--life)"}},
		{"equal in so long that nothing is tuned to it", []string{"sim", "--equal", "detection=1000000h", "--seed", "7"}, []string{"no detector can be tuned to a detection within 1000000h0m0s", "want 1.16s to 2.2s, or a longer history"}},
		{"equal to no mistakes", []string{"sim", "--equal", "mistakes=0/d"}, []string{"--equal", "more than 0 mistakes"}},
		{"equal for a century", []string{"sim", "--equal", "mistakes=1/50y"}, []string{"--equal", "beats, want at most 50000000"}},
		{"equal for beats that are far apart", []string{"sim", "--equal", "mistakes=1/day", "--window", "..24h"}, []string{"--window: ..24h0m0s has a beat every 7h11m59s", "more than a century", "such as ..5h15m0s"}},
		{"equal for more than a century", []string{"sim", "--equal", "mistakes=1/5y", "--window", "..1h"}, []string{"--equal: 1/5y mistakes take more than a century", "want more mistakes"}},
		{"equal of policies", []string{"sim", "--equal", "detection=9s", "--policies", file}, []string{"--equal with --policies"}},
		{"equal in scenarios", []string{"sim", "--equal", "detection=9s", "--scenarios", file}, []string{"--equal with --scenarios"}},
		{"equal in a mode", []string{"sim", "--equal", "detection=9s", "--mode", "observe"}, []string{"--equal with --mode"}},
		{"equal in trials", []string{"sim", "--equal", "detection=9s", "--trials", "1000"}, []string{"--equal with --trials"}},
		{"equal in two profiles", []string{"sim", "--equal", "detection=9s", "--profile", "strict,standard"}, []string{"--equal with --profile strict,standard: want one"}},
		{"equal in a scenario", []string{"sim", "--equal", "detection=9s", "--scenario", "cable-pull"}, []string{"--equal with --scenario"}},
		{"equal among none", []string{"sim", "--equal", "detection=9s", "--policy", "push"}, []string{"--policy", `unknown detector "push"`, "echo-timer"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, _, stderr := flatline(t, row.args...)
			if code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			for _, want := range row.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("no %q in %q", want, stderr)
				}
			}
			if strings.Count(stderr, "\n") > 1 {
				t.Errorf("more than a line:\n%s", stderr)
			}
		})
	}
}

func TestTuneRecommendsEveryFamily(t *testing.T) {
	code, stdout, stderr := flatline(t, with(wanted, "--firewall", "aws-nlb", "--connections", "200000")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	words := strings.Join(strings.Fields(stdout), " ")
	for _, want := range append(tune.FamilyNames(),
		"6s..9s, at most 1/30d mistakes; delays of 40ms to 50ms, jitter 20ms, loss 1% over udp",
		"fixed 2.1s timeout 8.8s 6.68-8.85s 1/158d closed form 1,714 322 1,550", "simulating up to 100,000 beats and 19,998 crashes", "95 % 1/30d T_D seen", "GB/day: of 200,000 connections",
		"chen 2.19s margin 6.603s", "configurator", "kernel idle 1s interval 1s count 7", "computed",
		"100,000 ", "not shown", "is likely to show it, and takes about", "Firewall aws-nlb forgets after 5m50s", "docs.aws.amazon.com", "headers of IPv4 and TCP",
	) {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	nothingWritten(t)
}

// A policy that was written is one that run, sim, judge and list take.
func TestTunedPoliciesAreTaken(t *testing.T) {
	arrivals, err := filepath.Abs(filepath.Join("testdata", "arrivals.csv"))
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := flatline(t, with(wanted, "--out", "policy.yaml")...)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "Policies: policy.yaml") {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	for _, args := range [][]string{
		{"list", "--policies", "policy.yaml"},
		{"run", "--dry-run", "--policies", "policy.yaml", "--policy", "tuned-fixed,tuned-phi,tuned-chen", "--scenario", "cable-pull"},
		{"sim", "--policies", "policy.yaml", "--policy", "tuned-fixed,tuned-phi,tuned-chen", "--scenario", "cable-pull", "--trials", "20"},
		{"judge", arrivals, "--policies", "policy.yaml", "--policy", "tuned-fixed"},
	} {
		code, stdout, stderr := here(t.Context(), args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
		want := "tuned-fixed"
		if args[0] == "judge" {
			want = "timeout 8.8s"
		}
		if !strings.Contains(stdout, want) {
			t.Errorf("%q: no %q in\n%s", args, want, stdout)
		}
	}
	// What a simulated cable-pull takes is within the window, on a calm network.
	code, stdout, _ = here(t.Context(), "sim", "--policies", "policy.yaml", "--policy", "tuned-fixed", "--scenario", "cable-pull", "--trials", "200", "--json")
	var got []simulated
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || err != nil || len(got) != 1 {
		t.Fatalf("exit code %d, %v\n%s", code, err, stdout)
	}
	for _, d := range []*distribution{got[0].Client.Detection, got[0].Server.Detection} {
		if d == nil || d.N != 200 || d.Min < 6*time.Second || d.Max > 9*time.Second {
			t.Errorf("T_D %v", d)
		}
	}
}

func TestTuneAsJSON(t *testing.T) {
	code, stdout, stderr := flatline(t, with(wanted, "--json", "--family", "fixed,keepalive")...)
	var got struct {
		Demands         struct{ Mistakes string }
		Recommendations []struct {
			Family    string
			By        string
			Predicted *float64 `json:"predicted_per_day"`
			Check     *struct{ Beats int }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || stderr != "" || err != nil {
		t.Fatalf("exit code %d, %s, %v\n%s", code, stderr, err, stdout)
	}
	if got.Demands.Mistakes != "1/30d" || len(got.Recommendations) != 2 || got.Recommendations[0].Check.Beats != 100_000 ||
		*got.Recommendations[0].Predicted <= 0 || got.Recommendations[1].Family != "keepalive" || got.Recommendations[1].Check != nil {
		t.Errorf("got %+v", got)
	}
}

func TestTuneSaysTheSameOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var texts []string
	for _, cores := range []int{1, 3} {
		runtime.GOMAXPROCS(cores)
		code, stdout, stderr := flatline(t, with(wanted, "--json")...)
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		texts = append(texts, stdout)
	}
	if texts[0] != texts[1] {
		t.Errorf("on one core\n%s\non three\n%s", texts[0], texts[1])
	}
}

// Settings are all that goes to standard output, so that they can be piped; what
// they cannot reach is said beside them.
func TestTunePrintsSettingsAlone(t *testing.T) {
	for system, want := range map[string]struct{ begins, says string }{
		"sysctl": {"# For every socket", ""},
		"go":     {"// The kernel's keepalive", ""},
		"grpc":   {"// grpc-go.", "the client detects after"},
		"nats":   {"# nats-server.", ""},
		"yaml":   {written + "policies:\n", ""},
	} {
		code, stdout, stderr := flatline(t, with(wanted, "--print", system)...)
		if code != 0 || !strings.HasPrefix(stdout, want.begins) || !strings.Contains(stderr, want.says) || (want.says == "") != (stderr == "") {
			t.Errorf("%s: exit code %d, %q\n%s", system, code, stderr, stdout)
		}
	}
}

// A file that cannot be written is refused before anything is simulated, and one that
// is there already is not emptied for demands that nothing keeps.
func TestTuneLooksForItsFileFirst(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop() // else it would be interrupted
	t.Chdir(t.TempDir())
	if code, _, stderr := here(ctx, with(wanted, "--out", "nowhere/policy.yaml")...); code != 2 || !strings.Contains(stderr, "--out: open nowhere/policy.yaml") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	save(t, "policy.yaml", written+"policies: []\n")
	for _, file := range []string{"policy.yaml", "other.yaml"} {
		if code, _, stderr := here(t.Context(), with(wanted, "--margin", "5s", "--out", file)...); code != 2 {
			t.Errorf("exit code %d, %s", code, stderr)
		}
	}
	if text, err := os.ReadFile("policy.yaml"); err != nil || string(text) != written+"policies: []\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat("other.yaml"); !os.IsNotExist(err) {
		t.Errorf("an empty file is left: %v", err)
	}
}

// What somebody else wrote stays; what tune wrote it writes anew.
func TestTuneOverwritesItsOwnFilesOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "notes.txt", "# Notes of mine.\n")
	save(t, "empty.yaml", "")
	args := with(wanted, "--family", "fixed", "--out")
	code, _, stderr := here(t.Context(), with(args, "notes.txt")...)
	if code != 2 || !strings.Contains(stderr, "--out: notes.txt is there already, and not of flatline tune: move it, or choose another file") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if text, err := os.ReadFile("notes.txt"); err != nil || string(text) != "# Notes of mine.\n" {
		t.Errorf("%q, %v", text, err)
	}
	for range 2 {
		if code, _, stderr := here(t.Context(), with(args, "empty.yaml")...); code != 0 {
			t.Errorf("exit code %d, %s", code, stderr)
		}
	}
}

// What a capture has against the advice goes wherever that goes.
func TestTuneWarnsOfACaptureEverywhere(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("seq,arrived_ns\n")
	for i := 5; i < 24*3600; i++ {
		if i%3600 < 1000 || i%3600 >= 1030 { // an outage in each hour
			fmt.Fprintf(&csv, "%d,%d\n", i, i*1e9+i%7*1e7)
		}
	}
	t.Chdir(t.TempDir())
	save(t, "capture.csv", csv.String())
	args := []string{"tune", "--window", "6s..9s", "--trace", "capture.csv", "--family", "fixed,keepalive", "--beats", "100000"}
	wants := []string{"capture.csv has 24 silences that no policy bears which keeps the window 6s..9s", "The longest is of 31.0", "s after beat ", "Losses come in bursts, of up to 30 beats", "Broken: at most 1/30d mistakes, by fixed, keepalive."}
	check := func(what, text, mark string) {
		t.Helper()
		flat := strings.Join(strings.Fields(strings.ReplaceAll(text, "\n"+mark, " ")), " ")
		for _, want := range wants {
			if !strings.Contains(flat, want) {
				t.Errorf("%s: no %q in\n%s", what, want, text)
			}
		}
	}
	code, stdout, stderr := here(t.Context(), args...)
	check("table", stdout, "")
	if code != 0 || stderr != "" || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "24/d capture") || strings.Contains(stdout, "kept") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	for system, mark := range map[string]string{"sysctl": "# ", "go": "// ", "grpc": "// ", "nats": "# ", "yaml": "# "} {
		_, stdout, stderr := here(t.Context(), with(args, "--print", system)...)
		if system == "yaml" || system == "go" { // others follow from the window alone
			check(system, stdout, mark)
			check(system+" on stderr", stderr, "")
			continue
		}
		if !strings.HasPrefix(stdout, mark+"capture.csv has 24 silences") || !strings.Contains(stderr, "capture.csv has 24 silences") {
			t.Errorf("%s: %s\n%s", system, stderr, stdout)
		}
	}
	_, _, stderr = here(t.Context(), with(args, "--out", "policy.yaml")...)
	text, err := os.ReadFile("policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	check("--out", string(text), "# ")
	check("--out on stderr", stderr, "")
	_, stdout, _ = here(t.Context(), with(args, "--json")...)
	check("--json", stdout, "")
	if code, _, stderr := here(t.Context(), "list", "--policies", "policy.yaml"); code != 0 {
		t.Errorf("list: exit code %d, %s", code, stderr)
	}
}

// A stall of which all arrives in the end makes a delay longer than the window.
func TestTuneNamesTheStallThatIsTooLong(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("seq,arrived_ns\n")
	for i := range 2000 {
		fmt.Fprintf(&csv, "%d,%d\n", i, stalled(i))
	}
	t.Chdir(t.TempDir())
	save(t, "capture.csv", csv.String())
	code, _, stderr := here(t.Context(), "tune", "--window", "6s..9s", "--trace", "capture.csv")
	if code != 2 || !strings.Contains(stderr, "--trace: capture.csv: ") || !strings.Contains(stderr, "its longest silence is 21s after beat 999 (16m39s after the first arrival)") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// stalled is when beat i arrives that meets a stall of 20 s.
func stalled(i int) int {
	if i >= 1000 && i < 1020 {
		return 1020 * 1e9
	}
	return i * 1e9
}

func TestTuneMeasuresACapture(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("seq,arrived_ns\n")
	for i := range 2000 {
		if i%100 != 50 { // one in a hundred is lost
			fmt.Fprintf(&csv, "%d,%d\n", i, i*1e9+i%7*1e7) // and delays are within 60 ms
		}
	}
	t.Chdir(t.TempDir())
	save(t, "capture.csv", csv.String())
	code, stdout, stderr := here(t.Context(), "tune", "--window", "6s..9s", "--trace", "capture.csv", "--family", "fixed", "--beats", "100000")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{"Measured in 1980 arrivals, a beat every 1.0000", "within 60", "loss 1%", "By one clock the least delay cannot be told"} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func TestTuneInterruptedPrintsWhatItHas(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, stdout, stderr := here(ctx, wanted...)
	if code != 130 || !strings.Contains(stderr, "interrupted: 2 of 10 families were tuned") || !strings.Contains(stdout, "keepalive") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
}

// ending is a context that ends once it was asked so often.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// With one interval to try, all but the first few looks are of what would help.
func TestTuneInterruptedSaysWhatItWasAbout(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx := &ending{t.Context(), 20}
	code, stdout, stderr := here(ctx, with(wanted, "--interval", "1s", "--loss", "90%", "--family", "fixed,keepalive", "--out", "policy.yaml")...)
	if code != 130 || !strings.Contains(stderr, "interrupted: all families were tuned; what to relax was looked for, for 1 of the 2 that keep not all demands") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if !strings.Contains(stdout, "fixed: at best") || !strings.Contains(stdout, "keepalive would make") {
		t.Errorf("it prints not what it has:\n%s", stdout)
	}
}

func TestEqualInterruptedPrintsWhatItHas(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, stdout, stderr := here(ctx, "sim", "--equal", "mistakes=20/h", "--policy", "fixed,missed")
	if code != 130 || !strings.Contains(stderr, "interrupted: 0 of 2 families were tuned") || !strings.Contains(stdout, "Tuned to 20/h mistakes") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
}

// A day's worth of comparison: the table, its conclusion, JSON, and a report that
// can be made again.
func TestEqualComparesAndReports(t *testing.T) {
	args := []string{"sim", "--network-model", "mobile", "--equal", "mistakes=20/h", "--policy", "fixed,echo-timer,missed", "--seed", "1"}
	code, stdout, stderr := flatline(t, append(args, "--out", "reports")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, want := range []string{"500,000 beats, one every 2s", "Tuned to 20/h mistakes", "fixed", "echo-timer", "missed counts whole beats", "bootstrap", "Report: "} {
		if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	page, err := os.ReadFile(filepath.Join("reports", report.HTMLFile))
	if err != nil || !strings.Contains(string(page), "Compared 3 detectors, tuned to 20/h mistakes.") || !strings.Contains(string(page), `"comparison":{"title"`) {
		t.Errorf("%v, or no comparison in the page", err)
	}
	if code, stdout, stderr := here(t.Context(), "report", "reports", "--quiet"); code != 0 || stderr != "" || !strings.Contains(stdout, "Compared 3 detectors") {
		t.Errorf("report: exit code %d, %s\n%s", code, stderr, stdout)
	}
	// The next run into the folder takes the comparison away.
	if code, _, stderr := here(t.Context(), "sim", "--scenario", "cable-pull", "--policy", "fixed", "--profile", "strict", "--trials", "1", "--out", "reports"); code != 0 {
		t.Errorf("sim: exit code %d, %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join("reports", "comparison.json")); !os.IsNotExist(err) {
		t.Errorf("the comparison is still there: %v", err)
	}

	code, stdout, stderr = here(t.Context(), append(args, "--json")...)
	var got tune.Comparison
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || stderr != "" || err != nil || len(got.Tuned) != 3 || len(got.Points) < 20 {
		t.Errorf("exit code %d, %s, %v, %+v", code, stderr, err, got)
	}
}
