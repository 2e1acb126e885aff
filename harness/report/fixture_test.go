package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// cablePull is a record of a trial in which both sides had to detect, and did,
// after those times.
func cablePull(policy string, phase float64, client, server time.Duration) judge.Record {
	p := heartbeat.Strict()
	r := judge.Record{
		Schema: judge.Schema, Trial: fmt.Sprintf("cable-pull.%s.%s.%g", policy, p.Name, phase),
		Scenario: "cable-pull", Claim: "Both sides notice.", Policy: policy + "/" + p.Name, Window: p.Window,
		Network: "toxiproxy", Subject: "pair", Phase: phase, Seed: 7,
		Started: start, Took: 17 * time.Second, Attempt: 1, Verdict: judge.Held,
		Client:   judge.Measures{Phase: new(phase), Detection: &client, BeatsPerHour: 1800, BytesPerHour: 28800},
		Server:   judge.Measures{Phase: new(phase), Detection: &server, BeatsPerHour: 1800, BytesPerHour: 28800},
		Versions: map[string]string{"flatline": "v1.2.3", "go": "go1.26", "network": "toxiproxy 2.12.0"},
	}
	r.Trace = "traces/" + r.Trial + ".jsonl"
	r.Repeat = fmt.Sprintf("go run ./cmd/flatline run --scenario cable-pull --policy %s --profile strict --phases %g --seed 7", policy, phase)
	for _, side := range sides {
		took := *r.Of(side).Detection
		c := judge.Check{
			That: scenario.Detects, Side: side, Held: p.Window.Contains(took),
			Expected: fmt.Sprintf("detection within %v of the fault", p.Window),
			Actual:   fmt.Sprintf("detected after %v", took),
		}
		r.Checks = append(r.Checks, c)
		if !c.Held {
			r.Verdict, r.Reason = judge.Broken, c.Sentence()
		}
		r.Of(side).HarnessError = new(time.Duration(len(r.Checks)) * 100 * time.Microsecond)
		r.Of(side).Recovery = new(took / 4)
	}
	return r
}

// with is r with another verdict.
func with(r judge.Record, v judge.Verdict, reason string) judge.Record {
	r.Verdict, r.Reason = v, reason
	return r
}

// run is one of everything.
func run() []judge.Record {
	stalled := with(cablePull("echo-timer", 0.95, 7*time.Second, 7*time.Second), judge.Inconclusive, "the harness stood still for 50ms")
	stalled.Superseded = true
	stalled.Stalls = []judge.Stall{{Side: "harness", At: time.Second, For: 50 * time.Millisecond}}
	again := cablePull("echo-timer", 0.95, 7100*time.Millisecond, 7200*time.Millisecond)
	again.Trial += ".try2"
	again.Attempt = 2
	again.Started = start.Add(17 * time.Second)

	unmeasured := with(cablePull("keepalive", 0.5, 0, 0), judge.NotMeasurable, "not measurable on toxiproxy: run it on kernel")
	unmeasured.Took, unmeasured.Trace, unmeasured.Checks = 0, "", nil
	unmeasured.Client, unmeasured.Server = judge.Measures{}, judge.Measures{}

	mistaken := cablePull("fixed", 0.5, 9500*time.Millisecond, 9500*time.Millisecond)
	mistaken.Scenario, mistaken.Trial, mistaken.Verdict, mistaken.Reason = "latency-step", "latency-step.fixed.strict.0.5", judge.Held, ""
	mistaken.Client.Mistakes, mistaken.Server.Mistakes = 1, 1
	mistaken.Checks = []judge.Check{{That: scenario.Mistakes, Side: heartbeat.ClientSide, Expected: "1 mistake", Actual: "1 mistake", Held: true}}

	failed := with(cablePull("push", 0.5, 7*time.Second, 7*time.Second), judge.Failed, "open the network: too many open files")
	failed.Client, failed.Server = judge.Measures{}, judge.Measures{}

	standard := cablePull("fixed", 0.5, 38*time.Second, 39*time.Second)
	standard.Policy, standard.Window, standard.Trial = "fixed/standard", heartbeat.Standard().Window, "cable-pull.fixed.standard.0.5"
	standard.Verdict, standard.Reason, standard.Took = judge.Held, "", 50*time.Second
	for i := range standard.Checks {
		standard.Checks[i].Held = true
	}
	return []judge.Record{
		stalled, again, unmeasured, mistaken, failed, standard,
		cablePull("fixed", 0.95, 8700*time.Millisecond, 9001*time.Millisecond),
		cablePull("fixed", 0.05, 6812*time.Millisecond, 7001*time.Millisecond),
		cablePull("fixed", 0.5, 7500*time.Millisecond, 7600*time.Millisecond),
	}
}

// folder has the records, as a run writes them: of one trial each.
func folder(t *testing.T, records ...judge.Record) string {
	t.Helper()
	dir := t.TempDir()
	seen := map[string]bool{}
	for i, r := range records {
		if seen[r.Trial] {
			r.Trial += fmt.Sprintf(".run%d", i+1)
		}
		seen[r.Trial] = true
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, recordsDir, fmt.Sprintf("%04d.json", i)), string(data))
	}
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gather(t *testing.T, records ...judge.Record) Report {
	t.Helper()
	r, err := Gather(folder(t, records...))
	if err != nil {
		t.Fatal(err)
	}
	r.GeneratedBy = "flatline (devel)"
	return r
}
