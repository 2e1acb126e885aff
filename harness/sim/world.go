package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// world is a trial: everything that there is, and the events to come.
type world struct {
	heap
	setup  *Setup
	model  Model // with the scenario's own delay
	lossy  bool  // something may have to be sent again
	script script
	now    int64
	random *rand.Rand // of all that is not the network's
	rec    *[]trace.Event

	configs  [2]session.Config
	links    []*link
	current  [2]*link // whose session came up last
	messages []message
	said     uint64
	backoff  time.Duration
	spare    []item

	// What the network does now.
	delays     [2]Delay
	slow       [2]*network.Strike // the latency in force, each way
	cuts       [2]*network.Strike
	firewall   wall
	strikes    []*network.Strike
	lastPassed [2]int64
	healed     int64

	lab    lab
	result Result

	// What the measures rest on.
	strikeAt   int64    // the first fault's; network.Never: there was none yet
	silence    [2]int64 // until when a side may hear nothing of its peer; network.Never: it always could, never: a fault is in force
	unexcused  [2]bool  // to suspect the peer meanwhile is a mistake all the same
	struckLink [2]*link // the one that its session was on at the first fault; nil: it had none
	lost       [2][]eye // that a mistake of their own has ended, until the next session is up
}

// newWorld is a world at its beginning; rec takes what happens, nil: nobody
// wants to know.
func newWorld(s *Setup, rec *[]trace.Event) (*world, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	script, err := s.resolve()
	if err != nil {
		return nil, err
	}
	w := &world{
		setup: s, script: script, model: s.Model.with(script.delay), rec: rec,
		random:     rand.New(rand.NewPCG(s.Seed, 1<<63)),
		backoff:    subject.BackoffInitial / 2,
		lastPassed: [2]int64{network.Never, network.Never}, healed: network.Never, strikeAt: network.Never,
		silence: [2]int64{network.Never, network.Never},
		lab:     newLab(s, script),
	}
	for side := range sides {
		w.unexcused[side] = s.counts(sides[side])
	}
	w.delays = [2]Delay{w.model.Delay, w.model.Delay}
	if w.model.Delivery == TCP {
		w.lossy = w.model.Loss != Loss{}
		for _, f := range script.network {
			cutsUp, cutsDown := f.Kind.Cuts()
			w.lossy = w.lossy || cutsUp || cutsDown
		}
	}
	for side := range w.configs {
		c := s.Policy.Session(sides[side])
		c.Mode, c.HandshakeTimeout, c.MaxQueued = s.Mode, subject.Handshake, 1<<20
		c.Datagrams = !w.model.stream()
		if rec != nil {
			c.Observer = func(e session.Event) { w.record(trace.FromSession(e)) }
		}
		w.configs[side] = c
	}
	w.result.Watched = make([]Sides, len(s.Watch))
	w.push(0, 0, uint64(dials))
	w.push(int64(s.Life+comeUp), givesUp, uint64(acts))
	return w, nil
}

func (w *world) record(e trace.Event) {
	if w.rec != nil {
		*w.rec = append(*w.rec, e)
	}
}

// comeUp is how long the sides may take at most to hear each other.
const comeUp = time.Hour

// glance is after how many events to look whether anybody still waits.
const glance = 1 << 16

// run lets everything happen, in order.
func (w *world) run(ctx context.Context) error {
	for n := 1; !w.lab.over; n++ {
		if n%glance == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e := w.pop()
		w.now = e.at
		what, side := e.what(), e.side()
		if (what == hears || what == wakes) && w.lab.asleep[side] > w.now { // its loop stands still
			w.push(w.lab.asleep[side], e.num, e.tag)
			continue
		}
		if what.ofLink() && w.links[e.link()] == nil {
			continue
		}
		switch what {
		case thaws:
			w.thaw(side, int64(e.num))
		case hears:
			w.deliver(w.links[e.link()], side, e.item())
		case reaches:
			w.reach(e)
		case wakes:
			w.wakeUp(w.links[e.link()], side)
		case resends:
			w.resend(e)
		case expires:
			w.look(w.links[e.link()])
		case dials:
			if len(w.links) == mostLinks {
				return fmt.Errorf("the client has connected %d times", mostLinks)
			}
			w.dial()
		case gives:
			if l := w.links[e.link()]; l.ends[side].state == lingers {
				w.hangUp(l, side)
			}
		case acts:
			if err := w.act(e); err != nil {
				return err
			}
		case finishes:
			w.finish()
		}
	}
	w.result.Virtual = time.Duration(w.now)
	return nil
}

// look is the firewall's timer.
func (w *world) look(l *link) {
	if due, ok := w.expire(l); ok {
		w.plan(due, expires, l, 0)
	}
}

// NeverUpError is a trial in which there was nothing to strike.
type NeverUpError struct{ After time.Duration }

func (e NeverUpError) Error() string {
	return fmt.Sprintf("the two sides did not hear each other within %v: does the network let hellos through within %v?", e.After, subject.Handshake)
}
