package judge_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// The client detects 7 s after the fault, 1 s from the window's lower bound.
func TestAFaultWhoseInstantIsUncertain(t *testing.T) {
	for _, row := range []struct {
		uncertainty float64
		verdict     judge.Verdict
		reason      string
	}{
		{uncertainty: 1, verdict: judge.Held},
		{uncertainty: 1.001, verdict: judge.Inconclusive, reason: "when the fault struck, or something else happened, is known within 1.001s only, so this may be wrong by 1.001s: client: detected after 7s"},
	} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
		h.cut(3, 14)
		for i, e := range h.trace.Events {
			if e.What == trace.FaultOn {
				h.trace.Events[i].Uncertainty = ns(row.uncertainty)
			}
		}
		h.add(trace.Event{T: ns(10), Side: "client", What: trace.Suspect})
		wantVerdict(t, h.judge(), row.verdict, row.reason)
	}
}

// A recovery is many steps, each of which another stall may have held up: of a
// single instant, two of them can.
func TestEachStallMayHaveHeldUpARecovery(t *testing.T) {
	for _, row := range []struct {
		stalls  int
		verdict judge.Verdict
	}{{stalls: 5, verdict: judge.Broken}, {stalls: 6, verdict: judge.Inconclusive}} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "5450ms"}})).numb()
		h.cut(3, 14)
		for i := range row.stalls {
			at := ns(14.5) + int64(i)*ns(0.5)
			h.add(trace.Event{T: at, To: at + ns(0.1), Side: trace.Harness, What: trace.Stall})
		}
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		if r := h.judge(); r.Verdict != row.verdict {
			t.Errorf("%d stalls of 100 ms, 550 ms too late at the earliest: %s, %s; want %s", row.stalls, r.Verdict, r.Reason, row.verdict)
		}
	}
}

// A handshake that fails costs more than the stalls which made it fail.
func TestAHandshakeThatFailedForAStallIsInDoubt(t *testing.T) {
	for _, row := range []struct {
		stall   float64
		verdict judge.Verdict
	}{{stall: 0.4, verdict: judge.Broken}, {stall: 0.6, verdict: judge.Inconclusive}} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "3s"}})).numb()
		h.cut(3, 14)
		h.both(11, trace.Down, "peer went silent")
		h.add(trace.Event{T: ns(15), Side: "client", Session: "b", What: trace.Sent, Kind: "hello"})
		h.add(trace.Event{T: ns(16), To: ns(16 + row.stall), Side: trace.Harness, What: trace.Stall})
		h.add(trace.Event{T: ns(17), Side: "client", Session: "b", What: trace.Down, Cause: string(session.NoAnswer)})
		h.add(trace.Event{T: ns(19), Side: "client", Session: "c", What: trace.Sent, Kind: "hello"})
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		if r := h.judge(); r.Verdict != row.verdict {
			t.Errorf("%v s of 2 s: %s, %s; want %s", row.stall, r.Verdict, r.Reason, row.verdict)
		}
	}
}

// That a client's program has ended is so by any clock.
func TestWhoHasEndedIsBrokenWhateverTheClocksSay(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "500ms"}})).numb()
	h.cut(3, 14)
	h.add(trace.Event{T: ns(8), Side: "client", What: trace.Exit, Detail: "the client ended: it gave up"})
	h.add(trace.Event{T: ns(13.9), To: ns(13.95), Uncertainty: ns(0.01), Side: trace.Harness, What: trace.Stall})
	h.add(trace.Event{T: ns(14.02), Uncertainty: ns(0.0005), Side: trace.Harness, What: trace.End})
	wantVerdict(t, h.judge(), judge.Broken, "as the client ended: it gave up")
}

func TestAnObservationThatEndedTooEarlyTellsNothing(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "5s"}})).numb()
	h.cut(3, 14)
	h.add(trace.Event{T: ns(18), Side: trace.Harness, What: trace.End})
	wantVerdict(t, h.judge(), judge.Inconclusive, "the observation ended 1s too early to tell")
}

// A side that its peer was to give up on is not told to, if that one stood still.
func TestAnEndIsInDoubtForItsPeersStalls(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Ends, Side: heartbeat.ServerSide, Within: scenario.Range{Hi: "16s"}})).numb()
	h.cut(3, 14)
	for i := range 4 { // two of them would not do
		at := ns(5) + int64(i)*ns(1)
		h.add(trace.Event{T: at, To: at + ns(0.4), Side: "client", What: trace.Stall})
	}
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
	wantVerdict(t, h.judge(), judge.Inconclusive, "server: it did not in 17s")
}

// What the machine did once it was too late is no matter.
func TestWhatCalmedDownTooLateIsNoCalmMachine(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Hi: "2500ms"}})).numb()
	h.cut(3, 14)
	for at := 1.0; at < 5; at += 0.1 {
		h.add(trace.Event{T: ns(at), To: ns(at + 0.05), Side: trace.Harness, What: trace.Stall})
	}
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
	wantVerdict(t, h.judge(), judge.Inconclusive, "the machine stood still for 2.05s of 5.5s")
}

// A hundred short stalls say more of a machine than two long ones, which are all that
// the doubt of a single time counts.
func TestOnAMachineThatStandsStillNothingBreaks(t *testing.T) {
	for stall, want := range map[float64]judge.Verdict{0.2: judge.Broken, 0.3: judge.Inconclusive} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
		h.cut(3, 14)
		for at := 0.0; at < 19; at++ {
			h.add(trace.Event{T: ns(at), To: ns(at + stall), Side: trace.Harness, What: trace.Stall})
		}
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		if r := h.judge(); r.Verdict != want {
			t.Errorf("%v of every second: %s, %s; want %s", stall, r.Verdict, r.Reason, want)
		}
	}
}

// A stall that the side's own loop has seen the tail of is no shorter for that.
func TestASidesOwnStallHidesNoLongerOne(t *testing.T) {
	for own, want := range map[float64]time.Duration{0: 3 * time.Second, 0.1: 3 * time.Second, 3: 3 * time.Second} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
		h.cut(3, 24)
		h.add(trace.Event{T: ns(4), To: ns(7), Side: trace.Harness, What: trace.Stall})
		if own > 0 {
			h.add(trace.Event{T: ns(7 - own), To: ns(7), Side: heartbeat.ClientSide, What: trace.Stall})
		}
		h.add(trace.Event{T: ns(11.5), Side: heartbeat.ClientSide, What: trace.Suspect}) // half a second from the bound
		r := h.judge()
		wantVerdict(t, r, judge.Inconclusive, "the harness stood still for up to 3s")
		if got := r.Checks[len(r.Checks)-1].Doubt; got != want {
			t.Errorf("of which it saw %v s itself: doubt %v, want %v", own, got, want)
		}
	}
}

// What the machine does before anything is up makes nobody late, and it damages no
// message, in whichever order one looks.
func TestWhatNoOverloadExplains(t *testing.T) {
	late := scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}
	for _, row := range []struct {
		name    string
		expect  []scenario.Expectation
		stall   float64
		damaged bool
		want    judge.Verdict
		reason  string
	}{
		{"stood still before", []scenario.Expectation{late}, 0.1, false, judge.Broken, "detected after 12s"},
		{"stood still", []scenario.Expectation{late}, 15, false, judge.Inconclusive, "the machine stood still"},
		{"stood still later", []scenario.Expectation{late}, 25.1, false, judge.Broken, "detected after 12s"},
		{"and damaged", []scenario.Expectation{late, {That: scenario.DataIntact}}, 15, true, judge.Broken, "damaged message"},
		{"damaged, and", []scenario.Expectation{{That: scenario.DataIntact}, late}, 15, true, judge.Broken, "damaged message"},
	} {
		h := begin(t, pulled(row.expect...)).numb()
		for i := range h.trace.Events {
			h.trace.Events[i].T += ns(10)
		}
		h.cut(13, 34)
		if row.damaged {
			h.add(trace.Event{T: ns(12.5), Side: heartbeat.ClientSide, What: trace.Damaged})
		}
		for i := range 98 { // 4.9 s in all, no two of which explain 3 s
			at := ns(row.stall) + int64(i)*ns(0.1)
			h.add(trace.Event{T: at, To: at + ns(0.05), Side: trace.Harness, What: trace.Stall})
		}
		h.add(trace.Event{T: ns(25), Side: heartbeat.ClientSide, What: trace.Suspect})
		wantVerdict(t, h.judge(), row.want, row.reason)
	}
}
