package judge

import (
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Reign is a time in which one deadline was in force, in nanoseconds since the
// trace's epoch: from what set it until what moved it, until the session ended,
// or until it passed.
type Reign struct{ From, To, Deadline int64 }

// Reigns are the deadlines that the policy's detector had for a side, in the
// order of time, over all its sessions: the pure detector's, whatever the live
// one did. None: the side has no detector, or tells nothing.
func Reigns(t trace.Trace, side trace.Side) []Reign {
	config := t.Header.Policy.Detector(side)
	if config == nil {
		return nil
	}
	v := newView(t)
	var out []Reign
	for _, up := range v.Events {
		if up.Side == side && up.What == trace.Up {
			out = append(out, v.reigns(side, up.Session, config.New())...)
		}
	}
	return out
}

// reigns are those of one session.
func (v view) reigns(side trace.Side, session string, d detect.Detector) (out []Reign) {
	var now Reign
	reigns := false
	ends := func(at int64) {
		if now.To = min(at, now.Deadline); reigns && now.To > now.From {
			out = append(out, now)
		}
		reigns = false
	}
	f := follower{d: d}
	for _, e := range v.Events {
		if e.Side != side || e.Session != session {
			continue
		}
		if e.What == trace.Down || e.What == trace.Closed {
			ends(e.T)
			return out
		}
		f.tell(compact(e))
		deadline, ok := d.Deadline()
		if reigns && ok && deadline == now.Deadline {
			continue
		}
		at := max(e.T, e.To)
		ends(at)
		now, reigns = Reign{From: at, Deadline: deadline}, ok
	}
	ends(v.end)
	return out
}
