package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// replay runs a pure detector over what a side sent and heard in one session,
// until an instant, and returns when the detector first suspected the peer or, if it
// did not, the deadline that it waits for then; false: it waits for none.
//
// A side that is a little late still hears what came before it concludes: so a
// deadline that passed less than heartbeat.Grace before the next arrival is no
// suspicion of the pure detector's either.
func replay(t trace.Trace, side trace.Side, session string, d detect.Detector, until int64) (at int64, waits bool) {
	f := follower{d: d, grace: heartbeat.Grace}
	for _, e := range t.Events {
		if e.T > until {
			break
		}
		if e.Side != side || e.Session != session {
			continue
		}
		if f.pass(e.T); f.suspects {
			return f.since, true
		}
		f.tell(compact(e))
	}
	return d.Deadline()
}

// closest is the least time that was left until a deadline of the pure detector
// when something moved it, or when the trial or the session ended; nil: side has
// no detector, or its detector never had a deadline.
func (v view) closest(side trace.Side) (left *time.Duration) {
	config := v.Header.Policy.Detector(side)
	if config == nil || !v.tells(side) {
		return nil
	}
	m := NewMany([]detect.Config{config}, Truth{Grace: heartbeat.Grace, Stopped: v.stopped(side)})
	m.Tell(side, v.Events)
	return m.End(v.end)[0].Closest
}
