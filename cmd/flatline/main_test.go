package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/processes"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

var update = flag.Bool("update", false, "rewrite testdata/")

// asCommand makes the test binary be the command.
const asCommand = "FLATLINE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	processes.BePeer()
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// flatline runs the command in an empty folder.
func flatline(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	return here(t.Context(), args...)
}

func here(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err)
	return code, out.String(), err.String()
}

func TestWrongUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	lossy := write(t, "networks:\n  - {name: dead, delivery: tcp, loss: {rate: 1}}\n")
	slow := write(t, "networks:\n  - {name: slow, delivery: tcp, delay: {latency: 3s}}\n")
	idle := write(t, "policies:\n  - {name: idle, profile: strict, probe: echo, beats: client, interval: 0s}\n")
	for _, row := range []struct {
		name string
		args []string
		want []string
	}{
		{"another command", []string{"walk"}, []string{"walk"}},
		{"an argument", []string{"run", "cable-pull"}, []string{"cable-pull"}},
		{"another flag", []string{"run", "--scenaro", "x"}, []string{"--scenaro", "--scenario"}},
		{"another scenario", []string{"run", "--scenario", "cabel-pull"}, []string{"--scenario", `"cabel-pull"`, "did you mean cable-pull?", "cable-flap", "orderly-close"}},
		{"one of two scenarios", []string{"run", "--scenario", "cable-pull,zzz"}, []string{"--scenario", `"zzz", known:`, "cable-flap"}},
		{"a file for a name", []string{"run", "--scenario", "my.yaml"}, []string{"--scenario", `"my.yaml"`, "a name is wanted", "--help"}},
		{"another policy", []string{"run", "--policy", "fixd"}, []string{"--policy", `"fixd"`, "did you mean fixed?", "echo-timer"}},
		{"another profile", []string{"run", "--profile", "lax"}, []string{"--profile", `"lax"`, "strict, standard"}},
		{"half a window", []string{"run", "--window", "12s"}, []string{"--window", `"12s"`, "6s..9s or ..9s"}},
		{"a window without room", []string{"run", "--window", "6s..6.1s"}, []string{"--window", "too narrow"}},
		{"window and profile", []string{"run", "--window", "6s..9s", "--profile", "strict"}, []string{"--window", "--profile"}},
		{"a phase of 2", []string{"run", "--phases", "0.5,2"}, []string{"--phases", "2", "0 to 1"}},
		{"a phase of NaN", []string{"run", "--phases", "NaN"}, []string{"--phases", "NaN", "0 to 1"}},
		{"a phase in words", []string{"run", "--phases", "late"}, []string{"--phases", `"late"`}},
		{"a parameter of nobody", []string{"run", "--set", "idel=1s"}, []string{"--set", `"idel"`, "idle"}},
		{"a parameter of no time", []string{"run", "--set", "idle=soon"}, []string{"--set", `"soon"`, "1.5s"}},
		{"a parameter below 0", []string{"run", "--set", "idle=1s - 2s"}, []string{"--set", "idle=1s - 2s", "-1s", "more than 0"}},
		{"a parameter of years", []string{"run", "--scenario", "idle-drop", "--set", "idle=200000h"}, []string{"--set: idle=200000h is 200000h0m0s in idle-drop, want at most 720h0m0s"}},
		{"half a parameter", []string{"run", "--set", "idle"}, []string{"--set", `"idle"`}},
		{"no repetition", []string{"run", "--repeat", "0"}, []string{"--repeat", "0, want 1 to 1000"}},
		{"fewer retries than none", []string{"run", "--retries=-1"}, []string{"--retries", "-1, want 0 to 100"}},
		{"nothing at once", []string{"run", "--parallel", "0"}, []string{"--parallel", "0, want 1 to 20000"}},
		{"too many repetitions", []string{"run", "--repeat", "1001"}, []string{"--repeat: 1001, want 1 to 1000"}},
		{"too many retries", []string{"run", "--retries", "101"}, []string{"--retries: 101, want 0 to 100"}},
		{"too many at once", []string{"run", "--parallel", "20001"}, []string{"--parallel: 20001, want 1 to 20000"}},
		{"a window of more than a day", []string{"run", "--window", "6s..24h1s"}, []string{"--window", "at most 24h"}},
		{"an empty scenario", []string{"run", "--scenario="}, []string{"--scenario: it is empty, want NAME"}},
		{"an empty policy", []string{"run", "--policy", ""}, []string{"--policy: it is empty, want NAME"}},
		{"an empty profile", []string{"list", "--profile="}, []string{"--profile: it is empty, want NAME"}},
		{"empty phases", []string{"run", "--phases="}, []string{"--phases: it is empty, want P"}},
		{"an empty file name", []string{"run", "--policies="}, []string{"--policies: it is empty, want FILE"}},
		{"an empty folder name", []string{"run", "--out="}, []string{"--out: it is empty, want DIR"}},
		{"an empty parameter", []string{"run", "--set="}, []string{`--set: "", want NAME=TIME`}},
		{"a parameter without value", []string{"run", "--set", "idle="}, []string{`--set: "idle=", want NAME=TIME`}},
		{"a parameter twice", []string{"run", "--set", "idle=1s", "--set", "idle=2s"}, []string{"--set: idle is set twice"}},
		{"no such file", []string{"run", "--policies", "mine.yaml"}, []string{"--policies: open mine.yaml: "}},
		{"an empty file", []string{"list", "--scenarios", file}, []string{"--scenarios: " + file + ": it is empty, want a list under scenarios"}},
		{"a folder as file", []string{"list", "--policies", filepath.Dir(file)}, []string{"--policies: read " + filepath.Dir(file)}},
		{"list in window and profile", []string{"list", "--window", "6s..9s", "--profile", "strict"}, []string{"--window", "--profile"}},
		{"list in a window without room", []string{"list", "--window", "6s..6.1s"}, []string{"--window", "too narrow"}},
		{"a shard of none", []string{"run", "--shard", "3/2"}, []string{"--shard", `"3/2"`, "want i/n"}},
		{"half a shard", []string{"run", "--shard", "1"}, []string{"--shard", `"1"`, "want i/n"}},
		{"an empty shard's name", []string{"run", "--shard="}, []string{"--shard", "want i/n"}},
		{"JSON of a dry run", []string{"run", "--dry-run", "--json"}, []string{"--json and --dry-run"}},
		{"another network model", []string{"sim", "--network-model", "mobil"}, []string{"--network-model", `"mobil"`, "did you mean mobile?", "lan, wan, mobile"}},
		{"a network model of nobody", []string{"sim", "--networks", "mine.yaml"}, []string{"--networks: open mine.yaml: "}},
		{"a network that loses all", []string{"sim", "--networks", lossy}, []string{"--networks: ", "loss rate is 1, want 0 to less than 1: at 1 nothing would ever arrive"}},
		{"a policy without interval", []string{"sim", "--policies", idle}, []string{"--policies: ", "interval is 0s, want more than 0"}},
		{"a network slower than hellos", []string{"sim", "--networks", slow, "--network-model", "slow", "--scenario", "cable-pull"}, []string{"cable-pull under", "network model slow", "did not hear each other within 1h0m0s"}},
		{"no simulation", []string{"sim", "--trials", "0"}, []string{"--trials: 0, want 1 to 1000000"}},
		{"too many simulations", []string{"sim", "--trials", "1000001"}, []string{"--trials: 1000001, want 1 to 1000000"}},
		{"a life that ended before", []string{"sim", "--life=-1s"}, []string{"--life: -1s, want 0s"}},
		{"a simulated phase of 2", []string{"sim", "--phases", "2"}, []string{"--phases", "2", "0 to 1"}},
		{"a simulated kernel", []string{"sim", "--scenario", "naive-cable-pull"}, []string{"naive-cable-pull cannot be simulated", "no kernel in virtual time"}},
		{"an empty network model", []string{"sim", "--network-model="}, []string{"--network-model: it is empty, want NAME"}},
		{"a side that there is not", []string{"watch", "--side", "banana", "--upstream", "localhost:1", "--", "true"}, []string{`--side: "banana", want client, server or both`}},
		{"one command to part", []string{"watch", "--separator", "AND", "--upstream", "localhost:1", "--", "true"}, []string{"--separator", "want --server too"}},
		{"an address of others", []string{"watch", "--listen", "192.0.2.1:5000", "--upstream", "localhost:1"}, []string{"--listen: listen tcp 192.0.2.1:5000"}},
		{"no runs", []string{"report"}, []string{"<dir>"}},
		{"runs into nowhere", []string{"report", "a", "b"}, []string{"--out: want a folder"}},
		{"a report of no run", []string{"report", "none"}, []string{"none", "want the folder of a run"}},
		{"no runs merged", []string{"report", "none", "--out", "new"}, []string{"none", "want the folder of a run"}},
		{"half a comparison", []string{"compare", "a"}, []string{"<new>"}},
		{"a comparison with nothing", []string{"compare", "a", "b"}, []string{"stat a", "stat b", "want the folder of a run, or its report.json"}},
		{"another format", []string{"compare", "a", "b", "--format", "pdf"}, []string{"--format", "table", "pdf"}},
		{"another failure", []string{"compare", "a", "b", "--fail-on", "change"}, []string{"--fail-on", "regression", "change"}},
		{"a seed in words", []string{"run", "--seed", "lucky"}, []string{"--seed", `"lucky"`}},
		{"nothing applies", []string{"run", "--scenario", "cable-pull-unnoticed", "--policy", "fixed"}, []string{"nothing to run", "applies"}},
		{"a root", []string{"run", "--scenario", "orderly-close", "--out", "/"}, []string{"--out: / is the root of a file system: want a folder below it"}},
		{"a folder below a file", []string{"run", "--scenario", "orderly-close", "--out", file}, []string{"--out", file}},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := flatline(t, row.args...)
			if code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if stdout != "" {
				t.Errorf("standard output: %s", stdout)
			}
			if !strings.HasPrefix(stderr, "flatline: ") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("standard error is not one line of ours: %q", stderr)
			}
			for _, want := range row.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
			nothingWritten(t)
		})
	}
}

// write writes a file of that text, in a folder of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func nothingWritten(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) > 0 {
		t.Errorf("written: %v, %v", entries, err)
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"sim", "--help"}, {"proxy", "--help"}, {"peer", "--help"}, {"peer", "client", "--help"}, {"peer", "server", "--help"}, {"report", "--help"}, {"compare", "--help"}, {"judge", "--help"}, {"tune", "--help"}, {"list", "--help"}, {"watch", "--help"}, {"version", "--help"}} {
		code, stdout, stderr := flatline(t, args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, %s", args, code, stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if len(lines) > 23 { // and a prompt
			t.Errorf("%q: %d lines, want at most 23", args, len(lines))
		}
		for _, l := range lines {
			if len(l) > 80 {
				t.Errorf("%q: %d columns: %s", args, len(l), l)
			}
		}
		example := map[string]string{
			"--help": "flatline run --profile strict", "run": "flatline run --profile strict", "sim": "flatline sim --network-model mobile", "judge": "flatline judge arrivals.csv",
			"report": "flatline report shard-1 shard-2 --out reports", "compare": "flatline compare main/reports reports", "list": "flatline list --profile strict",
			"version": "flatline version", "proxy": "flatline run --toxiproxy", "peer": "flatline peer ", "watch": "flatline watch --upstream localhost:5672", "tune": "flatline tune --window 6s..9s",
		}[args[0]]
		if !strings.Contains(stdout, example) {
			t.Errorf("%q: no example in\n%s", args, stdout)
		}
	}
}

// The help's example of a firewall strikes under every built-in policy: beats that
// came more often would keep it from forgetting.
func TestHelpSetsAFirewallThatStrikes(t *testing.T) {
	for _, command := range []string{"run", "sim"} {
		_, stdout, _ := flatline(t, command, "--help")
		found := regexp.MustCompile(`--set=NAME=TIME.*: idle=(\S+)\.\n`).FindStringSubmatch(stdout)
		if found == nil {
			t.Fatalf("%s: no example of --set in\n%s", command, stdout)
		}
		idle, err := time.ParseDuration(found[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, profile := range heartbeat.Profiles() {
			policies, err := heartbeat.Policies(profile)
			if err != nil {
				t.Fatal(err)
			}
			trials, err := harness.Plan{Scenarios: []scenario.Scenario{scenarios.IdleDrop()}, Policies: policies}.Trials()
			if err != nil {
				t.Fatal(err)
			}
			for _, trial := range trials {
				if p := trial.Policy; idle >= p.Interval {
					t.Errorf("%s: %s beats every %v, more often than idle=%v", command, p.Key(), p.Interval, idle)
				}
			}
		}
	}
}

func TestListHasEverything(t *testing.T) {
	code, stdout, stderr := flatline(t, "list")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	words := strings.Join(strings.Fields(stdout), " ")
	var want []string
	for _, s := range scenarios.All() {
		want = append(want, s.Name, s.Claim)
		for _, p := range s.Params {
			want = append(want, "--set '"+p.Name+"="+string(p.Default)+"' "+p.Usage)
		}
	}
	for _, profile := range heartbeat.Profiles() {
		want = append(want, profile.Name+": window "+profile.Window.String())
		policies, err := heartbeat.Policies(profile)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range policies {
			want = append(want, p.Name+" "+string(p.Probe))
		}
	}
	// Numbers that are derived from the strict profile.
	want = append(want, "echo-timer echo client 2s client: echo-timer timeout 6.75s; server: fixed timeout 8.55s", "none none none - -",
		"chen echo client 1.5s both: chen margin 6.91s", "urgent urgent client 2s -", "keepalive keepalive client - client: kernel idle 1s interval 1s count 7",
		"user-timeout user-timeout client 500ms client: kernel timeout 6.75s")
	for _, w := range want {
		if !strings.Contains(words, w) {
			t.Errorf("the list does not say %q", w)
		}
	}
}

func TestDryRunIsAsReviewed(t *testing.T) {
	for name, args := range map[string][]string{
		"dry-run":         {"--scenario", "cable-pull", "--policy", "fixed,none", "--seed", "7"},
		"dry-run-window":  {"--scenario", "cable-pull,idle-kept", "--policy", "fixed", "--window", "..9s", "--seed", "7", "--phases", "0.5,0.1,0.5", "--repeat", "2", "--parallel", "2"},
		"dry-run-observe": {"--scenario", "cable-pull", "--policy", "fixed,chen,phi", "--profile", "strict", "--mode", "observe", "--seed", "7", "--phases", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			golden, err := filepath.Abs(filepath.Join("testdata", name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := flatline(t, append([]string{"run", "--dry-run"}, args...)...)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			nothingWritten(t)
			if *update {
				if err := os.WriteFile(golden, []byte(stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if stdout != string(want) {
				t.Errorf("differs from %s; if that is right, run the test with -update. Got:\n%s", golden, stdout)
			}
		})
	}
}

// records are those of a report's folder.
func records(t *testing.T, dir string) []judge.Record {
	t.Helper()
	r, err := report.Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r.Records
}

func TestRunThatHolds(t *testing.T) {
	code, stdout, stderr := flatline(t, "run", "--scenario", "orderly-close", "--policy", "fixed", "--profile", "strict", "--seed", "7", "--retries", "20")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	for _, want := range []string{"1 trial, at most", "seed 7", "held: orderly-close.fixed.strict.0.5", "fixed/strict 6s..9s", "1 held", "All held: 1 trial", filepath.Join("reports", "report.md")} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output does not say %q:\n%s", want, stdout)
		}
	}
	if i := strings.IndexFunc(stdout, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
		t.Errorf("a control character in %q", stdout[i:])
	}
	for _, name := range []string{"report.json", "report.html", "report.md", "junit.xml"} {
		if _, err := os.Stat(filepath.Join("reports", name)); err != nil {
			t.Error(err)
		}
	}
	if got := len(records(t, "reports")); got < 1 {
		t.Errorf("%d records", got)
	}
}

// A failure says all that it takes to see it again: the same trial, by the
// command that it names.
func TestRunThatBreaks(t *testing.T) {
	code, stdout, stderr := flatline(t, "run", "--scenario", "idle-kept", "--policy", "fixed", "--window", "4s..6s",
		"--set", "idle=0.4*D", "--repeat", "2", "--seed", "7", "--retries", "20", "--out", "out")
	if code != 1 || stderr != "" {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	for _, rec := range records(t, "out") {
		if rec.Superseded {
			continue
		}
		for _, want := range append(report.Story(rec), rec.Repeat, filepath.Join("out", filepath.FromSlash(rec.Trace))) {
			if !strings.Contains(stdout, want) {
				t.Errorf("the output does not say %q:\n%s", want, stdout)
			}
		}
		if !strings.Contains(rec.Repeat, "--window 4s..6s") || !strings.Contains(rec.Repeat, "'idle=0.4*D'") || !strings.HasSuffix(rec.Repeat, "--out out/repeat") {
			t.Errorf("%s runs under other conditions", rec.Repeat)
		}
		again := strings.TrimPrefix(strings.ReplaceAll(rec.Repeat, "'", ""), "go run ./cmd/flatline ")
		code, stdout, stderr := here(t.Context(), append(strings.Fields(again), "--dry-run")...)
		if code != 0 {
			t.Fatalf("%s: exit code %d, %s", rec.Repeat, code, stderr)
		}
		seed, _ := json.Marshal(rec.Seed)
		if !strings.HasPrefix(stdout, "1 trial,") || !strings.Contains(stdout, " "+string(seed)+"\n") {
			t.Errorf("%s does not run one trial of seed %s:\n%s", rec.Repeat, seed, stdout)
		}
	}
}

func TestRunInterruptedBeforeItBegan(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := here(ctx, "run", "--scenario", "orderly-close", "--policy", "fixed", "--profile", "strict", "--phases", "0.5")
	if code != 130 || !strings.Contains(stderr, "interrupted; reports has what there is") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
	for _, want := range []string{"Incomplete: 1 of 1 trial left no record.", "Left no record: orderly-close.fixed.strict.0.5."} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in %s", want, stdout)
		}
	}
}

// What is missing is known by name: that others ran, who were not planned, makes up
// for nothing.
func TestNoTrialMakesUpForAnother(t *testing.T) {
	t.Chdir(t.TempDir())
	closing(t, "reports")
	if err := report.Plan("reports", []string{"orderly-close.fixed.strict.0.25", "never"}); err != nil {
		t.Fatal(err)
	}
	var r report.Report
	err := conclude(t.Context(), "reports", nil, nil, func(got report.Report) error { r = got; return nil })
	if err != nil || r.Summary.Trials != 4 || r.Summary.Missing != 1 || !slices.Equal(r.Summary.MissingTrials, []string{"never"}) {
		t.Errorf("%v, %+v", err, r.Summary)
	}
	stored, err := report.Load("reports/" + report.JSONFile)
	if err != nil || !slices.Equal(stored.Summary.MissingTrials, r.Summary.MissingTrials) {
		t.Errorf("%v, stored: %+v", err, stored.Summary)
	}
}

// What was measured is told, though neither the record nor the page could be written.
func TestWhatCannotBeWrittenIsTold(t *testing.T) {
	t.Chdir(t.TempDir())
	const record = "records/orderly-close.fixed.strict.0.5.json"
	for _, inTheWay := range []string{record, "report.html.new"} {
		out := filepath.Join("reports", filepath.Base(inTheWay))
		var obstacle sync.WaitGroup
		obstacle.Go(func() { // once the folder was made ready, and before any trial has ended
			for !exists(filepath.Join(out, "plan.json")) {
				time.Sleep(time.Millisecond)
			}
			if err := os.MkdirAll(filepath.Join(out, inTheWay, "mine"), 0o755); err != nil {
				t.Error(err)
			}
		})
		code, stdout, stderr := here(t.Context(), "run", "--scenario", "orderly-close", "--policy", "fixed", "--profile", "strict", "--phases", "0.5", "--retries", "20", "--out", out)
		obstacle.Wait()
		if code != 3 || !strings.Contains(stderr, filepath.Join(out, inTheWay)) {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		if !strings.Contains(stdout, "All held: 1 trial;") || !strings.Contains(stdout, "orderly-close                  -") {
			t.Errorf("%s is in the way, and nothing is told:\n%s", inTheWay, stdout)
		}
	}
}

// A run that is interrupted in its middle reports what there is.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt there")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, os.Args[0], "run", "--scenario", "orderly-close,cable-pull", "--policy", "fixed", "--profile", "strict", "--phases", "0.5")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		seen.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), ": orderly-close.fixed") {
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	seen.Write(rest)
	var end *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &end) || end.ExitCode() != 130 {
		t.Errorf("ended with %v, want exit code 130", err)
	}
	if !strings.HasPrefix(stderr.String(), "flatline: interrupted") {
		t.Errorf("standard error: %s", stderr.String())
	}
	got := map[string]judge.Verdict{}
	for _, r := range records(t, filepath.Join(dir, "reports")) {
		got[r.Scenario] = r.Verdict
	}
	if got["cable-pull"] != judge.Interrupted || got["orderly-close"] == "" {
		t.Errorf("records: %v", got)
	}
	page, err := os.ReadFile(filepath.Join(dir, "reports", report.MarkdownFile))
	if err != nil || !strings.HasPrefix(string(page), "# Interrupted: 1 of 2 trials had not finished") {
		t.Errorf("%v: the page begins with %.100s", err, page)
	}
	if !strings.Contains(seen.String(), "Interrupted: 1 of 2 trials had not finished") {
		t.Errorf("standard output:\n%s", seen.String())
	}
}
