package sim

import "github.com/flatline-go/flatline/heartbeat/session"

// event is something that will happen: when, in which order among those of one
// instant, and to whom. Four words are what a compiler keeps in registers; an
// event of more fields is copied by memory, and takes twice as long.
type event struct {
	at    int64
	order uint64 // the class, then the order of planning
	num   uint64
	tag   uint64 // see tagged
}

// mostLinks is how many links a tag can tell apart.
const mostLinks = 1 << 24

// tagged is an event's tag: what happens, to which side of which link and, of an
// item, its type and its place in its flow.
func tagged(what happening, link int32, side int, typ session.Type, pos uint32) uint64 {
	return uint64(what) | uint64(side)<<4 | uint64(typ)<<5 | uint64(link)<<8 | uint64(pos)<<32
}

func (e event) what() happening   { return happening(e.tag & 15) }
func (e event) side() int         { return int(e.tag >> 4 & 1) }
func (e event) typ() session.Type { return session.Type(e.tag >> 5 & 7) }
func (e event) link() int         { return int(e.tag >> 8 & (mostLinks - 1)) }
func (e event) pos() uint32       { return uint32(e.tag >> 32) }

// happening is what an event is.
type happening uint8

const (
	thaws    happening = iota // a side's loop goes on after a stall
	hears                     // and hears what has arrived meanwhile
	reaches                   // a frame or a closing arrives at the client's end of the network, or at the server
	acts                      // the lab does something
	resends                   // a retransmission timer fires
	expires                   // a firewall looks for idle flows
	wakes                     // a side's own timer
	gives                     // a side no longer waits for its peer to hang up
	dials                     // the client connects
	finishes                  // the lab is done
)

// ofLink says whether it happens to a link.
func (h happening) ofLink() bool {
	return h == hears || h == reaches || h == resends || h == expires || h == wakes || h == gives
}

// class is the order of what happens at one instant. What has arrived is heard
// before anybody concludes that it has not; a cut at the instant of a beat
// stops the beat.
var class = [...]uint64{thaws: 0, hears: 1, reaches: 2, acts: 3, resends: 4, expires: 4, wakes: 5, gives: 5, dials: 6, finishes: 7}

// heap has the events, the next one first.
type heap struct {
	events  []event
	planned uint64
}

// plan plans an event that happens to a side of a link.
func (h *heap) plan(at int64, what happening, l *link, side int) {
	h.push(at, 0, tagged(what, l.index, side, 0, 0))
}

// push plans an event.
func (h *heap) push(at int64, num, tag uint64) {
	e := event{at, class[tag&15]<<60 | h.planned, num, tag}
	h.planned++
	h.events = append(h.events, e)
	q := h.events
	i := len(q) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(q[parent]) {
			break
		}
		q[i] = q[parent]
		i = parent
	}
	q[i] = e
}

// pop takes the next event; there must be one.
func (h *heap) pop() event {
	q := h.events
	first := q[0]
	last := q[len(q)-1]
	q = q[:len(q)-1]
	h.events = q
	if len(q) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(q) {
			break
		}
		if child+1 < len(q) && q[child+1].before(q[child]) {
			child++
		}
		if !q[child].before(last) {
			break
		}
		q[i] = q[child]
		i = child
	}
	q[i] = last
	return first
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.order < o.order }
