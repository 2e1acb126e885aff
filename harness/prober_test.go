package harness_test

import (
	"path/filepath"
	"runtime"
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
	"github.com/flatline-go/flatline/heartbeat/session"
)

// naive are the policies whose probe asks the kernel, for a window of 0.5-1.5 s:
// T = 1.3 s, t = 0.7 s, D = min(1.3 - 0.5 - 0.2, 1.3 - 0.7) = 0.6 s: 0.5 s.
func naive(t *testing.T) (policies []heartbeat.Policy) {
	t.Helper()
	all, err := heartbeat.Policies(heartbeat.Profile{
		Name: "short", Margin: 200 * time.Millisecond,
		Window: heartbeat.Window{Lo: 500 * time.Millisecond, Hi: 1500 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Probe.AsksKernel() {
			policies = append(policies, p)
		}
	}
	return policies
}

func named(t *testing.T, name string) heartbeat.Policy {
	t.Helper()
	for _, p := range naive(t) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no policy %s", name)
	return heartbeat.Policy{}
}

func trialsOf(t *testing.T, policies []heartbeat.Policy, all ...scenario.Scenario) []harness.Trial {
	t.Helper()
	for i := range all {
		all[i].Claim, all[i].Phases = "c", []float64{0.5}
		for _, p := range policies {
			all[i].Policies = append(all[i].Policies, p.Name)
		}
	}
	trials, err := harness.Plan{Scenarios: all, Policies: policies, Seed: 7}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

// Through a real proxy: nobody notices a cut, which only the canaries prove, and
// each notices an orderly end in its own time.
func TestProbersThroughToxiproxy(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("tcp-info is Linux's")
	}
	out := t.TempDir()
	ends := func(policy string, lo, hi scenario.Span) scenario.Expectation {
		return scenario.Expectation{
			That: scenario.Ends, Policies: []string{policy}, Side: heartbeat.ClientSide,
			Within: scenario.Range{Lo: lo, Hi: hi}, Causes: []heartbeat.Cause{session.Vanished},
		}
	}
	trials := trialsOf(t, naive(t),
		scenario.Scenario{
			Name: "cut", Observe: "hi",
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
		},
		scenario.Scenario{
			Name: "close", Observe: "4*D",
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide}, Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{
				ends("urgent", "D", "2*D"), ends("tcp-info", "", "D"),
				{That: scenario.Unnoticed, Policies: []string{"socket-state", "keepalive", "keepalive-default", "user-timeout"}, Side: heartbeat.ClientSide},
			},
		},
	)
	records, err := harness.Runner{Out: out, Retries: 20}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t)
	for _, r := range records {
		name, _, _ := strings.Cut(r.Policy, "/")
		if name == "keepalive" || name == "keepalive-default" || name == "user-timeout" {
			if r.Verdict != judge.NotMeasurable || r.Reason != "not measurable on toxiproxy: the proxy's kernel answers for the peer: run it on kernel" {
				t.Errorf("%s: %s: %s", r.Trial, r.Verdict, r.Reason)
			}
			continue
		}
		if r.Verdict != judge.Held {
			t.Errorf("%s: %s: %s", r.Trial, r.Verdict, r.Reason)
		}
		perHour := 0.0
		if name == "urgent" {
			perHour = 7200 // one byte each half second
		}
		if r.Client.BeatsPerHour != perHour || r.Client.BytesPerHour != perHour || r.Server.BeatsPerHour != 0 {
			t.Errorf("%s: %v beats and %v bytes per hour, want %v", r.Trial, r.Client.BeatsPerHour, r.Client.BytesPerHour, perHour)
		}
		stored, err := trace.ReadFile(filepath.Join(out, r.Trace))
		if err != nil {
			t.Fatal(err)
		}
		canaries := 0
		for _, e := range stored.Events {
			if e.What == trace.Canary {
				canaries++
			}
		}
		if want := map[string]int{"cut": 2, "close": 0}[r.Scenario]; canaries != want {
			t.Errorf("%s: %d canaries, want %d", r.Trial, canaries, want)
		}
	}
}

func TestAProbeThatTheNetworkAnswersIsNotMeasurable(t *testing.T) {
	for _, r := range run(t, harness.Runner{}, trialsOf(t, []heartbeat.Policy{named(t, "keepalive-default")}, scenario.Scenario{
		Name: "s", Observe: "10ms", Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
	})) {
		if r.Verdict != judge.NotMeasurable || r.Reason != "not measurable on direct: there is no cable: run it on kernel" {
			t.Errorf("%s: %s: %s", r.Trial, r.Verdict, r.Reason)
		}
	}
}

// elsewhere is a subject on another operating system.
type elsewhere struct{}

func (elsewhere) Name() string { return "elsewhere" }

func (elsewhere) New(s subject.Setup) (subject.Subject, error) {
	return nil, subject.UnsupportedError{Probe: s.Policy.Probe}
}

func TestAProbeThatTheSystemHasNotIsNotMeasurable(t *testing.T) {
	records := run(t, harness.Runner{Subject: elsewhere{}}, trialsOf(t, []heartbeat.Policy{named(t, "tcp-info")}, scenario.Scenario{
		Name: "s", Observe: "10ms", Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
	}))
	if r := records[0]; r.Verdict != judge.NotMeasurable || r.Reason != "not measurable here: probe tcp-info: not supported on "+runtime.GOOS {
		t.Errorf("%s: %s: %s", r.Trial, r.Verdict, r.Reason)
	}
}
