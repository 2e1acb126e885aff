package judge

import (
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// replay runs a pure detector over what a side sent and heard in one session,
// until an instant, and returns when the detector first suspected the peer.
//
// The side that acts drains its receive buffer first, and what it finds there
// counts: so a deadline that passed less than drain before the next arrival is
// no suspicion of the pure detector's either.
func replay(t trace.Trace, side trace.Side, session string, d detect.Detector, until int64) (at int64, ok bool) {
	for _, e := range t.Events {
		if e.T > until {
			break
		}
		if e.Side != side || e.Session != session {
			continue
		}
		if at, ok := d.Deadline(); ok && e.T > at+drain {
			return at, true
		}
		tell(d, e)
	}
	at, ok = d.Deadline()
	return at, ok && at <= until
}

// drain is how long after its deadline a side still reads what lies in its
// receive buffer, and as much again for the reading.
const drain = 2_000_000

// tell gives a detector an event of its own side.
func tell(d detect.Detector, e trace.Event) {
	switch e.What {
	case trace.Up:
		d.Start(e.T)
	case trace.Sent:
		if e.Kind == detect.Beat.String() {
			d.Sent(e.Seq, e.T)
		}
	case trace.Heard:
		var kind detect.Kind
		if kind.UnmarshalText([]byte(e.Kind)) == nil && kind != 0 {
			d.Heard(kind, e.Seq, e.T)
		}
	case trace.Stall:
		d.Stalled(e.T, e.To)
	}
}
