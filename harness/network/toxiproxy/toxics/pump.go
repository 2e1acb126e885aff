package toxics

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	stock "github.com/Shopify/toxiproxy/v2/toxics"

	"github.com/flatline-go/flatline/harness/network"
)

// linger is how long a pump waits for somebody to take what it has let go, once
// the receiving end is gone. Toxiproxy goes on writing to an end that only
// closed its half; but it doesn't say when it has given up.
const linger = time.Second

// A pump carries one direction of one flow through one toxic. It is the
// toxic's state: Toxiproxy interrupts a pipe on every update and starts it
// again, and nothing may be lost between.
//
// Items arrive, wait in the queue until the gate opens, and then are in the
// hand: let go, as if in the receiver's kernel, but not yet taken by the next
// toxic. Only one can be, so a decision and its instant are made under the
// cable's lock, and yet the pump never holds the lock while it waits.
type pump struct {
	flow  *flow
	dir   stream.Direction
	place *place
	gate  gate
	limit int64 // of the queue, in bytes; 0: it holds nothing

	// Guarded by the cable's lock.
	ended   bool          // the receiving end's connection is to be closed
	entered chan struct{} // closed while, or once, the pipe runs

	wake chan struct{} // something changed; holds one

	// Of the pipe's goroutine alone.
	queue   []item
	held    int64 // bytes in the queue
	arrived int64 // bytes ever
	heard   bool  // the closing arrived: it was the last item
	closed  bool  // the output is
	hand    *stream.StreamChunk
	stuck   int64           // since when nobody takes the hand, the receiving end being gone
	marker  *network.Strike // that withheld the queue, or withholds it
	marked  int             // how many items of it are counted, since then
}

// An item is what passes a toxic: a chunk of bytes, or the closing.
type item struct {
	chunk *stream.StreamChunk // nil: the closing
	end   int64               // offset of its end in the direction
	at    int64               // when it arrived, or, once held, when it was let go
	due   int64               // when a delay lets it go
}

func (it item) closing() bool { return it.chunk == nil }

func (it item) bytes() int64 {
	if it.closing() {
		return 0
	}
	return int64(len(it.chunk.Data))
}

// A gate is a toxic's judgement. Its methods are called with the cable locked,
// by the pipe's goroutine.
type gate interface {
	// withholds says whether the gate may stop items for good.
	withholds() bool
	// admit judges what arrives; it swallows what it doesn't admit.
	admit(p *pump, it *item, now int64) bool
	// opens is the instant from which the head of the queue may go, perhaps a
	// past one; forever: not before something changes, and then the queue is
	// counted as withheld.
	opens(p *pump, now int64) int64
	// expires does what is due without anything arriving, and is the next
	// instant at which something will be.
	expires(p *pump, now int64) int64
}

// plan is what a pump can do next.
type plan struct {
	reads bool  // there is room
	alarm int64 // when to plan again at the latest
	over  bool  // close the output, and swallow the rest
}

// run is a toxic's Pipe. It returns when it is interrupted, or with the output
// closed and the input read to its end: else Toxiproxy's goroutines before it
// would block for ever.
func (p *pump) run(stub *stock.ToxicStub) {
	p.enter()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := p.next()
		if next.over {
			break
		}
		var input <-chan *stream.StreamChunk
		if next.reads {
			input = stub.Input
		}
		var output chan<- *stream.StreamChunk
		if p.hand != nil {
			output = stub.Output
		}
		var alarm <-chan time.Time
		if next.alarm != forever {
			timer.Reset(time.Duration(next.alarm - clock()))
			alarm = timer.C
		}
		select {
		case <-stub.Interrupt:
			p.leave()
			return
		case chunk := <-input:
			p.arrive(chunk)
		case output <- p.hand:
			p.hand = nil
			p.stuck = 0
		case <-p.wake:
		case <-alarm:
		}
	}
	p.closed = true
	stub.Close()
	for !p.heard {
		p.arrive(<-stub.Input)
	}
	p.finish()
}

// arrive takes what the input gave; nil is the closing.
func (p *pump) arrive(chunk *stream.StreamChunk) {
	defer p.lock()()
	now := clock()
	it := item{chunk: chunk, at: now}
	if it.closing() {
		p.heard = true
		if p == p.way().chain[0] {
			p.flow.hangUp(p.dir, now)
		}
	} else {
		p.arrived += it.bytes()
		it.at = instant(chunk.Timestamp)
	}
	it.end = p.arrived
	if p.gate.admit(p, &it, now) && !p.closed {
		p.queue = append(p.queue, it)
		p.held += it.bytes()
		p.gate.opens(p, now)
	}
}

// next lets the head of the queue go if it may, and plans.
func (p *pump) next() plan {
	defer p.lock()()
	now := clock()
	alarm := p.gate.expires(p, now)
	opens := int64(forever)
	if len(p.queue) > 0 {
		opens = p.gate.opens(p, now)
		if opens <= now && p.hand == nil && p.letGo(now) {
			return p.over()
		}
		if opens > now {
			alarm = min(alarm, opens)
		}
	}
	room := !p.heard && (p.held < p.limit || len(p.queue) == 0 && p.hand == nil)

	senderGone, receiverGone := p.way().gone, p.flow.ways[opposite(p.dir)].gone
	shut := len(p.queue) > 0 && opens == forever
	if f := p.flow.proof(p.dir); shut && !room && !p.heard && f.Blind == 0 {
		f.Blind = now // the closing may lie behind what is not read
	}
	switch {
	case p.ended:
		return p.over()
	case senderGone && receiverGone && p.heard && p.hand == nil && (shut || len(p.queue) == 0):
		// All that could still come has come, and nobody is left to have it.
		return p.over()
	case receiverGone && !p.heard && shut && !room:
		// What is withheld has nobody to go to, and the buffer is full of it:
		// the sender's hang-up could not be seen.
		return p.over()
	case receiverGone && p.hand != nil:
		if p.stuck == 0 {
			p.stuck = now
		}
		givesUp := p.stuck + int64(linger)
		if givesUp <= now {
			return p.over()
		}
		alarm = min(alarm, givesUp)
	}
	return plan{reads: room, alarm: alarm}
}

// letGo puts the head of the queue into the hand; true: it was the closing.
func (p *pump) letGo(now int64) bool {
	it := p.queue[0]
	p.queue[0] = item{}
	p.queue = p.queue[1:]
	p.held -= it.bytes()
	if it.closing() {
		if p == p.way().last() {
			p.flow.proof(p.dir).Closed = now
		}
		return true
	}
	if p.limit > 0 {
		// The next toxic counts from here. What isn't held passes as it arrives.
		it.at = now
		it.chunk.Timestamp = timestamp(now)
	}
	if p == p.way().counter {
		p.flow.passed(p.dir, it.bytes(), it.at)
	}
	p.hand = it.chunk
	return false
}

// over notes that this pump closes its output.
func (p *pump) over() plan {
	p.ended = true
	if w := p.way(); p == w.last() {
		w.closed = true
	}
	return plan{over: true}
}

// withhold counts the queue as stopped by s, all that isn't yet.
func (p *pump) withhold(s *network.Strike) {
	if p.marker != s {
		p.marker, p.marked = s, 0
	}
	for ; p.marked < len(p.queue); p.marked++ {
		p.flow.withheld(p.dir, p.queue[p.marked], s)
	}
}

func (p *pump) enter() {
	defer p.lock()()
	close(p.entered)
}

func (p *pump) leave() {
	defer p.lock()()
	p.entered = make(chan struct{})
}

func (p *pump) finish() {
	defer p.lock()()
	delete(p.place.pumps, p)
	p.flow.finished()
}

// remove ends the connection because Toxiproxy takes the toxic away. The pipe
// doesn't run any more.
func (p *pump) remove(stub *stock.ToxicStub) {
	func() {
		defer p.lock()()
		p.ended = true
	}()
	stub.Close()
	go p.run(stub)
}

func (p *pump) nudge() {
	select {
	case p.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (p *pump) way() *way { return &p.flow.ways[p.dir] }

// lock locks the cable; the result unlocks it.
func (p *pump) lock() (unlock func()) {
	p.flow.cable.mu.Lock()
	return p.flow.cable.mu.Unlock
}
