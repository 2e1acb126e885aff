package judge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

func (h *history) end(at float64) {
	h.add(trace.Event{T: ns(at), Side: trace.Harness, What: trace.End})
}

// unhealed is a cable pull that lasted until the lab asked for its proof.
func (h *history) unhealed(on, asked float64) {
	h.fault(on, asked, network.Strike{On: ns(on), Off: network.Never, WithheldUp: 16, LastPassedUp: network.Never, LastPassedDown: network.Never})
}

// A side goes on while the lab looks for canaries and reads the proofs.
func TestWhatFollowsTheObservationIsNoPartOfIt(t *testing.T) {
	client := func(that scenario.Outcome) scenario.Expectation {
		return scenario.Expectation{That: that, Side: heartbeat.ClientSide}
	}
	for _, row := range []struct {
		name    string
		expect  scenario.Expectation
		after   trace.Event // of the client
		verdict judge.Verdict
		reason  string
	}{
		{name: "a mistake", expect: client(scenario.Mistakes), after: trace.Event{T: ns(10.004), What: trace.Suspect}, verdict: judge.Held},
		{name: "a suspicion", expect: client(scenario.Unnoticed), after: trace.Event{T: ns(10.5), What: trace.Suspect}, verdict: judge.Held},
		{name: "an end", expect: client(scenario.Unnoticed), after: trace.Event{T: ns(10.5), What: trace.Down, Cause: "peer closed"}, verdict: judge.Held},
		{
			name: "a detection", expect: client(scenario.Detects), after: trace.Event{T: ns(10.5), What: trace.Suspect},
			verdict: judge.Inconclusive, reason: "the observation ended 2s too early to tell: client: never detected in 7s",
		},
		{
			name: "an end that was to come", expect: client(scenario.Ends), after: trace.Event{T: ns(10.5), What: trace.Down, Cause: "peer closed"},
			verdict: judge.Broken, reason: "it did not in 7s",
		},
		{name: "a new session", expect: scenario.Expectation{That: scenario.StaysDown}, after: trace.Event{T: ns(10.5), Session: "b", What: trace.Up}, verdict: judge.Held},
		{name: "a canary's fate", expect: client(scenario.CanaryWithheld), after: trace.Event{T: ns(10.1), What: trace.Canary, Cause: "withheld", To: ns(11)}, verdict: judge.Held},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := pulled(row.expect)
			h := begin(t, s).numb()
			h.unhealed(3, 11)
			h.end(10)
			row.after.Side = heartbeat.ClientSide
			h.add(row.after)
			r := h.judge()
			wantVerdict(t, r, row.verdict, row.reason)
			if r.Client.Mistakes != 0 || r.Client.Detection != nil || r.Client.End != nil {
				t.Errorf("%d mistakes, detection %v, end %v; want none", r.Client.Mistakes, r.Client.Detection, r.Client.End)
			}
		})
	}
}

// A stall while a canary was under way may have hidden its arrival.
func TestAStallDuringACanaryCounts(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.CanaryWithheld, Side: heartbeat.ClientSide}))
	h.unhealed(3, 12)
	h.end(5)
	h.add(trace.Event{T: ns(5.1), Side: heartbeat.ClientSide, What: trace.Canary, Cause: "withheld", To: ns(6)})
	h.add(trace.Event{T: ns(5.2), To: ns(6.2), Side: trace.Harness, What: trace.Stall})
	wantVerdict(t, h.judge(), judge.Inconclusive, "stood still for up to 1s at 5.2s")
}

// What was said in the observation arrives, be it later; what is said later, as a
// canary is, is no part of it.
func TestAMessageUnderWayAtTheEndIsNotLost(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.DataIntact}))
	h.cut(3, 4)
	h.add(trace.Event{T: ns(9.999), Side: heartbeat.ClientSide, What: trace.Sent, Kind: "data", Seq: 1})
	h.end(10)
	h.add(trace.Event{T: ns(10.001), Side: heartbeat.ServerSide, What: trace.Heard, Kind: "data", Seq: 1})
	h.add(trace.Event{T: ns(10.1), Side: heartbeat.ClientSide, What: trace.Sent, Kind: "data", Seq: 2})
	h.add(trace.Event{T: ns(10.2), Side: heartbeat.ServerSide, What: trace.Heard, Kind: "data", Seq: 2})
	h.add(trace.Event{T: ns(10.3), Side: heartbeat.ServerSide, What: trace.Sent, Kind: "data", Seq: 1})
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	if got := r.Checks[1].Actual; got != "all 1 messages arrived" {
		t.Errorf("%s, want that all 1 messages arrived", got)
	}
}

// The client last heard its peer at 2.02 s: 8.55 s of patience end at 10.57 s, after
// the observation.
func TestPureDetectorsHearNothingAfterTheObservation(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ClientSide}))
	h.trace.Header.Mode = heartbeat.Observe
	h.unhealed(3, 13)
	h.end(9)
	h.add(trace.Event{T: ns(12), Side: heartbeat.ClientSide, What: trace.Heard, Kind: "echo", Seq: 2})
	trace.Sort(h.trace.Events)
	if r := h.judge(); r.Client.Closest == nil || *r.Client.Closest != 1570*time.Millisecond {
		t.Errorf("closest call %v, want 1.57s", r.Client.Closest)
	}
	p := h.policy("same", 8550*time.Millisecond, 8550*time.Millisecond)
	as, err := judge.As(h.trace, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range as.Events {
		if e.What == trace.Suspect {
			t.Errorf("as another policy: a suspicion at %v, want none", e.Offset())
		}
	}
	results, err := judge.Compare(h.stored(), []heartbeat.Policy{p})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		want := map[heartbeat.Side]time.Duration{heartbeat.ClientSide: 1570 * time.Millisecond, heartbeat.ServerSide: 1560 * time.Millisecond}[r.Side]
		if r.Left == nil || *r.Left != want {
			t.Errorf("%s: %v left, want %v", r.Side, r.Left, want)
		}
	}
	for _, reign := range judge.Reigns(h.trace, heartbeat.ClientSide) {
		if reign.To > ns(9) {
			t.Errorf("a deadline is in force until %v, want at most 9s", time.Duration(reign.To))
		}
	}
}

// The lab reads the links after the observation; their stories go on until then.
func TestAHangUpAfterTheObservationIsNoneOfIt(t *testing.T) {
	l := carried(2, 80.001)
	r := wire{kind: scenario.CablePull, that: scenario.Unnoticed, links: []network.Link{l}}.judge(t)
	if r.Client.End != nil || r.Client.HangUp != nil || !r.Checks[1].Held || !strings.Contains(r.Checks[1].Actual, "noticed nothing") {
		t.Errorf("end %v, hang-up %v, %s; want none, and that it noticed nothing", r.Client.End, r.Client.HangUp, r.Checks[1].Actual)
	}
}

// A firewall that forgets a connection only after the observation did not strike it.
func TestForgettingAfterTheObservationStrikesNothing(t *testing.T) {
	l := carried(2, 0)
	l.Forgotten = ns(80.5)
	r := wire{kind: scenario.IdleDrop, that: scenario.HangsUp, from: scenario.FromLastByte, links: []network.Link{l}}.judge(t)
	if !r.Connections[0].Client.Unstruck {
		t.Errorf("%v, want that it was not struck", r.Connections[0].Client)
	}
}

// Where no message was sent, none can show that all arrive.
func TestNoMessageIsNoProof(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.DataIntact}))
	h.cut(3, 10)
	h.add(trace.Event{T: ns(10), Side: trace.Harness, What: trace.End})
	wantVerdict(t, h.numb().judge(), judge.Broken, "all 0 messages arrived")
}

// A connection that was dialled in vain while the cable was out may carry bytes once it
// is in again.
func TestAConnectionThatCarriesOnlyAfterTheFault(t *testing.T) {
	for at, want := range map[float64]judge.Verdict{9.9: judge.Broken, 10: judge.Held} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.StaysDown})).numb()
		h.cut(3, 10)
		l := changed(carried(4, 0), func(l *network.Link) { l.Up.FirstPassed, l.Down.FirstPassed = ns(at), ns(9) })
		h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		if r := h.judge(); r.Verdict != want {
			t.Errorf("bytes up at %v s: %s, %s; want %s", at, r.Verdict, r.Reason, want)
		}
	}
}
