package toxics

import (
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// A flow is one connection through a cable, in both directions. All of it is
// guarded by the cable's lock.
type flow struct {
	cable *cable
	link  network.Link // the proof, on this process's clock
	ways  [stream.NumDirections]way
	pumps int // that have not finished

	killer *network.Strike // the cut that the link was born in, or nil

	touched   int64             // when the firewall last passed a byte, or the birth
	forgetter *network.Strike   // by which the firewall has forgotten the flow, or nil
	mode      scenario.DropMode // at that instant
}

// A way is one direction of a flow.
type way struct {
	chain   []*pump
	counter *pump // counts what passed: the last that may withhold it
	gone    bool  // the sending end is gone: it hung up, or Toxiproxy closed its connection
	closed  bool  // Toxiproxy closes, or has closed, the receiving end's connection
	stopped int64 // how far bytes were ever withheld, as an offset in the direction
}

// last is the pump that the receiving end hears.
func (w *way) last() *pump { return w.chain[len(w.chain)-1] }

// connect makes the pump of a toxic for the next connection.
func (c *cable) connect(t *place, g gate, limit int64) *pump {
	now := clock()
	if t.links == c.born {
		c.forming = c.newFlow(now)
	}
	t.links++
	p := &pump{
		flow:    c.forming,
		dir:     t.stream,
		place:   t,
		gate:    g,
		limit:   limit,
		ended:   c.ended,
		wake:    make(chan struct{}, 1),
		entered: make(chan struct{}),
	}
	p.flow.pumps++
	w := p.way()
	w.chain = append(w.chain, p)
	if w.counter == nil || g.withholds() {
		w.counter = p
	}
	t.pumps[p] = struct{}{}
	return p
}

func (c *cable) newFlow(now int64) *flow {
	f := &flow{
		cable:   c,
		link:    network.Link{Born: now, Forgotten: network.Never, Up: network.Untouched(), Down: network.Untouched()},
		touched: now,
	}
	for d := range stream.NumDirections {
		if s := c.cutter(d); s != nil && f.killer == nil {
			f.killer = s
			f.link.Dead = true
			s.Dials++
		}
	}
	c.born++
	c.live[f] = struct{}{}
	if len(c.links) < maxLinks {
		c.links = append(c.links, f)
	}
	return f
}

// wake makes all pumps of the flow look at it again.
func (f *flow) wake() {
	for d := range f.ways {
		for _, p := range f.ways[d].chain {
			p.nudge()
		}
	}
}

func (f *flow) proof(d stream.Direction) *network.Flow {
	if d == stream.Upstream {
		return &f.link.Up
	}
	return &f.link.Down
}

// passed counts bytes that nothing can withhold any more.
func (f *flow) passed(d stream.Direction, bytes, at int64) {
	proof := f.proof(d)
	proof.Passed += bytes
	if proof.FirstPassed == network.Never {
		proof.FirstPassed = at
	}
	proof.LastPassed = at
	if healed := f.cable.healed; healed != network.Never && proof.Resumed < healed && at >= healed {
		proof.Resumed = at
	}
	f.cable.passed(d, bytes, at)
}

// withheld counts an item that s stops. Each strike counts all that it stops;
// the flow counts each byte once.
func (f *flow) withheld(d stream.Direction, it item, s *network.Strike) {
	if it.closing() {
		// Only of an end that hung up, to an end whose connection lives.
		if !f.ways[opposite(d)].closed && f.proof(d).Ended == network.Never {
			s.Closings++
		}
		return
	}
	bytes := it.bytes()
	if d == stream.Upstream {
		s.WithheldUp += bytes
	} else {
		s.WithheldDown += bytes
	}
	if w := &f.ways[d]; it.end > w.stopped {
		f.proof(d).Withheld += bytes
		w.stopped = it.end
	}
}

// hangUp notes that the sending end of a direction is gone.
func (f *flow) hangUp(d stream.Direction, now int64) {
	f.ways[d].gone = true
	// Where Toxiproxy has closed the connection itself, nobody can say when
	// that end hangs up.
	if !f.ways[opposite(d)].closed {
		f.proof(d).HungUp = now
	}
	f.wake()
}

// finished notes that a pump is.
func (f *flow) finished() {
	f.pumps--
	// Toxiproxy makes the downstream pumps last: those upstream may be through
	// before there are any.
	if f.pumps == 0 && len(f.ways[stream.Downstream].chain) > 0 {
		delete(f.cable.live, f)
		f.ways = [stream.NumDirections]way{}
	}
}
