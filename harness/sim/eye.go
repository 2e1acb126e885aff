package sim

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
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
	mistaken bool  // that is a mistake, and not counted to its end yet
	detected bool  // the silence was
	upAt     int64 // when the session came up
	measures *Measures
	shut     bool // the session ended, or what it hears is no longer a measure
}

// open begins to watch a session that came up.
func (w *world) open(e *end, side int) {
	for _, eye := range w.lost[side] { // there is a session again
		w.over(&eye, w.now)
		w.lived(&eye, side, w.now)
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
		w.over(e, at)
		e.suspects = false
		return
	}
	e.suspects, e.since = true, at
	if excused := w.excused(side); at > excused {
		e.mistaken = true
		e.measures.begins(at, excused)
	}
}

// over is the end of a suspicion: if it was a mistake, that counts.
func (w *world) over(e *eye, at int64) {
	if e.mistaken && !e.shut {
		e.measures.lasted(at - e.since)
	}
	e.mistaken = false
}

// lived counts the time of a session until then, but for what is excused.
func (w *world) lived(e *eye, side int, until int64) {
	if from := max(e.upAt, w.excused(side)); from < until {
		e.measures.alive(from, until)
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
		if eye.detector != nil {
			w.pass(eye, side)
		}
		if eye.mistaken {
			w.lost[side] = append(w.lost[side], *eye)
		} else {
			w.lived(eye, side, w.now)
		}
		eye.shut = true
	}
}

// excused is until when a suspicion of side's is none by mistake; network.Never:
// each is.
func (w *world) excused(side int) int64 {
	if w.unexcused[side] {
		return network.Never
	}
	return w.silence[side]
}

// silences says whether a strike keeps side from hearing its peer.
func (w *world) silences(s *network.Strike, side int) bool {
	return w.script.network[s.Fault].Kind.Silences(sides[side], w.setup.Policy)
}

// late is how long after a cut's end what it held may still be on its way, as the
// judge has it.
func (w *world) late() int64 {
	p := w.setup.Policy.Profile
	return int64(p.Delay + p.Margin)
}

// struck notes a fault: from now on a suspicion of a side that it silences is
// none by mistake, unless the scenario counts those too.
func (w *world) struck(kind scenario.Kind) {
	if w.strikeAt == network.Never {
		w.strikeAt = w.now
		for side, l := range w.current {
			if l != nil && l.ends[side].state == open {
				w.struckLink[side] = l
			}
		}
	}
	for side := range sides {
		if kind.OfPeer() || !kind.Silences(sides[side], w.setup.Policy) {
			continue
		}
		if !w.unexcused[side] {
			w.settleMeasures(side)
		}
		w.silence[side] = never
	}
}

// settleMeasures counts what there is of side's until now.
func (w *world) settleMeasures(side int) {
	for _, eye := range w.lost[side] {
		w.over(&eye, w.now)
		w.lived(&eye, side, w.now)
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
			w.over(eye, w.now)
			w.lived(eye, side, w.now)
		}
	}
}

// silenceEnds notes the end of a strike, and says whether it silenced anybody.
func (w *world) silenceEnds(s *network.Strike) (any bool) {
	for side := range sides {
		if !w.silences(s, side) {
			continue
		}
		any = true
		w.detect(side, s)
		inForce := func(o *network.Strike) bool { return o.Off == network.Never && w.silences(o, side) }
		if !slices.ContainsFunc(w.strikes, inForce) {
			w.silence[side] = w.now + w.late()
		}
	}
	return any
}

// detect notes the suspicions that are detections of a strike: those in force at its
// end, and those that ended the session in it.
func (w *world) detect(side int, s *network.Strike) {
	l := w.struckLink[side]
	if l == nil {
		return
	}
	e := &l.ends[side]
	if e.state != open && e.over < s.On {
		return
	}
	until := never
	if s.Off != network.Never {
		until = s.Off + w.late()
	}
	for i := range e.eyes {
		eye := &e.eyes[i]
		if eye.detector != nil && !eye.shut {
			w.pass(eye, side)
		}
		if eye.suspects && !eye.detected && eye.since <= until {
			eye.detected = true
			eye.measures.Detections = append(eye.measures.Detections, time.Duration(max(0, eye.since-w.origin(l, side))))
		}
	}
}

// decide says what became of the silence by the end of the observation.
func (w *world) decide() {
	for side := range sides {
		l := w.struckLink[side]
		if l == nil || w.silence[side] == network.Never {
			continue
		}
		for _, s := range w.strikes {
			if w.silences(s, side) {
				w.detect(side, s)
			}
		}
		e := &l.ends[side]
		for i := range e.eyes {
			switch eye := &e.eyes[i]; {
			case eye.detected || !w.configured(eye, side):
			case e.state != open:
				eye.measures.Told++
			default:
				eye.measures.Unnoticed++
			}
		}
	}
}
