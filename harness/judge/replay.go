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
	for _, e := range t.Events {
		if e.T > until {
			break
		}
		if e.Side != side || e.Session != session {
			continue
		}
		if at, ok := d.Deadline(); ok && e.T > at+int64(heartbeat.Grace) {
			return at, true
		}
		tell(d, e)
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
	detectors := map[string]detect.Detector{} // of the sessions that are up
	call := func(d detect.Detector, at int64) {
		if deadline, ok := d.Deadline(); ok && (left == nil || deadline-at < int64(*left)) {
			left = since(max(deadline, at), at)
		}
	}
	for _, e := range v.Events {
		if e.Side != side {
			continue
		}
		if e.What == trace.Up {
			detectors[e.Session] = config.New()
		}
		d, up := detectors[e.Session]
		if !up {
			continue
		}
		call(d, e.T)
		tell(d, e)
		if e.What == trace.Down || e.What == trace.Closed {
			delete(detectors, e.Session)
		}
	}
	for _, d := range detectors {
		call(d, v.end)
	}
	return left
}

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
