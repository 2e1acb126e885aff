package judge_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// The server is stopped from 3 s to 13 s, past its own deadline at 10.56 s. Its
// stall is no doubt, but for what came of it after the end; nor was its deadline
// nearly missed. The harness's own stall is one.
func TestWhoIsStoppedStandsStillOnPurpose(t *testing.T) {
	stopped := scenario.Scenario{
		Name: "stopped", Claim: "c", Mode: heartbeat.Observe,
		Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Freeze, Side: "server"}, For: "10s", Must: scenario.MustStrike}},
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Side: "server"},
			{That: scenario.Unnoticed, Side: "server"},
			{That: scenario.Detects, Side: "client"},
		},
	}
	h := begin(t, stopped)
	h.add(trace.Event{T: ns(3), Side: trace.Network, What: trace.FaultOn, Kind: "freeze", Detail: "server"})
	h.add(trace.Event{T: ns(5), Side: trace.Harness, What: trace.Stall, To: ns(5.05)})
	h.add(trace.Event{T: ns(10.57), Side: "client", What: trace.Suspect})
	h.add(trace.Event{T: ns(10.56), Side: "server", What: trace.Stall, To: ns(13.004)})
	h.add(trace.Event{T: ns(13), Side: trace.Network, What: trace.FaultOff, Kind: "freeze", Detail: "server"})
	for i, at := range []float64{4, 6, 8, 10, 12} {
		h.add(trace.Event{T: ns(at), Side: "client", What: trace.Sent, Kind: "beat", Seq: uint64(2 + i)})
		h.add(trace.Event{T: ns(13.005), Side: "server", What: trace.Heard, Kind: "beat", Seq: uint64(2 + i)}) // as it catches up
	}
	h.add(trace.Event{T: ns(13.01), Side: "client", What: trace.Heard, Kind: "echo", Seq: 6})
	h.add(trace.Event{T: ns(13.01), Side: "client", What: trace.Trust})
	h.add(trace.Event{T: ns(14), Side: trace.Harness, What: trace.End})
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	if r.Client.Mistakes != 0 || r.Server.Mistakes != 0 {
		t.Errorf("mistakes: %d and %d, want none: the server was stopped", r.Client.Mistakes, r.Server.Mistakes)
	}
	if want := 54 * time.Millisecond; r.Server.Doubt != want {
		t.Errorf("the server's doubt is %v, want %v", r.Server.Doubt, want)
	}
	if r.Server.Closest == nil || *r.Server.Closest < 6*time.Second {
		t.Errorf("the server came as near to a deadline as %v, want 6 s and more", r.Server.Closest)
	}
	if len(r.Stalls) != 2 || r.Stalls[0].Side != "harness" || r.Stalls[1].For != 4*time.Millisecond {
		t.Errorf("stalls: %+v", r.Stalls)
	}
}

// The sessions of a process that was killed are over.
func TestWhoIsKilledHasNoSession(t *testing.T) {
	h := begin(t, scenario.Scenario{
		Name: "killed", Claim: "c",
		Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Crash, Side: "server"}, Must: scenario.MustStrike}},
		Expect: []scenario.Expectation{
			{That: scenario.Ends, Side: "client", Within: scenario.Range{Hi: "500ms"}, Causes: []heartbeat.Cause{"peer closed"}},
		},
	})
	h.add(trace.Event{T: ns(3), Side: trace.Network, What: trace.FaultOn, Kind: "crash", Detail: "server"})
	h.add(trace.Event{T: ns(3), Side: "server", What: trace.Down, Cause: trace.Killed})
	h.add(trace.Event{T: ns(3.001), Side: "client", What: trace.Down, Cause: "peer closed"})
	h.add(trace.Event{T: ns(12), Side: trace.Harness, What: trace.End})
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	if r.Server.HarnessError != nil {
		t.Errorf("a dead server's detector is said to be off by %v", r.Server.HarnessError)
	}
}

// A process that goes on reads beats of long ago, a moment after its deadline. One that
// was never stopped was to suspect its peer by then.
func TestWhoGoesOnMayCatchUp(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		h := begin(t, scenario.Scenario{
			Name: "stopped", Mode: heartbeat.Observe,
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Freeze, Side: "server"}, For: "10s", Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{{That: scenario.Unnoticed, Side: "server"}},
		})
		h.trace.Header.Policy.Client = nil
		if stopped {
			h.add(trace.Event{T: ns(3), Side: trace.Network, What: trace.FaultOn, Kind: "freeze", Detail: "server"})
			h.add(trace.Event{T: ns(13), Side: trace.Network, What: trace.FaultOff, Kind: "freeze", Detail: "server"})
		}
		h.add(trace.Event{T: ns(10.56), To: ns(13.004), Side: "server", What: trace.Stall})
		h.add(trace.Event{T: ns(13.09), Side: "server", What: trace.Heard, Kind: "beat", Seq: 3})
		h.add(trace.Event{T: ns(14), Side: trace.Harness, What: trace.End})
		if got := h.judge().Server.HarnessError; (got == nil) != stopped {
			t.Errorf("stopped %t: %v apart from the pure detector", stopped, got)
		}
	}
}
