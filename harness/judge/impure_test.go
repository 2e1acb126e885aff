package judge_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// The client of fixed last heard an echo at 2.02 s: its deadline is at 10.57 s. That
// of an echo timer has none from then on, as no beat is unanswered.
func TestASuspicionIsHeldAgainstThePureDeadline(t *testing.T) {
	for _, row := range []struct {
		name    string
		client  detect.Config // nil: fixed
		live    int64
		want    time.Duration
		verdict judge.Verdict
	}{
		{name: "at it", live: ns(10.57), verdict: judge.Held},
		{name: "a nanosecond sooner", live: ns(10.57) - 1, want: -1, verdict: judge.Held},
		{name: "a nanosecond later", live: ns(10.57) + 1, want: 1, verdict: judge.Held},
		{name: "much sooner", live: ns(9.5), want: -1070 * time.Millisecond, verdict: judge.Failed},
		{name: "without one", client: detect.EchoTimer{Timeout: 6 * time.Second}, live: ns(9.5), want: 9500*time.Millisecond - 1, verdict: judge.Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}))
			h.trace.Header.Policy.Server = nil
			for i := range h.trace.Events {
				h.trace.Events[i].T = max(1, h.trace.Events[i].T) // nothing at the epoch
			}
			if row.client != nil {
				h.trace.Header.Policy.Client = row.client
			}
			h.cut(3, 14)
			h.add(trace.Event{T: row.live, Side: heartbeat.ClientSide, What: trace.Suspect})
			r := h.judge()
			wantVerdict(t, r, row.verdict, "")
			wantTime(t, "harness error", r.Client.HarnessError, row.want)
		})
	}
}

// Every suspicion is held against the pure detector's, and so is every one that only
// that had: the first says nothing of the rest. The client of fixed beats on after the
// first, so that its next deadline is at 29.57 s.
func TestEverySuspicionIsHeldAgainstThePureOne(t *testing.T) {
	suspect := func(at float64) trace.Event { return trace.Event{T: ns(at), What: trace.Suspect} }
	heard := []trace.Event{{T: ns(21), What: trace.Sent, Kind: "beat", Seq: 9}, {T: ns(21.02), What: trace.Heard, Kind: "echo", Seq: 9}}
	trust := trace.Event{T: ns(21.02), What: trace.Trust}
	for _, row := range []struct {
		name    string
		events  []trace.Event
		stall   float64 // half a second of it; 0: none
		want    time.Duration
		verdict judge.Verdict
	}{
		{name: "both", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust, suspect(29.57)}, verdict: judge.Held},
		{name: "the second late", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust, suspect(30)}, want: 430 * time.Millisecond, verdict: judge.Failed},
		{name: "the second soon", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust, suspect(29)}, want: -570 * time.Millisecond, verdict: judge.Failed},
		{name: "no second", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust}, want: 430 * time.Millisecond, verdict: judge.Failed},
		{name: "no first", events: []trace.Event{heard[0], heard[1], suspect(29.57)}, want: 10450 * time.Millisecond, verdict: judge.Failed},
		{name: "the first late", events: []trace.Event{suspect(11), heard[0], heard[1], trust, suspect(29.57)}, want: 430 * time.Millisecond, verdict: judge.Failed},
		{name: "late, as nothing ran", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust, suspect(30)}, stall: 29.5, want: 430 * time.Millisecond, verdict: judge.Held},
		{name: "nothing ran before", events: []trace.Event{suspect(10.57), heard[0], heard[1], trust, suspect(30)}, stall: 15, want: 430 * time.Millisecond, verdict: judge.Failed},
		{name: "nothing ran later", events: []trace.Event{suspect(11), heard[0], heard[1], trust, suspect(29.57)}, stall: 12.5, want: 430 * time.Millisecond, verdict: judge.Failed},
	} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide, Within: scenario.Range{Hi: "27s"}})).numb()
		h.trace.Header.Policy.Client = detect.Fixed{Timeout: 8550 * time.Millisecond}
		h.trace.Header.Mode = heartbeat.Observe
		h.cut(3, 14)
		for _, e := range row.events {
			e.Side, e.Session = heartbeat.ClientSide, "a"
			h.add(e)
		}
		if row.stall > 0 {
			h.add(trace.Event{T: ns(row.stall), To: ns(row.stall + 0.5), Side: trace.Harness, What: trace.Stall})
		}
		h.add(trace.Event{T: ns(30), Side: trace.Harness, What: trace.End})
		r := h.judge()
		if r.Verdict != row.verdict {
			t.Errorf("%s: %s, %s; want %s", row.name, r.Verdict, r.Reason, row.verdict)
		}
		wantTime(t, row.name, r.Client.HarnessError, row.want)
	}
}

// A session that ends within the grace after a deadline was not to suspect by then.
func TestAnEndWithinTheGraceIsNoLapse(t *testing.T) {
	for end, want := range map[time.Duration]bool{heartbeat.Grace: false, heartbeat.Grace + 1: true} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide}))
		h.trace.Header.Policy.Server = nil
		h.cut(3, 14)
		h.add(trace.Event{T: ns(10.57) + int64(end), Side: heartbeat.ClientSide, What: trace.Down, Cause: "peer closed"})
		if got := h.judge().Client.HarnessError; (got != nil) != want {
			t.Errorf("an end %v after the deadline: %v apart, want one: %t", end, got, want)
		}
	}
}
