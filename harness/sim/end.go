package sim

import (
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// end is one side of a link: its session, and what the driver of a live one
// (heartbeat/driver.go) would know.
type end struct {
	machine *session.Machine
	state   endState
	up      bool  // the session came up
	over    int64 // when it ended
	began   int64 // the client's: when it was connected
	wake    int64 // the timer that is planned; never: none is
	eyes    []eye // the policy's own detector's, and those that watch
}

type endState uint8

const (
	open    endState = iota
	lingers          // it has said its last word, and waits for the peer to hang up
	closed
)

const never = int64(math.MaxInt64)

// dial connects the client, and the server accepts.
func (w *world) dial() {
	l := w.connect()
	for side := range l.ends {
		e := &l.ends[side]
		id := uint64(0)
		if side == client {
			id = w.random.Uint64N(1<<64-1) + 1
		}
		e.machine, e.wake, e.began = session.New(&w.configs[side], id), never, w.now
		e.machine.Start(w.now)
	}
	w.settle(l, client)
	w.settle(l, server)
}

// deliver hands an end what has reached it.
func (w *world) deliver(l *link, to int, it item) {
	e, f := &l.ends[to], &l.flows[1-to]
	if f.over {
		return
	}
	if it.closes() {
		f.over = true
		switch e.state {
		case open:
			e.machine.Gone(io.EOF, w.now)
			w.settle(l, to)
		case lingers:
			w.hangUp(l, to)
		}
		return
	}
	if e.state != open {
		return
	}
	frame := session.Frame{Type: it.typ, Seq: it.num}
	if it.typ == session.Data {
		frame.Seq, frame.Payload = w.messages[it.num].seq, w.messages[it.num].payload
	}
	e.machine.Hear(frame, w.now)
	kind := kinds[it.typ]
	for i := range e.eyes[min(1, len(e.eyes)):] {
		w.told(&e.eyes[1+i], to, kind, it.num)
	}
	w.settle(l, to)
	if kind != 0 && e.up {
		w.heard(to, kind)
	}
}

// kinds are what a detector is told of the types of frames.
var kinds = [...]detect.Kind{session.Hello: 0, session.Beat: detect.Beat, session.Echo: detect.Echo, session.Data: detect.Data, session.Bye: 0}

// settle does what a machine asks for after any change to it.
func (w *world) settle(l *link, side int) {
	e := &l.ends[side]
	m := e.machine
	if !e.up && m.CameUp() {
		w.cameUp(l, side)
	}
	if m.Unreceived() {
		w.receive(l, side)
	}
	if m.Pending() {
		w.flush(l, side)
	}
	if len(e.eyes) > 0 && m.Suspects() != e.eyes[0].suspects {
		w.turn(&e.eyes[0], side, w.now)
	}
	if m.Err() != nil {
		w.ended(l, side)
		return
	}
	// What was heard can move a deadline into the past.
	if at, ok := m.WakeAt(); ok && at < e.wake {
		e.wake = at
		w.plan(max(at, w.now), wakes, l, side)
	}
}

// wakeUp is an end's timer.
func (w *world) wakeUp(l *link, side int) {
	if e := &l.ends[side]; e.state == open && e.wake <= w.now {
		e.wake = never
		e.machine.Wake(w.now)
		w.settle(l, side)
	}
}

// flush sends what a machine has to say.
func (w *world) flush(l *link, side int) {
	e := &l.ends[side]
	for e.machine.Pending() {
		f, _ := e.machine.Next(w.now)
		it := item{num: f.Seq, typ: f.Type}
		switch f.Type {
		case session.Data:
			it.num = uint64(len(w.messages))
			w.messages = append(w.messages, message{f.Seq, f.Payload})
		case session.Beat:
			w.result.Beats++
			for i := range e.eyes[min(1, len(e.eyes)):] {
				w.sent(&e.eyes[1+i], side, f.Seq)
			}
		}
		w.send(l, side, it)
	}
}

// receive is the application: the server answers every message with itself.
func (w *world) receive(l *link, side int) {
	m := l.ends[side].machine
	for p, ok := m.Receive(); ok; p, ok = m.Receive() {
		if side == server && len(p) == messageSize {
			_ = m.Queue(p) // a session that has ended says so by itself
		}
	}
}

const messageSize = 64

// say makes the client's newest session send the next message; false: it has none.
func (w *world) say() bool {
	msg := make([]byte, messageSize)
	binary.BigEndian.PutUint64(msg, w.said)
	w.said++
	return w.queue(client, msg)
}

// queue makes side's newest session send data.
func (w *world) queue(side int, data []byte) bool {
	l := w.current[side]
	if l == nil || l.ends[side].state != open || l.ends[side].machine.Queue(data) != nil {
		return false
	}
	w.settle(l, side)
	return true
}

// cameUp notes that a session is up.
func (w *world) cameUp(l *link, side int) {
	e := &l.ends[side]
	e.up = true
	old := w.current[side]
	if old != nil {
		w.shut(&old.ends[side], side) // over UDP it may not know yet that it is over
	}
	w.current[side] = l
	w.forget(old)
	w.open(e, side)
	w.lab.cameUp(w, side)
}

// ended sees to the end of a session: the last word, and the hang-up.
func (w *world) ended(l *link, side int) {
	e := &l.ends[side]
	w.shut(e, side)
	cause := session.CauseOf(e.machine.Err())
	until := w.now // at the same instant, but after all that has arrived
	if e.machine.SaysBye() && cause != session.Silent && w.model.stream() && !l.flows[1-side].over {
		until += int64(heartbeat.Linger)
	}
	e.state, e.over = lingers, w.now
	w.plan(until, gives, l, side)
}

// hangUp closes an end's connection.
func (w *world) hangUp(l *link, side int) {
	e, f := &l.ends[side], &l.flows[side]
	e.state = closed
	f.gone = true
	if !l.flows[1-side].over { // else it was closed for it
		l.flow(side).HungUp = w.now
		if w.model.stream() {
			w.send(l, side, item{})
		}
	}
	if side == client {
		w.redial(w.now - e.began)
	}
	w.forget(l)
}

// forget drops a link that is over, if nobody will ask for its proof.
func (w *world) forget(l *link) {
	if w.rec == nil && l != nil && l.ends[client].state == closed && l.ends[server].state == closed &&
		w.current[client] != l && w.current[server] != l {
		w.links[l.index] = nil
	}
}

// redial plans the client's next attempt: heartbeat.Backoff.
func (w *world) redial(lasted int64) {
	if lasted > int64(subject.BackoffMax) {
		w.backoff = subject.BackoffInitial / 2
	}
	wait := w.random.Int64N(2*int64(w.backoff) + 1)
	w.backoff = min(2*w.backoff, subject.BackoffMax/2)
	w.push(w.now+wait, 0, uint64(dials))
}

var errReset = errors.New("connection reset by this side")

// leave ends side's session in order; reset ends its connection without a word.
func (w *world) leave(side int) {
	if l := w.current[side]; l != nil && l.ends[side].state == open {
		l.ends[side].machine.Leave(w.now)
		w.settle(l, side)
	}
}

func (w *world) reset(side int) {
	if l := w.current[side]; l != nil && l.ends[side].state == open {
		l.ends[side].machine.Gone(errReset, w.now)
		w.settle(l, side)
	}
}
