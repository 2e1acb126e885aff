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
