package sim

import (
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// The client's end of the network has the cable and, beyond it, the firewall.

// wall is the firewall while it is active.
type wall struct {
	strike *network.Strike // nil: there is none
	idle   time.Duration
	mode   scenario.DropMode
}

// passes says whether an item gets past the client's end of the network. It
// counts, and keeps what a cable holds.
func (w *world) passes(l *link, way int, it item) bool {
	if l.killer != nil {
		w.withheld(l, way, it, l.killer)
		return false
	}
	if w.cuts[way] == nil && w.firewall.strike == nil && l.forgetter == nil { // as nearly always
		l.touched = w.now
		if !it.closes() {
			w.passed(l, way, w.bytes(it))
		}
		return true
	}
	own := it.typ == cutOff // of the firewall itself
	if way == up && !w.cable(l, way, it) || !own && !w.wall(l, way, it) || way == down && !w.cable(l, way, it) {
		return false
	}
	if !it.closes() {
		w.passed(l, way, w.bytes(it))
	}
	return true
}

func (w *world) cable(l *link, way int, it item) bool {
	s := w.cuts[way]
	if s == nil {
		return true
	}
	w.withheld(l, way, it, s)
	if w.model.stream() {
		w.hold(l, way, it)
	}
	return false
}

func (w *world) wall(l *link, way int, it item) bool {
	w.expire(l)
	if l.forgetter == nil {
		l.touched = w.now
		return true
	}
	w.withheld(l, way, it, l.forgetter)
	if l.mode == scenario.DropResetOnSend && !it.closes() {
		w.cutOff(l, 1-way)
	}
	return false
}

// expire forgets the link if that is due, and otherwise says when it will be;
// false: never.
func (w *world) expire(l *link) (due int64, ok bool) {
	s := w.firewall.strike
	if s == nil || l.forgetter != nil || l.killer != nil {
		return 0, false
	}
	due = max(s.On, l.touched+int64(w.firewall.idle))
	if w.now < due {
		return due, true
	}
	l.forgetter, l.mode = s, w.firewall.mode
	if s.Forgotten == network.Never || due < s.Forgotten {
		s.Forgotten = due
	}
	if l.mode == scenario.DropResetAtIdle {
		w.cutOff(l, up)
		w.cutOff(l, down)
	}
	return 0, false
}

// cutOff makes the firewall end the receiving end's connection of a way.
func (w *world) cutOff(l *link, way int) {
	f, proof := &l.flows[way], l.flow(way)
	if f.over || proof.Ended != network.Never || l.flows[1-way].gone {
		return
	}
	proof.Ended = w.now
	l.forgetter.Ended++
	it := item{pos: f.sent, typ: cutOff}
	f.sent++
	if way == up {
		w.transmit(l, up, it)
	} else {
		w.arrive(l, down, it, w.now)
	}
}

// withheld counts an item that a strike stops. Each strike counts all that it
// stops; the flow counts each byte once.
func (w *world) withheld(l *link, way int, it item, s *network.Strike) {
	f := &l.flows[way]
	if it.closes() {
		if !f.over && l.flow(way).Ended == network.Never {
			s.Closings++
		}
		return
	}
	bytes := w.bytes(it)
	if way == up {
		s.WithheldUp += bytes
	} else {
		s.WithheldDown += bytes
	}
	if it.pos >= f.stopped {
		l.flow(way).Withheld += bytes
		f.stopped = it.pos + 1
	}
}

// passed counts bytes that nothing can withhold any more.
func (w *world) passed(l *link, way int, bytes int64) {
	proof := l.flow(way)
	if proof.Passed == 0 {
		proof.FirstPassed = w.now
	}
	proof.Passed += bytes
	proof.LastPassed = w.now
	if w.healed != network.Never && proof.Resumed < w.healed {
		proof.Resumed = w.now
	}
	for _, s := range w.strikes {
		switch {
		case s.Off != network.Never:
		case way == up:
			s.PassedUp += bytes
		default:
			s.PassedDown += bytes
		}
	}
	w.lastPassed[way] = w.now
	w.result.Bytes += uint64(bytes)
}

// apply makes a fault of the network active.
func (w *world) apply(i int) error {
	f := w.script.network[i]
	cutUp, cutDown := f.Kind.Cuts()
	slowUp := f.Kind == scenario.Latency && f.Toward != heartbeat.ClientSide
	slowDown := f.Kind == scenario.Latency && f.Toward != heartbeat.ServerSide
	for _, part := range []struct {
		changes bool
		by      *network.Strike
	}{
		{cutUp, w.cuts[up]}, {cutDown, w.cuts[down]}, {slowUp, w.slow[up]}, {slowDown, w.slow[down]},
		{f.Kind == scenario.IdleDrop, w.firewall.strike},
	} {
		if part.changes && part.by != nil {
			return fmt.Errorf("apply fault %d (%s): fault %d is active; undo it first", i, f.Kind, part.by.Fault)
		}
	}
	s := &network.Strike{
		Fault: i, On: w.now, Off: network.Never, Forgotten: network.Never, Counted: true,
		LastPassedUp: w.lastPassed[up], LastPassedDown: w.lastPassed[down],
	}
	w.strikes = append(w.strikes, s)
	if cutUp {
		w.cuts[up] = s
	}
	if cutDown {
		w.cuts[down] = s
	}
	if slowUp {
		w.slow[up], w.delays[up] = s, of(f.Delay)
	}
	if slowDown {
		w.slow[down], w.delays[down] = s, of(f.Delay)
	}
	if f.Kind == scenario.IdleDrop {
		w.firewall = wall{strike: s, idle: f.Idle, mode: f.Mode}
		for _, l := range w.links {
			if l == nil {
				continue
			}
			if due, ok := w.expire(l); ok {
				w.plan(due, expires, l, 0)
			}
		}
	}
	return nil
}

// undo ends it, and returns what it did.
func (w *world) undo(i int) *network.Strike {
	var s *network.Strike
	for _, known := range w.strikes {
		if known.Fault == i && known.Off == network.Never {
			s = known
		}
	}
	s.Off, w.healed = w.now, w.now
	for way := range w.cuts {
		if w.slow[way] == s {
			w.slow[way], w.delays[way] = nil, w.model.Delay
		}
		if w.cuts[way] != s {
			continue
		}
		w.cuts[way] = nil
		for _, l := range w.links {
			if l == nil || l.killer != nil || w.model.Delivery != Proxied {
				continue // a TCP sends again when its timer says so
			}
			if way == up {
				w.release(l, way, func(it item) { w.transmit(l, way, it) })
			} else {
				w.release(l, way, func(it item) { w.arrive(l, way, it, w.now) })
			}
		}
	}
	if w.firewall.strike == s {
		w.firewall = wall{}
	}
	return s
}
