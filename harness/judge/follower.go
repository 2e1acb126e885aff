package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// follower follows one detector through one session: when does it suspect the
// peer, and when no more?
type follower struct {
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
func (f *follower) pass(now int64) (left int64, ok bool) {
	if f.suspects {
		return 0, false
	}
	deadline, ok := f.d.Deadline()
	if !ok {
		return 0, false
	}
	if now > deadline+int64(f.grace) {
		f.suspect(deadline)
	}
	return max(0, deadline-now), true
}

// end is the session's end: nothing that comes can keep the side from
// suspecting its peer any more.
func (f *follower) end(now int64) {
	if deadline, ok := f.d.Deadline(); ok && deadline <= now && !f.suspects {
		f.suspect(deadline)
	}
}

func (f *follower) suspect(deadline int64) {
	f.suspects, f.since = true, max(deadline, f.latest)
}

// tell tells the detector what happened, and says whether that ended a
// suspicion: as in a live session, once the deadline lies in the future again.
func (f *follower) tell(e stimulus) (trusts bool) {
	switch e.what {
	case trace.Up:
		f.d.Start(e.at)
	case trace.Sent:
		f.d.Sent(e.seq, e.at)
	case trace.Heard:
		f.d.Heard(e.kind, e.seq, e.at)
	case trace.Stall:
		f.d.Stalled(e.at, e.to)
	default:
		return false
	}
	now := max(e.at, e.to)    // a stall is told of once it is over
	if e.what != trace.Sent { // our own beat moves no deadline into the past
		f.latest = max(f.latest, now)
	}
	if !f.suspects {
		return false
	}
	if deadline, ok := f.d.Deadline(); !ok || deadline > now {
		f.suspects = false
		return true
	}
	return false
}

// stimulus is what a detector can be told: an Event without its words.
type stimulus struct {
	at, to  int64
	seq     uint64
	session string
	what    trace.What // "": nothing, but time
	kind    detect.Kind
}

// compact is e for detectors.
func compact(e trace.Event) stimulus {
	s := stimulus{at: e.T, to: e.To, seq: e.Seq, session: e.Session}
	switch e.What {
	case trace.Up, trace.Down, trace.Closed, trace.Stall:
		s.what = e.What
	case trace.Sent:
		if e.Kind == detect.Beat.String() {
			s.what = e.What
		}
	case trace.Heard:
		for _, kind := range [...]detect.Kind{detect.Beat, detect.Echo, detect.Data} { // no bytes to allocate, as UnmarshalText wants
			if kind.String() == e.Kind {
				s.what, s.kind = e.What, kind
			}
		}
	}
	return s
}
