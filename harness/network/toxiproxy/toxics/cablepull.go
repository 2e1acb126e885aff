package toxics

import (
	"encoding/json"
	"sync/atomic"

	"github.com/flatline-go/flatline/harness/network"
)

// CablePull is a cable that can be pulled: while it is cut, in one direction or
// both, bytes and closings are withheld. It goes on reading into a buffer, so
// that it sees an end hanging up, and the ends see what they would see: nothing.
// Once it heals, held bytes flow on, at once and in order, and then held
// closings. A connection that was made during a cut stays dead, in both
// directions: its SYN was lost.
//
// Attributes, besides cable and stream:
//
//   - cut: "none", "this-way" or "both-ways" (at the same instant, which is that
//     of the update);
//   - fault: a number that the proof of the next cut repeats;
//   - buffer_bytes: how much it reads ahead of what it may pass; fixed, by
//     default 1 MiB. Beyond, the sender blocks;
//   - end: true ends all connections of the cable, for good.
//
// It is safe for concurrent use.
type CablePull struct {
	pipe
	pull atomic.Pointer[pull] // nil until the first attributes or connection
}

// A pull is a CablePull on its cable.
type pull struct {
	place
	pullAttributes
	strike *network.Strike // while it cuts
}

type pullAttributes struct {
	position
	Buffer int64 `json:"buffer_bytes"`
	Cut    Reach `json:"cut"`
	Fault  int64 `json:"fault"`
	End    bool  `json:"end"`
}

func (t *pullAttributes) read(a *attributes) error {
	t.position.read(a)
	a.count("buffer_bytes", &t.Buffer, 1)
	word(a, "cut", &t.Cut, reaches...)
	a.count("fault", &t.Fault, 0)
	a.flag("end", &t.End)
	return a.done()
}

// UnmarshalJSON adds the toxic to its cable, or updates it. An error changes
// nothing.
func (t *CablePull) UnmarshalJSON(data []byte) error {
	a := parse(data)
	if p := t.pull.Load(); p != nil {
		p.settle()
		p.cable.mu.Lock()
		defer p.cable.mu.Unlock()
		next := p.pullAttributes
		if err := next.read(a); err != nil {
			return err
		}
		return p.update(next)
	}
	a.require("cable", "stream")
	next := pullAttributes{Buffer: defaultBuffer, Cut: None}
	if err := next.read(a); err != nil {
		return err
	}
	return join(next.Cable,
		func(c *cable) bool { return c.pulls[next.direction()] != nil },
		func(c *cable) error {
			p := newPull(c, next.position, next.Buffer)
			if err := p.update(next); err != nil {
				return err
			}
			t.take(p)
			return nil
		})
}

func newPull(c *cable, at position, buffer int64) *pull {
	return &pull{
		place:          newPlace(c, at),
		pullAttributes: pullAttributes{position: at, Buffer: buffer, Cut: None},
	}
}

// take puts the toxic on its cable, which is locked.
func (t *CablePull) take(p *pull) {
	p.cable.pulls[p.stream] = p
	p.cable.add(&p.place)
	t.pull.Store(p)
}

// update makes the attributes what next says. The cable is locked.
func (p *pull) update(next pullAttributes) error {
	if err := p.position.fixed(next.position); err != nil {
		return err
	}
	if err := fixed("buffer_bytes", p.Buffer, next.Buffer); err != nil {
		return err
	}
	c := p.cable
	if next.Cut != None && c.pulls[opposite(p.stream)] == nil {
		return alone("cut", CablePullType, &p.place)
	}
	changed := next.Cut != p.Cut
	p.pullAttributes = next
	if changed {
		now := clock()
		c.finish(&p.strike, now)
		if next.Cut != None {
			p.strike = c.strike(next.Fault, now)
		}
		c.wake()
	}
	if next.End {
		c.end()
	}
	return nil
}

// MarshalJSON gives the attributes, and the proof if this toxic reports it.
func (t *CablePull) MarshalJSON() ([]byte, error) {
	var now struct {
		pullAttributes
		Proof *Proof `json:"proof,omitempty"`
	}
	if p := t.pull.Load(); p != nil {
		p.cable.mu.Lock()
		now.pullAttributes = p.pullAttributes
		now.End = p.cable.ended
		now.Proof = p.proof()
		p.cable.mu.Unlock()
	}
	return json.Marshal(now)
}

// NewState is called by Toxiproxy for each connection.
func (t *CablePull) NewState() any {
	p := t.pull.Load()
	if p == nil { // it was added without attributes, and is on no cable
		p = newPull(newCable(), position{}, defaultBuffer)
		t.take(p)
	}
	p.cable.mu.Lock()
	defer p.cable.mu.Unlock()
	return p.cable.connect(&p.place, cableGate{}, p.Buffer)
}

// cableGate is what a CablePull lets pass.
type cableGate struct{}

func (cableGate) withholds() bool { return true }

// admit takes all, but on a dead link, which nothing will ever pass.
func (cableGate) admit(p *pump, it *item, _ int64) bool {
	f := p.flow
	if !f.link.Dead {
		return true
	}
	f.withheld(p.dir, *it, f.killer)
	return false
}

func (cableGate) opens(p *pump, now int64) int64 {
	s := p.flow.cable.cutter(p.dir)
	if s == nil {
		return now
	}
	p.withhold(s)
	return forever
}

func (cableGate) expires(*pump, int64) int64 { return forever }
