package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// watcher follows one detector through one session: when does it suspect the
// peer, and when no more?
type watcher struct {
	d        detect.Detector
	grace    time.Duration // see Truth
	latest   int64         // the instant of what the detector heard last
	suspects bool
	since    int64 // when the suspicion in force began
}

// pass lets time pass until now, when something is to be told, and returns how
// much was left until the deadline; false: there is none to come. A suspicion
// begins at the deadline - or, where what was heard moved a deadline into the
// past, as it was heard.
func (w *watcher) pass(now int64) (left int64, ok bool) {
	if w.suspects {
		return 0, false
	}
	deadline, ok := w.d.Deadline()
	if !ok {
		return 0, false
	}
	if now > deadline+int64(w.grace) {
		w.suspect(deadline)
	}
	return max(0, deadline-now), true
}

// end is the session's end: nothing that comes can keep the side from
// suspecting its peer any more.
func (w *watcher) end(now int64) {
	if deadline, ok := w.d.Deadline(); ok && deadline <= now && !w.suspects {
		w.suspect(deadline)
	}
}

func (w *watcher) suspect(deadline int64) {
	w.suspects, w.since = true, max(deadline, w.latest)
}

// tell tells the detector what happened, and says whether that ended a
// suspicion: as in a live session, once the deadline lies in the future again.
func (w *watcher) tell(e told) (trusts bool) {
	switch e.what {
	case trace.Up:
		w.d.Start(e.at)
	case trace.Sent:
		w.d.Sent(e.seq, e.at)
	case trace.Heard:
		w.d.Heard(e.kind, e.seq, e.at)
	case trace.Stall:
		w.d.Stalled(e.at, e.to)
	default:
		return false
	}
	now := max(e.at, e.to)    // a stall is told of once it is over
	if e.what != trace.Sent { // our own beat moves no deadline into the past
		w.latest = max(w.latest, now)
	}
	if !w.suspects {
		return false
	}
	if deadline, ok := w.d.Deadline(); !ok || deadline > now {
		w.suspects = false
		return true
	}
	return false
}

// told is what a detector can be told: an Event without its words.
type told struct {
	at, to  int64
	seq     uint64
	session string
	what    trace.What // "": nothing, but time
	kind    detect.Kind
}

// compact is e for detectors.
func compact(e trace.Event) told {
	t := told{at: e.T, to: e.To, seq: e.Seq, session: e.Session}
	switch e.What {
	case trace.Up, trace.Down, trace.Closed, trace.Stall:
		t.what = e.What
	case trace.Sent:
		if e.Kind == detect.Beat.String() {
			t.what = e.What
		}
	case trace.Heard:
		for _, kind := range [...]detect.Kind{detect.Beat, detect.Echo, detect.Data} { // no bytes to allocate, as UnmarshalText wants
			if kind.String() == e.Kind {
				t.what, t.kind = e.What, kind
			}
		}
	}
	return t
}
