package sim

import (
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// eye follows one detector through one session: when does it suspect the peer,
// and when no more? That of the policy's own detector looks at the session's
// machine; the others have a detector each.
type eye struct {
	detector detect.Detector // nil: the machine's own
	suspects bool
	since    int64 // when the suspicion in force began
	upAt     int64 // when the session came up
	measures *Measures
	shut     bool // the session ended, or what it hears is no longer a measure
}

// open begins to watch a session that came up.
func (w *world) open(e *end, side int) {
	for _, eye := range w.lost[side] { // there is a session again
		w.over(&eye, side, w.now)
		eye.measures.alive(eye.upAt, w.now)
	}
	w.lost[side] = w.lost[side][:0]
	e.eyes = append(e.eyes, eye{measures: w.result.of(side), upAt: w.now})
	for i, watch := range w.setup.Watch {
		config := watch.Client
		if side == server {
			config = watch.Server
		}
		if config == nil {
			continue
		}
		d := config.New()
		d.Start(w.now)
		e.eyes = append(e.eyes, eye{detector: d, measures: w.result.Watched[i].of(side), upAt: w.now})
	}
}

// told tells a watching detector of a frame.
func (w *world) told(e *eye, side int, kind detect.Kind, num uint64) {
	if kind == 0 {
		return
	}
	w.pass(e, side)
	e.detector.Heard(kind, num, w.now)
	deadline, ok := e.detector.Deadline()
	if suspects := ok && deadline <= w.now; suspects != e.suspects {
		w.turn(e, side, w.now)
	}
}

// sent tells it of a beat.
func (w *world) sent(e *eye, side int, num uint64) {
	w.pass(e, side)
	e.detector.Sent(num, w.now)
}

// pass lets time pass: a suspicion begins at the deadline, and what arrives then
// is heard first.
func (w *world) pass(e *eye, side int) {
	if e.suspects {
		return
	}
	if deadline, ok := e.detector.Deadline(); ok && deadline < w.now {
		w.turn(e, side, deadline)
	}
}

// turn is a change of mind.
func (w *world) turn(e *eye, side int, at int64) {
	if e.suspects {
		w.over(e, side, at)
		e.suspects = false
		return
	}
	e.suspects, e.since = true, at
	if !w.silenced[side] {
		e.measures.Mistakes++
		e.measures.begins(at)
	}
}

// over is the end of a suspicion: if it was a mistake, that counts.
func (w *world) over(e *eye, side int, at int64) {
	if w.silenced[side] {
		return // it was counted up to there
	}
	if !e.shut {
		e.measures.lasted(at - e.since)
	}
}

// shut ends the watch of a session that has ended. One that ended by its own
// mistake is made good by the next.
func (w *world) shut(e *end, side int) {
	for i := range e.eyes {
		eye := &e.eyes[i]
		if eye.shut {
			continue
		}
		if w.silenced[side] {
			continue // see decide
		}
		if eye.suspects {
			w.lost[side] = append(w.lost[side], *eye)
		} else {
			eye.measures.alive(eye.upAt, w.now)
		}
		eye.shut = true
	}
}

// struck notes a fault: from now on a suspicion of a side that it silences is
// none by mistake.
func (w *world) struck(kind scenario.Kind) {
	if w.lab.planned >= 0 && w.strikeAt < 0 {
		w.strikeAt = w.now
	}
	for side := range sides {
		if kind.OfPeer() || w.silenced[side] || !kind.Silences(sides[side], w.setup.Policy) {
			continue
		}
		w.settleMeasures(side)
		w.silenced[side], w.silence[side] = true, w.now
		w.struckLink[side] = w.current[side]
		if l := w.current[side]; l != nil && l.ends[side].state != open {
			w.struckLink[side] = nil
		}
	}
}

// settleMeasures counts what there is of side's until now.
func (w *world) settleMeasures(side int) {
	for _, eye := range w.lost[side] {
		w.over(&eye, side, w.now)
		eye.measures.alive(eye.upAt, w.now)
	}
	w.lost[side] = nil
	for _, l := range w.links {
		if l == nil || l.ends[side].state != open {
			continue
		}
		for i := range l.ends[side].eyes {
			eye := &l.ends[side].eyes[i]
			if eye.shut {
				continue
			}
			if eye.detector != nil {
				w.pass(eye, side)
			}
			if eye.suspects {
				w.over(eye, side, w.now)
			}
			eye.measures.alive(eye.upAt, w.now)
		}
	}
}

// silenceEnds says whether all faults that silence anybody have ended.
func (w *world) silenceEnds() bool {
	any := false
	for _, s := range w.strikes {
		kind := w.script.network[s.Fault].Kind
		for side := range sides {
			if kind.Silences(sides[side], w.setup.Policy) {
				any = true
				if s.Off < 0 {
					return false
				}
			}
		}
	}
	return any
}

// decide says what became of the silence: the suspicion in force is a detection.
func (w *world) decide() {
	if w.decided {
		return
	}
	w.decided = true
	for side := range sides {
		if !w.silenced[side] {
			w.settleMeasures(side)
			continue
		}
		l := w.struckLink[side]
		if l == nil {
			continue
		}
		e := &l.ends[side]
		origin := w.origin(side, l)
		for i := range e.eyes {
			eye := &e.eyes[i]
			if eye.detector != nil {
				w.pass(eye, side)
			}
			switch {
			case !w.configured(eye, side):
			case eye.suspects:
				eye.measures.Detections = append(eye.measures.Detections, time.Duration(max(0, eye.since-origin)))
			case e.state != open:
				eye.measures.Told++
			default:
				eye.measures.Unnoticed++
			}
		}
	}
}
