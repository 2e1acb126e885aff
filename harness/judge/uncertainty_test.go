package judge_test

import (
	"testing"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
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
