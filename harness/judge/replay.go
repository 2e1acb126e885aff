package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// replay runs a pure detector over what a side sent and heard in one session,
// until an instant, and returns when the detector first suspected the peer.
//
// A side that is a little late still hears what came before it concludes: so a
// deadline that passed less than heartbeat.Grace before the next arrival is no
// suspicion of the pure detector's either.
func replay(t trace.Trace, side trace.Side, session string, d detect.Detector, until int64) (at int64, ok bool) {
	w := watcher{d: d, grace: heartbeat.Grace}
	for _, e := range t.Events {
		if e.T > until {
			break
		}
		if e.Side != side || e.Session != session {
			continue
		}
		if w.pass(e.T); w.suspects {
			return w.since, true
		}
		w.tell(compact(e))
	}
	at, ok = d.Deadline()
	return at, ok && at <= until
}

// closest is the least time that was left until a deadline of the pure detector
// when something moved it, or when the trial or the session ended; nil: side has
// no detector, or its detector never had a deadline.
func (v view) closest(side trace.Side) (left *time.Duration) {
	config := v.Header.Policy.Detector(side)
	if config == nil || !v.tells(side) {
		return nil
	}
	m := NewMany([]detect.Config{config}, Truth{Grace: heartbeat.Grace})
	m.Tell(side, v.Events)
	return m.End(v.end)[0].Closest
}
