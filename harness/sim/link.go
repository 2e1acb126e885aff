package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// The two sides and, as each way begins at one of them, the two ways.
const (
	client, up   = 0, 0
	server, down = 1, 1
)

var sides = [...]heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}

// link is a connection of the client to the server.
type link struct {
	index  int32
	proof  network.Link
	killer *network.Strike // the cut that it was born in, or nil
	ends   [2]end
	flows  [2]flow

	touched   int64           // when the firewall last passed a byte, or the birth
	forgetter *network.Strike // the firewall that forgot it, or nil
	mode      scenario.DropMode
}

// flow is one way of a link.
type flow struct {
	random  *rand.Rand // of its delays
	weather weather
	sent    uint32 // items so far
	last    int64  // when the latest item will arrive: a stream keeps its order
	written int64  // when it was sent: what a stream is given at one instant goes in one segment
	lost    bool   // that segment
	gone    bool   // the sending end has hung up
	over    bool   // the receiving end's connection was closed: nothing more arrives
	held    []item // what waits, in a stream: a cut withholds it, or its head was lost
	timer   bool   // of its retransmission: it runs
	rtt     rtt
	stopped uint32 // how far items were ever withheld
}

// item is what is sent: a frame or a closing.
type item struct {
	num uint64 // the frame's number; of data, its index among the messages
	pos uint32 // in its flow
	typ session.Type
}

// The types of closings, beside those of frames.
const (
	closing session.Type = 0 // an end hung up
	cutOff  session.Type = 7 // the network's own doing
)

func (it item) closes() bool { return it.typ == closing || it.typ == cutOff }

// message is a data frame under way.
type message struct {
	seq     uint64
	payload []byte
}

func (w *world) bytes(it item) int64 {
	switch it.typ {
	case closing, cutOff:
		return 0
	case session.Data:
		return int64(session.HeaderSize + len(w.messages[it.num].payload))
	default:
		return session.HeaderSize
	}
}

// connect makes a link. As behind a proxy the connection itself takes no time;
// one that is made while a way is cut is dead.
func (w *world) connect() *link {
	l := &link{
		index: int32(len(w.links)), touched: w.now,
		proof: network.Link{Born: w.now, Up: network.Untouched(), Down: network.Untouched()},
	}
	for way := range l.flows {
		f := &l.flows[way]
		f.random = network.Sequence(w.setup.Seed, int(l.index), network.Way(way))
		f.weather.random = rand.New(rand.NewPCG(^w.setup.Seed, uint64(l.index)<<1|uint64(way)))
		f.weather.begin(&w.model.Loss, w.now)
		f.written = network.Never
		if s := w.cuts[way]; s != nil && w.model.stream() && l.killer == nil {
			l.killer, l.proof.Dead = s, true
			s.Dials++
		}
	}
	if w.lossy { // the handshake is the first sample
		for way := range l.flows {
			f := &l.flows[way]
			f.rtt.sample(w.delays[up].draw(f.random) + w.delays[down].draw(f.random))
		}
	}
	w.links = append(w.links, l)
	if w.firewall.strike != nil {
		w.plan(w.now+int64(w.firewall.idle), expires, l, 0)
	}
	return l
}

func (l *link) flow(way int) *network.Flow {
	if way == up {
		return &l.proof.Up
	}
	return &l.proof.Down
}

// send takes what a side sends.
func (w *world) send(l *link, from int, it item) {
	f := &l.flows[from]
	if f.over {
		return
	}
	it.pos = f.sent
	f.sent++
	if len(f.held) > 0 {
		if s := w.cuts[from]; s != nil && from == up {
			w.withheld(l, from, it, s)
		}
		w.hold(l, from, it)
		return
	}
	if from == down || w.passes(l, up, it) {
		w.transmit(l, from, it)
	}
}

// transmit carries an item between the client's end of the network and the
// server, where the model's delay and loss are.
func (w *world) transmit(l *link, way int, it item) {
	f := &l.flows[way]
	switch w.model.Delivery {
	case UDP:
		if it.closes() {
			return
		}
		if !f.weather.loses(&w.model.Loss, w.now) {
			w.arrive(l, way, it, w.now+w.delay(f, way, it))
		}
		if w.model.Duplicate > 0 && f.weather.random.Float64() < w.model.Duplicate {
			w.arrive(l, way, it, w.now+w.delay(f, way, it))
		}
	default:
		if f.written != w.now { // else it goes with what was written before
			f.written = w.now
			f.lost = f.weather.loses(&w.model.Loss, w.now)
			if !f.lost {
				d := w.delay(f, way, it)
				f.last = max(f.last, w.now+d)
				if w.lossy {
					f.rtt.sample(d + w.delays[1-way].draw(f.random))
				}
			}
		}
		if f.lost {
			w.hold(l, way, it)
			return
		}
		w.arrive(l, way, it, f.last)
	}
}

// delay is the next item's.
func (w *world) delay(f *flow, way int, it item) int64 {
	d := w.delays[way].draw(f.random)
	if s := w.slow[way]; s != nil && d > 0 && !it.closes() {
		s.Delayed++
	}
	if w.model.Reorder > 0 && f.weather.random.Float64() < w.model.Reorder {
		d += int64(w.model.ReorderBy)
	}
	return d
}

func (w *world) arrive(l *link, way int, it item, at int64) {
	w.push(at, it.num, tagged(reaches, l.index, 1-way, it.typ, it.pos))
}

// item is what an event is about.
func (e event) item() item { return item{e.num, e.pos(), e.typ()} }

// reach is an item's arrival at the client's end of the network, or at the server.
// What the network does to it is decided now, also where the side stands still and
// hears of it only later.
func (w *world) reach(e event) {
	l, to := w.links[e.link()], e.side()
	way := 1 - to
	f := &l.flows[way]
	it := e.item()
	if way == down {
		if len(f.held) > 0 {
			w.hold(l, way, it)
			return
		}
		if !w.passes(l, way, it) {
			return
		}
	}
	f.rtt.backoff = 0
	if it.typ == closing && !f.over {
		l.flow(way).Closed = w.now
	}
	if until := w.lab.asleep[to]; until > w.now {
		w.push(until, it.num, tagged(hears, l.index, to, it.typ, it.pos))
		return
	}
	w.deliver(l, to, it)
}

// hold makes an item of a stream wait: behind what was sent before it.
func (w *world) hold(l *link, way int, it item) {
	f := &l.flows[way]
	at := len(f.held)
	for at > 0 && f.held[at-1].pos > it.pos {
		at--
	}
	f.held = slices.Insert(f.held, at, it)
	if w.model.Delivery == TCP && !f.timer {
		f.timer = true
		w.plan(w.now+f.rtt.rto(), resends, l, way)
	}
}

// resend sends all that waits, as one segment, or waits for twice as long.
func (w *world) resend(e event) {
	l, way := w.links[e.link()], e.side()
	f := &l.flows[way]
	f.timer = false
	if len(f.held) == 0 || f.over || l.killer != nil {
		return
	}
	f.rtt.backoff++
	if way == up && w.cuts[up] != nil || f.weather.loses(&w.model.Loss, w.now) {
		f.timer = true
		w.plan(w.now+f.rtt.rto(), resends, l, way)
		return
	}
	f.last = max(f.last, w.now+w.delay(f, way, f.held[0]))
	w.release(l, way, func(it item) { w.arrive(l, way, it, f.last) })
}

// release lets what waits go on, past the client's end of the network.
func (w *world) release(l *link, way int, onward func(item)) {
	f := &l.flows[way]
	held := f.held
	f.held = w.spare[:0] // what is stopped again waits anew
	for _, it := range held {
		if way == down || w.passes(l, up, it) {
			onward(it)
		}
	}
	w.spare = held
}

// rtt estimates the round trip, and from it the retransmission timeout: RFC 6298,
// with Linux's floor of 200 ms under the variance's part, and without the one of
// a second.
type rtt struct {
	known        bool
	srtt, rttvar int64
	backoff      uint // how often the timer fired since something got through
}

const (
	rtoMin = int64(200 * time.Millisecond)
	rtoMax = int64(120 * time.Second)
)

// sample takes a round trip.
func (r *rtt) sample(x int64) {
	if !r.known {
		r.known, r.srtt, r.rttvar = true, x, x/2
		return
	}
	off := r.srtt - x
	r.rttvar += (max(off, -off) - r.rttvar) / 4
	r.srtt -= off / 8
}

// rto is the timeout that the next retransmission waits for.
func (r *rtt) rto() int64 {
	return min((r.srtt+max(4*r.rttvar, rtoMin))<<min(r.backoff, 30), rtoMax)
}
