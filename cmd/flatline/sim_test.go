package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/report"
)

var pulls = []string{"sim", "--network-model", "mobile", "--scenario", "cable-pull", "--policy", "fixed,phi", "--profile", "strict", "--seed", "7"}

func TestSimSaysTheSameOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first string
	for _, cores := range []int{1, 3} {
		runtime.GOMAXPROCS(cores)
		code, stdout, stderr := flatline(t, append(pulls, "--trials", "200")...)
		if code != 0 || stderr != "" {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		for _, want := range []string{"200 times 2 trials", "seed 7", "cable-pull, strict 6s..9s", "fixed", "phi", "client", "server", "mistakes/day", "P_A"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("no %q in\n%s", want, stdout)
			}
		}
		if first == "" {
			first = stdout
		}
		if stdout != first {
			t.Errorf("on %d cores\n%s\non one\n%s", cores, stdout, first)
		}
		nothingWritten(t)
	}
}

// A window of a policy's own is its profile's name as well, and said once.
func TestSimHeadings(t *testing.T) {
	for window, want := range map[string]string{"": "\ncable-pull, strict 6s..9s\n", "12s..15s": "\ncable-pull, 12s..15s\n"} {
		args := []string{"sim", "--scenario", "cable-pull", "--policy", "fixed", "--trials", "2"}
		if window != "" {
			args = append(args, "--window", window)
		}
		if code, stdout, stderr := flatline(t, args...); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, %s: no %q in\n%s", code, stderr, want, stdout)
		}
	}
}

func TestSimAsJSON(t *testing.T) {
	code, stdout, stderr := flatline(t, append(pulls, "--trials", "100", "--json", "--life", "1h")...)
	var got []simulated
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || stderr != "" || err != nil || len(got) != 2 {
		t.Fatalf("exit code %d, %s, %v\n%s", code, stderr, err, stdout)
	}
	fixed := got[0]
	d := fixed.Client.Detection
	if fixed.Policy != "fixed" || fixed.Trials != 100 || d == nil || d.N+fixed.Client.Told+fixed.Client.Unnoticed != 100 {
		t.Fatalf("got %+v, %+v", fixed, d)
	}
	// Within the window, but for suspicions that were mistakes before the fault.
	if d.Median < fixed.Window.Lo || d.Max > fixed.Window.Hi || d.Min > d.Median || d.Median > d.P99 || d.P99 > d.Max {
		t.Errorf("got %+v, the window is %v", d, fixed.Window)
	}
	if a := fixed.Client.Alive.Hours(); a < 100 || a > 101 || fixed.Client.Mistakes == 0 || *fixed.Client.Accuracy > .9999 {
		t.Errorf("alive for %v h, %d mistakes, P_A %v", a, fixed.Client.Mistakes, *fixed.Client.Accuracy)
	}
}

func TestSimReports(t *testing.T) {
	code, stdout, stderr := flatline(t, append(pulls, "--trials", "10", "--mode", "act", "--out", "out")...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	if !strings.Contains(stdout, "out/report.html, a recorded trial for each phase: All held: 6 trials") {
		t.Errorf("no headline in\n%s", stdout)
	}
	r, err := report.Gather("out")
	if err != nil || len(r.Records) != 6 {
		t.Fatalf("%d trials, %v", len(r.Records), err)
	}
	rec := r.Records[0]
	if rec.Network != "sim" || !strings.Contains(rec.Versions["network"], "mobile, tcp") || !strings.Contains(rec.Repeat, "flatline sim --trials 1 --network-model mobile --scenario cable-pull") {
		t.Errorf("got %+v", rec)
	}
	if traces, _ := filepath.Glob("out/traces/*.jsonl"); len(traces) != 6 {
		t.Errorf("traces: %v", traces)
	}
	// The command that it carries gives the same record.
	words := strings.Fields(strings.TrimPrefix(rec.Repeat, "go run ./cmd/flatline "))
	if code, _, stderr := here(t.Context(), words...); code != 0 {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	again, err := report.Gather("out/repeat")
	if err != nil || len(again.Records) != 1 {
		t.Fatalf("%d trials, %v", len(again.Records), err)
	}
	if a, b := again.Records[0], rec; *a.Client.Detection != *b.Client.Detection || *a.Server.Recovery != *b.Server.Recovery {
		t.Errorf("once %v and %v, then %v and %v", *b.Client.Detection, *b.Server.Recovery, *a.Client.Detection, *a.Server.Recovery)
	}
}

func TestSimInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, _, stderr := here(ctx, append(pulls, "--trials", "1000")...)
	if code != 130 || !strings.Contains(stderr, "interrupted after 0 of 2,000 simulated trials") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// The recorded trials come first: a long simulation that is interrupted leaves them.
func TestSimInterruptedLeavesAReport(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for {
			if _, err := os.Stat(filepath.Join("kept", report.HTMLFile)); err == nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	code, _, stderr := here(ctx, append(pulls, "--trials", "1000000", "--out", "kept")...)
	if code != 130 || !strings.Contains(stderr, "of 2,000,000 simulated trials; kept has the recorded ones") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if r, err := report.Load("kept"); err != nil || len(r.Records) == 0 {
		t.Errorf("%d records, %v", len(r.Records), err)
	}
}

// What cannot be simulated is refused if it was asked for, and said if there is more.
func TestSimSaysWhatItLeavesOut(t *testing.T) {
	t.Chdir(t.TempDir())
	const mixed = `scenarios:
  - name: mixed
    claim: Nobody is mistaken.
    policies: [keepalive, fixed]
    faults:
      - {fault: {kind: cable-pull}, for: hi, must: strike}
    observe: hi + 2s
    expect:
      - {that: mistakes, count: 0}
`
	if err := os.WriteFile("mixed.yaml", []byte(mixed), 0o644); err != nil {
		t.Fatal(err)
	}
	const noKernel = "there is no kernel in virtual time that the probe could ask: run it on kernel"
	for _, row := range []struct {
		name, args, out, err string
		code                 int
	}{
		{name: "a scenario", args: "--scenario cable-pull,peer-crash --policy fixed", code: 2, err: "--scenario: peer-crash cannot be simulated: virtual time has no processes, and so no crash: run it live"},
		{name: "a policy", args: "--policy fixed,keepalive", code: 2, err: "--policy: keepalive cannot be simulated: " + noKernel},
		{name: "a policy of another scenario", args: "--scenario cable-pull --policy fixed,keepalive", code: 2, err: "policy keepalive, which none of the chosen scenarios is for"},
		{name: "a scenario for other policies", args: "--scenario cable-pull,writes-unnoticed --policy fixed", code: 2, err: "scenario writes-unnoticed, which is for none of the chosen policies"},
		{name: "a pair", args: "--scenarios mixed.yaml --scenario mixed", out: "Left out, as it cannot be simulated: mixed under keepalive: " + noKernel + "."},
		{name: "as JSON", args: "--scenarios mixed.yaml --scenario mixed --json", err: "Left out, as it cannot be simulated: mixed under keepalive: " + noKernel + "."},
		{name: "all", args: "--policy all", out: "trials, which cannot be simulated, such as cable-pull-at-server under echo-timer/strict: virtual time has no cable-pull at \"server\": run it on kernel or relay."},
		{name: "nothing", args: "--scenario cable-pull --policy fixed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := here(t.Context(), append([]string{"sim", "--profile", "strict", "--trials", "1", "--life", "0s"}, strings.Fields(row.args)...)...)
			said := strings.Join(strings.Fields(stdout), " ")
			if code != row.code || !strings.Contains(said, row.out) || strings.Contains(said, "Left out") != (row.out != "") {
				t.Errorf("exit code %d, %q", code, stdout)
			}
			if said := strings.Join(strings.Fields(stderr), " "); !strings.Contains(said, row.err) || (row.err == "") != (said == "") {
				t.Errorf("%q, want %q", said, row.err)
			}
		})
	}
}

// Any tenth of the trials strikes at phases from all over the interval.
func TestAnInterruptedSimulationHasAllPhases(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 1000, 2000, 9973} {
		seen := make([]bool, n)
		for i := range n {
			seen[scattered(i, n)] = true
		}
		if slices.Contains(seen, false) {
			t.Errorf("of %d, some are left out", n)
		}
		tenth := n / 10
		parts := map[int]int{}
		for i := range tenth {
			parts[scattered(i, n)*10/n]++
		}
		for part := range 10 {
			if tenth >= 100 && (parts[part] < tenth/20 || parts[part] > tenth/5) {
				t.Errorf("of the first %d of %d, %d are in the %d. tenth", tenth, n, parts[part], part+1)
			}
		}
	}
}
