package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// doubtOfSteps is by how much a time may be wrong that is the sum of many steps of
// both sides, as to dial, to greet and to beat. Any stall may have held one up; and
// a handshake that failed for stalls cost the time until the next was tried.
func (v view) doubtOfSteps(side trace.Side, s Span) time.Duration {
	if s == (Span{}) {
		return 0
	}
	stalls := v.touching(s, v.stalls())
	sum := int64(v.uncertainty())
	for _, stall := range stalls {
		sum += int64(stall.For)
	}
	for _, h := range v.unanswered(s) {
		if stood := h.To - h.From - beside(spansOf(stalls), h.From, h.To); stood >= (h.To-h.From)/4 {
			sum += h.next - h.From
		}
	}
	return max(time.Duration(sum), v.doubt(side, s))
}

func spansOf(stalls []Stall) (out []Span) {
	for _, s := range stalls {
		out = append(out, Span{int64(s.At), int64(s.At + s.For)})
	}
	return out
}

// handshake is one that nobody answered in time, and when the client tried again.
type handshake struct {
	Span
	next int64
}

// unanswered are the client's handshakes in s that were.
func (v view) unanswered(s Span) (out []handshake) {
	greeted := map[string]int64{} // when each session was
	open := -1                    // the last of out that was not tried again
	for _, e := range v.Events {
		if e.Side != heartbeat.ClientSide {
			continue
		}
		switch {
		case e.What == trace.Sent && e.Kind == "hello":
			greeted[e.Session] = e.T
			if open >= 0 {
				out[open].next, open = min(e.T, s.To), -1
			}
		case e.What == trace.Down && e.Cause == string(session.NoAnswer):
			from, known := greeted[e.Session]
			if from = max(from, s.From); known && from < s.To && e.T > s.From {
				out, open = append(out, handshake{Span{from, min(e.T, s.To)}, s.To}), len(out)
			}
		}
	}
	return out
}
