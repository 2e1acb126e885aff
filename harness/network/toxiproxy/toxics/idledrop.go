package toxics

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// IdleDrop is a stateful firewall. Once no byte passed it, in either direction,
// for some time, it forgets the connection, in both. What it does from then on
// is its mode:
//
//   - "silent": it withholds all bytes and closings;
//   - "reset-on-send": it does so too, but ends the connection of whoever sends
//     a byte; the other end learns nothing;
//   - "reset-at-idle": it ends both connections as it forgets.
//
// Ends get what Toxiproxy can give them when it closes their connection: a FIN,
// or an RST if bytes were on their way.
//
// Attributes, besides cable and stream; the toxics of both streams are one
// firewall, so it doesn't matter which is updated:
//
//   - idle_ns: the time; 0, the default, is a firewall that forgets nothing;
//   - mode: silent by default;
//   - fault: a number that the proof repeats.
//
// A flow that was already idle for longer is forgotten at the instant of the
// update. What it has forgotten stays forgotten when it is switched off.
//
// It is safe for concurrent use.
type IdleDrop struct {
	pipe
	drop atomic.Pointer[drop] // nil until the first attributes or connection
}

// A drop is an IdleDrop on its cable.
type drop struct {
	place
	position
}

// A firewall is what the drops of a cable do.
type firewall struct {
	Idle  time.Duration     `json:"idle_ns"`
	Mode  scenario.DropMode `json:"mode"`
	Fault int64             `json:"fault"`

	strike *network.Strike // while it is switched on
}

type dropAttributes struct {
	position
	firewall
}

func (t *dropAttributes) read(a *attributes) error {
	t.position.read(a)
	a.span("idle_ns", &t.Idle)
	word(a, "mode", &t.Mode, scenario.DropSilent, scenario.DropResetOnSend, scenario.DropResetAtIdle)
	a.count("fault", &t.Fault, 0)
	return a.done()
}

// UnmarshalJSON adds the toxic to its cable, or updates it. An error changes
// nothing.
func (t *IdleDrop) UnmarshalJSON(data []byte) error {
	a := parse(data)
	if d := t.drop.Load(); d != nil {
		d.settle()
		d.cable.mu.Lock()
		defer d.cable.mu.Unlock()
		next := dropAttributes{d.position, d.cable.firewall}
		if err := next.read(a); err != nil {
			return err
		}
		return d.update(next)
	}
	a.require("cable", "stream")
	next := dropAttributes{firewall: firewall{Mode: scenario.DropSilent}}
	if err := next.read(a); err != nil {
		return err
	}
	return join(next.Cable,
		func(c *cable) bool { return c.drops[next.direction()] != nil },
		func(c *cable) error {
			d := &drop{place: newPlace(c, next.position), position: next.position}
			if err := d.update(next); err != nil {
				return err
			}
			t.take(d)
			return nil
		})
}

// take puts the toxic on its cable, which is locked.
func (t *IdleDrop) take(d *drop) {
	d.cable.drops[d.stream] = d
	d.cable.add(&d.place)
	t.drop.Store(d)
}

// update makes the attributes what next says. The cable is locked.
func (d *drop) update(next dropAttributes) error {
	if err := d.position.fixed(next.position); err != nil {
		return err
	}
	c := d.cable
	if next.Idle > 0 && c.drops[opposite(d.stream)] == nil {
		return alone("idle_ns", IdleDropType, &d.place)
	}
	w := &c.firewall
	changed := next.Idle != w.Idle || next.Idle > 0 && next.Mode != w.Mode
	now := clock()
	c.expire(now) // by the law that was
	w.Idle, w.Mode, w.Fault = next.Idle, next.Mode, next.Fault
	if changed {
		c.finish(&w.strike, now)
		if w.Idle > 0 {
			w.strike = c.strike(w.Fault, now)
		}
		c.wake()
	}
	return nil
}

// MarshalJSON gives the attributes, and the proof if this toxic reports it.
func (t *IdleDrop) MarshalJSON() ([]byte, error) {
	var now struct {
		dropAttributes
		Proof *Proof `json:"proof,omitempty"`
	}
	if d := t.drop.Load(); d != nil {
		d.cable.mu.Lock()
		now.dropAttributes = dropAttributes{d.position, d.cable.firewall}
		now.Proof = d.proof()
		d.cable.mu.Unlock()
	}
	return json.Marshal(now)
}

// NewState is called by Toxiproxy for each connection.
func (t *IdleDrop) NewState() any {
	d := t.drop.Load()
	if d == nil { // it was added without attributes, and is on no cable
		d = &drop{place: newPlace(newCable(), position{})}
		t.take(d)
	}
	d.cable.mu.Lock()
	defer d.cable.mu.Unlock()
	return d.cable.connect(&d.place, firewallGate{}, 0)
}

// firewallGate is what an IdleDrop lets pass. It holds nothing: a byte passes
// as it arrives, or never.
type firewallGate struct{}

func (firewallGate) withholds() bool { return true }

func (firewallGate) admit(p *pump, it *item, now int64) bool {
	f := p.flow
	f.expire(it.at) // when it came, not when this goroutine got to run
	if f.forgetter == nil {
		f.touched = max(f.touched, it.at)
		return true
	}
	f.withheld(p.dir, *it, f.forgetter)
	if f.mode == scenario.DropResetOnSend && !it.closing() {
		f.reset(opposite(p.dir), now)
	}
	return false
}

func (firewallGate) opens(_ *pump, now int64) int64 { return now }

func (firewallGate) expires(p *pump, now int64) int64 { return p.flow.expire(now) }

// expire forgets all flows that are due.
func (c *cable) expire(now int64) {
	for f := range c.live {
		f.expire(now)
	}
}

// expire forgets the flow if that is due, and otherwise says when it will be.
func (f *flow) expire(now int64) int64 {
	w := &f.cable.firewall
	if w.strike == nil || f.forgetter != nil || f.link.Dead {
		return forever
	}
	due := max(w.strike.On, f.touched+int64(w.Idle))
	if now < due {
		return due
	}
	f.link.Forgotten, f.forgetter, f.mode = due, w.strike, w.Mode
	if first := &w.strike.Forgotten; *first == network.Never || due < *first {
		*first = due
	}
	if f.mode == scenario.DropResetAtIdle {
		f.reset(stream.Upstream, now)
		f.reset(stream.Downstream, now)
	}
	return forever
}

// reset makes the firewall end the receiving end's connection of a direction.
// That end's own direction is not told: it is withheld anyway.
func (f *flow) reset(d stream.Direction, now int64) {
	for _, p := range f.ways[d].chain {
		if p.place != &f.cable.drops[d].place || p.ended {
			continue
		}
		p.ended = true
		p.nudge()
		if !f.ways[opposite(d)].gone {
			f.proof(d).Ended = now
			f.forgetter.Ended++
		}
	}
}
