package harness_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

func fixed(t *testing.T) heartbeat.Policy {
	t.Helper()
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	return policies[1]
}

// plan is one trial per kind: the fault strikes at once and is observed for a
// while, and nobody is expected to notice.
func plan(t *testing.T, observe scenario.Span, kinds ...scenario.Kind) []harness.Trial {
	t.Helper()
	p := harness.Plan{
		Policies: []heartbeat.Policy{fixed(t)}, Phases: []float64{0},
		Command: func(t harness.Trial) string { return "again " + t.ID },
	}
	for _, kind := range kinds {
		fault := scenario.Fault{Kind: kind}
		if kind == scenario.IdleDrop {
			fault.Idle, fault.Mode = "1s", scenario.DropSilent
		}
		p.Scenarios = append(p.Scenarios, scenario.Scenario{
			Name: string(kind), Claim: "c", Observe: observe,
			Faults: []scenario.Step{{Fault: fault, Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
		})
	}
	trials, err := p.Trials()
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

func run(t *testing.T, r harness.Runner, trials []harness.Trial) []judge.Record {
	t.Helper()
	r.Network = direct{}
	if r.Subject == nil {
		r.Subject = &scripted{}
	}
	records, err := r.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t)
	return records
}

func TestRunWritesTracesAndRecords(t *testing.T) {
	out := t.TempDir()
	records := run(t, harness.Runner{Out: out}, plan(t, "50ms", scenario.CablePull))
	r := records[0]
	if r.Verdict != judge.Held || r.Repeat != "again "+r.Trial || r.Attempt != 1 || r.Versions["network"] != "direct 1" {
		t.Errorf("got %+v", r)
	}
	stored, err := trace.ReadFile(filepath.Join(out, r.Trace))
	if err != nil {
		t.Fatal(err)
	}
	if again := judge.Judge(stored); again.Verdict != r.Verdict || len(again.Checks) != len(r.Checks) {
		t.Errorf("judged again: %+v, want %+v", again, r)
	}
	if _, err := os.Stat(filepath.Join(out, "records", r.Trial+".json")); err != nil {
		t.Error(err)
	}
}

// Two trials of one name, as two specs of a suite may have them, do not write over
// each other.
func TestNoTrialIsWrittenOver(t *testing.T) {
	out := t.TempDir()
	trials := plan(t, "50ms", scenario.CablePull)
	r := run(t, harness.Runner{Out: out}, trials)[0]
	for _, name := range []string{r.Trace, "records/" + r.Trial + ".json"} {
		path := filepath.Join(out, filepath.FromSlash(name))
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		measured, err := harness.Runner{Network: direct{}, Subject: &scripted{}, Out: out}.Run(t.Context(), trials)
		if err == nil || !strings.Contains(err.Error(), path+" is there already") {
			t.Errorf("%v, want an error that names %s", err, path)
		}
		if ran := name != r.Trace; len(measured) > 0 != ran {
			t.Errorf("%d records of a trial that ended without %s", len(measured), name)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s is another one now (%v)", path, err)
		}
		if err := os.Remove(path); err != nil { // the next run comes as far as the record
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(out, "records", "*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestOnlyInconclusiveTrialsAreRetried(t *testing.T) {
	for _, row := range []struct {
		name            string
		stalls, retries int
		want            []judge.Verdict
	}{
		{name: "none needed", retries: 3, want: []judge.Verdict{judge.Held}},
		{name: "no retries by default", stalls: 1, want: []judge.Verdict{judge.Inconclusive}},
		{name: "until conclusive", stalls: 2, retries: 3, want: []judge.Verdict{judge.Inconclusive, judge.Inconclusive, judge.Held}},
		{name: "until used up", stalls: 9, retries: 1, want: []judge.Verdict{judge.Inconclusive, judge.Inconclusive}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var attempts []judge.Record
			records := run(t, harness.Runner{
				Subject: &scripted{stalls: row.stalls}, Retries: row.retries,
				Progress: func(s harness.State) {
					if s.Record != nil {
						attempts = append(attempts, *s.Record)
					}
				},
			}, plan(t, "10ms", scenario.CablePull))
			for i, r := range attempts {
				last := i == len(attempts)-1
				if len(attempts) != len(row.want) || r.Verdict != row.want[i] || r.Attempt != i+1 || r.Superseded == last {
					t.Errorf("attempt %d of %d: %s, attempt %d, superseded %v", i+1, len(attempts), r.Verdict, r.Attempt, r.Superseded)
				}
				if r.Verdict == judge.Inconclusive && !strings.Contains(r.Reason, "the client stood still for up to 10s") {
					t.Errorf("reason %q does not name the stall", r.Reason)
				}
			}
			if len(records) != 1 || records[0].Trial != attempts[len(attempts)-1].Trial {
				t.Errorf("got %d records, want that of the last attempt", len(records))
			}
		})
	}
}

// Of policies that share a trial only those are judged again that a stall left
// in doubt: one with an hour of patience was never close.
func TestARetryKeepsWhatWasConclusive(t *testing.T) {
	trials := plan(t, "10ms", scenario.CablePull)
	patient := trials[0].Policy
	patient.Name = "patient"
	patient.Client, patient.Server = detect.Fixed{Timeout: time.Hour}, detect.Fixed{Timeout: time.Hour}
	trials[0].Mode, trials[0].Also = heartbeat.Observe, []heartbeat.Policy{patient}
	records := run(t, harness.Runner{Subject: &scripted{stalls: 9}, Retries: 1}, trials)
	if len(records) != 2 {
		t.Fatalf("got %d records, want one of each policy", len(records))
	}
	if r := records[0]; r.Verdict != judge.Inconclusive || r.Attempt != 2 || r.Superseded {
		t.Errorf("the impatient: %s, attempt %d: %s", r.Verdict, r.Attempt, r.Reason)
	}
	if r := records[1]; r.Verdict != judge.Held || r.Attempt != 1 || r.Shares == "" {
		t.Errorf("the patient: %s, attempt %d: %s", r.Verdict, r.Attempt, r.Reason)
	}
}

// What is run again for a policy that shares the trial ends once, not twice.
func TestATrialEndsOnce(t *testing.T) {
	trials := plan(t, "10ms", scenario.CablePull)
	impatient := trials[0].Policy
	impatient.Name = "impatient"
	trials[0].Policy.Client, trials[0].Policy.Server = detect.Fixed{Timeout: time.Hour}, detect.Fixed{Timeout: time.Hour}
	trials[0].Mode, trials[0].Also = heartbeat.Observe, []heartbeat.Policy{impatient}
	ends := 0
	records := run(t, harness.Runner{Subject: &scripted{stalls: 9}, Retries: 2, Progress: func(s harness.State) {
		if s.Record != nil {
			ends++
		}
	}}, trials)
	if records[0].Verdict != judge.Held || records[1].Attempt != 3 {
		t.Fatalf("%s, and attempt %d of the other", records[0].Verdict, records[1].Attempt)
	}
	if ends != 1 {
		t.Errorf("it is said to have ended %d times", ends)
	}
}

func TestAnInterruptedTrialTookUntilThen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := harness.Runner{Network: direct{}, Subject: &scripted{}, Progress: func(s harness.State) {
		if s.Doing == string(scenario.CablePull) {
			time.AfterFunc(300*time.Millisecond, cancel)
		}
	}}
	records, err := r.Run(ctx, plan(t, "1h", scenario.CablePull))
	if !errors.Is(err, context.Canceled) || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if rec := records[0]; rec.Verdict != judge.Interrupted || rec.Took < 300*time.Millisecond {
		t.Errorf("%s after %v, want interrupted after 300 ms", rec.Verdict, rec.Took)
	}
}

func TestWhatTheNetworkCannotShowIsNotMeasurable(t *testing.T) {
	records := run(t, harness.Runner{}, plan(t, "10ms", scenario.IdleDrop, scenario.CablePull))
	if r := records[0]; r.Verdict != judge.NotMeasurable || r.Reason != "not measurable on direct: there is no firewall: run it on kernel" {
		t.Errorf("got %s: %s", r.Verdict, r.Reason)
	}
	if r := records[1]; r.Verdict != judge.Held {
		t.Errorf("the other trial: %s: %s", r.Verdict, r.Reason)
	}
}

// A subject of somebody else's promises nothing on a slow network, unless its
// policy says so: then there is no worst one.
func TestALatencyOfNothingIsNotMeasurable(t *testing.T) {
	trials := plan(t, "10ms", scenario.Latency)
	trials[0].Policy = harness.Foreign("theirs", heartbeat.Window{Hi: time.Second})
	trials[0].Scenario.Faults[0].Fault.Delay = scenario.WorstDelay()
	trials[0].Scope["d"], trials[0].Scope["J"] = 0, 0
	if r := run(t, harness.Runner{}, trials)[0]; r.Verdict != judge.NotMeasurable || !strings.Contains(r.Reason, "its profile has no delay") {
		t.Errorf("got %s: %s", r.Verdict, r.Reason)
	}
}

func TestWhatTheSubjectCannotShowIsNotMeasurable(t *testing.T) {
	mute := subject.Funcs{
		ServeFn: func(ln net.Listener) error { _, err := ln.Accept(); return err },
		DialFn:  func(ctx context.Context, _ string) error { <-ctx.Done(); return nil },
	}
	trials := plan(t, "10ms", scenario.CablePull)
	trials[0].Scenario.Faults[0].Fault = scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide}
	records := run(t, harness.Runner{Subject: mute}, trials)
	if r := records[0]; r.Verdict != judge.NotMeasurable || !strings.Contains(r.Reason, "the scenario wants leave of the server") {
		t.Errorf("got %s: %s", r.Verdict, r.Reason)
	}
}

func TestASubjectThatEndsAtOnceFailsItsTrial(t *testing.T) {
	records := run(t, harness.Runner{Subject: &scripted{broken: true}}, plan(t, "10ms", scenario.CablePull))
	if r := records[0]; r.Verdict != judge.Failed || !strings.Contains(r.Reason, "the subject's client ended: no route to anywhere") {
		t.Errorf("got %s: %s", r.Verdict, r.Reason)
	}
}

func TestAnInterruptKeepsWhatThereIs(t *testing.T) {
	out := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	r := harness.Runner{Network: direct{}, Subject: &scripted{}, Out: out, Parallel: 2}
	ended := 0
	r.Progress = func(s harness.State) {
		if s.Record != nil {
			ended++
		} else if s.Doing == string(scenario.HalfOpenUp) {
			interrupt()
		}
	}
	trials := append(plan(t, "10ms", scenario.CablePull), plan(t, "1h", scenario.HalfOpenUp, scenario.HalfOpenDown)...)
	records, err := r.Run(ctx, trials)
	goleak.VerifyNone(t)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if ended != len(records) || len(records) < 2 {
		t.Fatalf("%d records, %d reported", len(records), ended)
	}
	for _, rec := range records {
		if rec.Scenario == string(scenario.HalfOpenUp) && rec.Verdict != judge.Interrupted {
			t.Errorf("%s: %s, want interrupted", rec.Trial, rec.Verdict)
		}
		if _, err := os.Stat(filepath.Join(out, "records", rec.Trial+".json")); err != nil {
			t.Error(err)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	good := scenario.Scenario{Name: "a", Claim: "c", Observe: "1s", Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
		Params: []scenario.Param{{Name: "idle", Default: "D"}}}
	for _, row := range []struct {
		name   string
		change func(*harness.Plan)
		want   string
	}{
		{name: "nothing", change: func(p *harness.Plan) { p.Scenarios[0].Policies = []string{"other"} }, want: "nothing to run"},
		{name: "unknown parameter", change: func(p *harness.Plan) { p.Set = map[string]scenario.Span{"idel": "1s"} }, want: `parameter "idel": the chosen scenarios have idle`},
		{name: "bad value", change: func(p *harness.Plan) { p.Set = map[string]scenario.Span{"idle": "soon"} }, want: `parameter idle: span "soon"`},
		{name: "bad span", change: func(p *harness.Plan) { p.Scenarios[0].Observe = "x" }, want: "scenario a: observe: "},
		{name: "phase twice", change: func(p *harness.Plan) { p.Phases = []float64{.5, .5} }, want: "two trials would be called a.fixed.strict.0.5"},
		{name: "no number", change: func(p *harness.Plan) { p.Phases = []float64{math.NaN()} }, want: "phase NaN"},
		{name: "too many", change: func(p *harness.Plan) { p.Repeat = 1e9 }, want: "want at most 20000"},
		{name: "nothing expected", change: func(p *harness.Plan) {
			p.Scenarios[0].Expect = []scenario.Expectation{{That: scenario.Detects, Policies: []string{"echotimer"}}}
		}, want: "expects nothing of policy fixed"},
		{name: "unknown outcome", change: func(p *harness.Plan) { p.Scenarios[0].Expect = []scenario.Expectation{{That: "unnoticd"}} }, want: `unknown outcome "unnoticd", known: detects`},
		{name: "unknown side", change: func(p *harness.Plan) {
			p.Scenarios[0].Expect = []scenario.Expectation{{That: scenario.Detects, Side: "sever"}}
		}, want: `side is "sever"`},
		{name: "too short a look for the policy's window", change: func(p *harness.Plan) {
			p.Scenarios[0].Faults = []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, Must: scenario.MustStrike}}
			p.Scenarios[0].Expect = []scenario.Expectation{{That: scenario.Detects}}
		}, want: "under fixed/strict: scenario a: expectation 1 (detects): its window's upper bound, 9s, ends 9s after the strike, and observe is 1s"},
		{name: "a parameter that shadows", change: func(p *harness.Plan) { p.Scenarios[0].Params = []scenario.Param{{Name: "hi", Default: "1s"}} }, want: "that name means something already"},
		{name: "no observation", change: func(p *harness.Plan) { p.Scenarios[0].Observe = "" }, want: "observe is 0s"},
		{name: "bad phase", change: func(p *harness.Plan) { p.Phases = []float64{1.5} }, want: "phase 1.5, want 0 to 1"},
		{name: "unknown fault", change: func(p *harness.Plan) { p.Scenarios[0].Faults = []scenario.Step{{Fault: scenario.Fault{Kind: "fire"}}} }, want: `unknown fault "fire", known: cable-pull`},
	} {
		p := harness.Plan{Scenarios: []scenario.Scenario{good}, Policies: []heartbeat.Policy{fixed(t)}}
		row.change(&p)
		if _, err := p.Trials(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}

func TestSeedsBelongToTrials(t *testing.T) {
	p := harness.Plan{Scenarios: []scenario.Scenario{{Name: "a", Claim: "c", Observe: "1s", Expect: []scenario.Expectation{{That: scenario.Unnoticed}}}},
		Policies: []heartbeat.Policy{fixed(t)}, Seed: 7, Repeat: 2}
	all, err := p.Trials()
	if err != nil {
		t.Fatal(err)
	}
	p.Phases, p.Repeat = []float64{0.5}, 1
	one, err := p.Trials()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 6 || one[0].Seed != all[2].Seed || all[2].Seed == all[3].Seed {
		t.Errorf("a trial's seed depends on what else runs: %v, %v", all, one)
	}
}

// The longest run has every wait of a machine that never is calm, in each attempt.
func TestLongestCoversARun(t *testing.T) {
	trials := plan(t, "1s", scenario.CablePull)[:1]
	trial := 10*time.Second + 6*trials[0].Policy.Profile.Delay + trials[0].Longest() + 2*5*time.Second
	for _, row := range []struct {
		name   string
		runner harness.Runner
		trials []harness.Trial
		want   time.Duration
	}{
		{"one", harness.Runner{}, trials, 10*time.Second + 10*time.Millisecond + trial},
		{"one in a suite", harness.Runner{Spread: 15 * time.Second}, trials, 35*time.Second + 10*time.Millisecond + trial},
		{"one in a suite, and once more", harness.Runner{Spread: 15 * time.Second, Retries: 1}, trials, 60*time.Second + 10*time.Millisecond + 2*trial},
		{"three, two at once", harness.Runner{Parallel: 2}, append(trials, trials[0], trials[0]), 10*time.Second + 30*time.Millisecond + 2*trial},
	} {
		if got := row.runner.Longest(row.trials); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

func TestLongestCoversATrial(t *testing.T) {
	trials := plan(t, "1s", scenario.CablePull)
	if got := trials[0].Longest(); got < time.Second || got > 5*time.Second {
		t.Errorf("a trial of 1s takes at most %v", got)
	}
}
