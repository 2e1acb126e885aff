package relay

import (
	"math/rand/v2"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// What becomes of a datagram, without sockets and clocks: instants are arguments.

// channel is a path's faults and links.
type channel struct {
	setup   network.Setup
	links   []*link
	strikes []*strike
	healed  int64 // when the last fault ended; network.Never: none has
}

func newChannel(setup network.Setup) *channel { return &channel{setup: setup, healed: network.Never} }

// link is one client's.
type link struct {
	network.Link
	number    int
	used      int64 // when a datagram last passed, either way; at first, when the link was born
	forgotten bool  // by a firewall: nothing passes any more
	ways      [2]way
}

// way is a link in one direction.
type way struct {
	to     heartbeat.Side
	flow   *network.Flow
	delays *rand.Rand
	due    int64 // the latest instant at which a delayed datagram leaves
}

// strike is one application of a fault.
type strike struct {
	network.Strike
	network.Fault
	chances map[*way]*chance
}

// chance is what a fault decides with, on one way. Each has a sequence of its own,
// so that the n-th datagram meets the same whatever others do.
type chance struct {
	*rand.Rand
	bad  bool     // of BurstLoss: nothing passes
	held [][]byte // of Reordering: until the next one has passed
}

// join is a new link.
func (c *channel) join(now int64) *link {
	l := &link{number: len(c.links), used: now}
	l.Link = network.Link{Born: now, Up: network.Untouched(), Down: network.Untouched()}
	for i, flow := range []*network.Flow{&l.Up, &l.Down} {
		l.ways[i] = way{flow: flow, to: heartbeat.ServerSide, delays: rand.New(rand.NewPCG(c.setup.Seed, l.sequence(i)))}
	}
	l.ways[1].to = heartbeat.ClientSide
	c.links = append(c.links, l)
	return l
}

// sequence numbers the ways of all links.
func (l *link) sequence(i int) uint64 { return uint64(l.number)<<1 | uint64(i) }

func (l *link) up() *way   { return &l.ways[0] }
func (l *link) down() *way { return &l.ways[1] }

// active are the strikes that last.
func (c *channel) active() (on []*strike) {
	for _, s := range c.strikes {
		if s.Off == network.Never {
			on = append(on, s)
		}
	}
	return on
}

// on begins a fault.
func (c *channel) on(i int, now int64) *strike {
	s := &strike{Fault: c.setup.Faults[i], chances: map[*way]*chance{}}
	s.Strike = network.Strike{
		Fault: i, On: now, Off: network.Never, Forgotten: network.Never, Counted: true,
		LastPassedUp: network.Never, LastPassedDown: network.Never,
	}
	for _, l := range c.links {
		s.LastPassedUp = max(s.LastPassedUp, l.Up.LastPassed)
		s.LastPassedDown = max(s.LastPassedDown, l.Down.LastPassed)
	}
	if s.Kind == scenario.NATRebind && len(c.links) > 0 {
		s.Forgotten = now
	}
	c.strikes = append(c.strikes, s)
	return s
}

// off ends a strike. What it held back is lost.
func (c *channel) off(s *strike, now int64) {
	c.look(now)
	for w, h := range s.chances {
		for _, d := range h.held {
			lost(s, w, len(d))
		}
	}
	s.Off, c.healed = now, now
}

// look lets firewalls forget what is idle.
func (c *channel) look(now int64) {
	for _, s := range c.active() {
		for _, l := range c.links {
			c.forget(s, l, now)
		}
	}
}

// forget lets a firewall forget a link that is idle.
func (c *channel) forget(s *strike, l *link, now int64) {
	at := max(s.On, l.used+int64(s.Idle))
	if s.Kind != scenario.IdleDrop || l.forgotten || now < at {
		return
	}
	l.forgotten = true
	if s.Forgotten == network.Never || at < s.Forgotten {
		s.Forgotten = at
	}
}

// lost withholds n bytes on w, for a strike's sake; nil: of one that is over.
func lost(s *strike, w *way, n int) {
	w.flow.Withheld += int64(n)
	switch {
	case s == nil:
	case w.to == heartbeat.ServerSide:
		s.WithheldUp += int64(n)
	default:
		s.WithheldDown += int64(n)
	}
}

// pass is what comes out of the faults at the client's end when d goes in: nothing,
// d, or more.
func (c *channel) pass(l *link, w *way, d []byte, now int64) (out [][]byte) {
	for _, s := range c.active() {
		c.forget(s, l, now)
		if c.stops(s, w) {
			lost(s, w, len(d))
			return nil
		}
	}
	if l.forgotten {
		lost(c.firewall(), w, len(d))
		return nil
	}
	out = [][]byte{d}
	for _, s := range c.active() {
		if s.concerns(w) {
			out = c.shuffle(s, w, out)
		}
	}
	for _, d := range out {
		c.passed(l, w, d, now)
	}
	return out
}

// firewall is the strike that forgets; nil: it is over.
func (c *channel) firewall() *strike {
	for _, s := range c.active() {
		if s.Kind == scenario.IdleDrop {
			return s
		}
	}
	return nil
}

// stops says whether a strike lets nothing pass, or not this one.
func (c *channel) stops(s *strike, w *way) bool {
	up, down := s.Kind.Cuts()
	switch {
	case up && w.to == heartbeat.ServerSide || down && w.to == heartbeat.ClientSide:
		return true
	case s.concerns(w) && (s.Kind == scenario.Loss || s.Kind == scenario.BurstLoss):
		return c.chance(s, w).loses(s.Fault)
	}
	return false
}

// concerns says whether a fault is about the way.
func (s *strike) concerns(w *way) bool { return s.Toward == "" || s.Toward == w.to }

func (c *channel) chance(s *strike, w *way) *chance {
	known := s.chances[w]
	if known == nil {
		sequence := uint64(0)
		for i, l := range c.links {
			for j := range l.ways {
				if &l.ways[j] == w {
					sequence = uint64(i)<<1 | uint64(j)
				}
			}
		}
		known = &chance{Rand: rand.New(rand.NewPCG(c.setup.Seed, uint64(s.Strike.Fault+1)<<32|sequence))}
		s.chances[w] = known
	}
	return known
}

// hits says whether this datagram is one of the share.
func (h *chance) hits(percent float64) bool { return 100*h.Float64() < percent }

// loses says whether a datagram is lost. In bursts: a bad spell ends with each
// datagram by 1/Burst, and one begins as often as makes Percent of all bad.
func (h *chance) loses(f network.Fault) bool {
	if f.Kind == scenario.Loss {
		return h.hits(f.Percent)
	}
	share := f.Percent / 100
	if h.bad {
		h.bad = share == 1 || h.Float64() >= 1/f.Burst
	} else {
		h.bad = share == 1 || h.Float64() < share/(1-share)/f.Burst
	}
	return h.bad
}

// shuffle doubles datagrams, and lets them overtake each other.
func (c *channel) shuffle(s *strike, w *way, in [][]byte) (out [][]byte) {
	h := c.chance(s, w)
	for _, d := range in {
		switch s.Kind {
		case scenario.Duplication:
			out = append(out, d)
			if h.hits(s.Percent) {
				out = append(out, d)
				s.Doubled++
			}
		case scenario.Reordering:
			if h.held == nil && h.hits(s.Percent) {
				h.held = [][]byte{d}
				continue
			}
			out = append(append(out, d), h.held...)
			s.Overtaken += int64(len(h.held))
			h.held = nil
		default:
			out = append(out, d)
		}
	}
	return out
}

// passed notes that d has.
func (c *channel) passed(l *link, w *way, d []byte, now int64) {
	f := w.flow
	if f.Passed == 0 {
		f.FirstPassed = now
	}
	f.Passed += int64(len(d))
	f.LastPassed, l.used = now, now
	if f.Resumed < c.healed {
		f.Resumed = now
	}
	for _, s := range c.active() {
		if w.to == heartbeat.ServerSide {
			s.PassedUp += int64(len(d))
		} else {
			s.PassedDown += int64(len(d))
		}
	}
}

// delay is when d, which goes in now, leaves the network: never before one that
// went in before it.
func (c *channel) delay(w *way, now int64) int64 {
	law := c.setup.Delay
	var step *strike
	for _, s := range c.active() {
		if s.Kind == scenario.Latency && s.concerns(w) {
			law, step = s.Fault.Delay, s
		}
	}
	w.due = max(w.due, now+int64(law.Draw(w.delays)))
	if step != nil && w.due > now {
		step.Delayed++
	}
	return w.due
}

// observation is the proof so far.
func (c *channel) observation(now int64) (o network.Observation) {
	c.look(now)
	for _, l := range c.links {
		o.Links = append(o.Links, l.Link)
	}
	for _, s := range c.strikes {
		o.Strikes = append(o.Strikes, s.Strike)
	}
	return o
}
