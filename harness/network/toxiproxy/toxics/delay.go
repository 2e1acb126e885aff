package toxics

import (
	"encoding/json"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// Delay delays every chunk, and the closing, by a law; nothing overtakes. A
// chunk is what Toxiproxy read at once, so the n-th delay is reproducible, but
// not which bytes it meets. An update holds for what arrives after it; what has
// arrived keeps its time.
//
// Attributes, besides cable and stream:
//
//   - latency_ns, jitter_ns, law ("uniform", the default, or "normal"): the
//     network's own delay, by default none;
//   - step: "none", "this-way" or "both-ways" (at the same instant, which is that
//     of the update): whether the law is replaced, as a fault;
//   - step_latency_ns, step_jitter_ns, step_law: by what;
//   - fault: a number that the proof of the next step repeats;
//   - seed: of the jitter; fixed. Each connection and direction has a sequence
//     of its own;
//   - buffer_bytes: how much can be under way; fixed, by default 1 MiB. Beyond,
//     the sender blocks.
//
// It is safe for concurrent use.
type Delay struct {
	pipe
	lag atomic.Pointer[lag] // nil until the first attributes or connection
}

// A lag is a Delay on its cable.
type lag struct {
	place
	delayAttributes
	strike *network.Strike // while it steps
}

type delayAttributes struct {
	position
	Buffer      int64         `json:"buffer_bytes"`
	Seed        uint64        `json:"seed"`
	Latency     time.Duration `json:"latency_ns"`
	Jitter      time.Duration `json:"jitter_ns"`
	Law         scenario.Law  `json:"law"`
	Step        Reach         `json:"step"`
	StepLatency time.Duration `json:"step_latency_ns"`
	StepJitter  time.Duration `json:"step_jitter_ns"`
	StepLaw     scenario.Law  `json:"step_law"`
	Fault       int64         `json:"fault"`
}

func defaultDelay() delayAttributes {
	return delayAttributes{Buffer: defaultBuffer, Law: scenario.Uniform, Step: None, StepLaw: scenario.Uniform}
}

func (t *delayAttributes) read(a *attributes) error {
	t.position.read(a)
	a.count("buffer_bytes", &t.Buffer, 1)
	a.seed("seed", &t.Seed)
	a.span("latency_ns", &t.Latency)
	a.span("jitter_ns", &t.Jitter)
	word(a, "law", &t.Law, scenario.Uniform, scenario.Normal)
	word(a, "step", &t.Step, reaches...)
	a.span("step_latency_ns", &t.StepLatency)
	a.span("step_jitter_ns", &t.StepJitter)
	word(a, "step_law", &t.StepLaw, scenario.Uniform, scenario.Normal)
	a.count("fault", &t.Fault, 0)
	return a.done()
}

func (t *delayAttributes) own() network.Delay {
	return network.Delay{Latency: t.Latency, Jitter: t.Jitter, Law: t.Law}
}

func (t *delayAttributes) step() network.Delay {
	return network.Delay{Latency: t.StepLatency, Jitter: t.StepJitter, Law: t.StepLaw}
}

// UnmarshalJSON adds the toxic to its cable, or updates it. An error changes
// nothing.
func (t *Delay) UnmarshalJSON(data []byte) error {
	a := parse(data)
	if l := t.lag.Load(); l != nil {
		l.settle()
		l.cable.mu.Lock()
		defer l.cable.mu.Unlock()
		next := l.delayAttributes
		if err := next.read(a); err != nil {
			return err
		}
		return l.update(next)
	}
	a.require("cable", "stream")
	next := defaultDelay()
	if err := next.read(a); err != nil {
		return err
	}
	return join(next.Cable,
		func(c *cable) bool { return c.delays[next.direction()] != nil },
		func(c *cable) error {
			l := newLag(c, next)
			if err := l.update(next); err != nil {
				return err
			}
			t.take(l)
			return nil
		})
}

// newLag has the fixed attributes of first.
func newLag(c *cable, first delayAttributes) *lag {
	l := &lag{place: newPlace(c, first.position), delayAttributes: defaultDelay()}
	l.position, l.Buffer, l.Seed = first.position, first.Buffer, first.Seed
	return l
}

// take puts the toxic on its cable, which is locked.
func (t *Delay) take(l *lag) {
	l.cable.delays[l.stream] = l
	l.cable.add(&l.place)
	t.lag.Store(l)
}

// update makes the attributes what next says. The cable is locked.
func (l *lag) update(next delayAttributes) error {
	if err := l.position.fixed(next.position); err != nil {
		return err
	}
	if err := fixed("buffer_bytes", l.Buffer, next.Buffer); err != nil {
		return err
	}
	if err := fixed("seed", l.Seed, next.Seed); err != nil {
		return err
	}
	c := l.cable
	if next.Step == BothWays && c.delays[opposite(l.stream)] == nil {
		return alone("step", DelayType, &l.place)
	}
	changed := next.Step != l.Step || next.Step != None && next.step() != l.step()
	l.delayAttributes = next
	if changed {
		now := clock()
		c.finish(&l.strike, now)
		if next.Step != None {
			l.strike = c.strike(next.Fault, now)
		}
	}
	return nil
}

// MarshalJSON gives the attributes, and the proof if this toxic reports it.
func (t *Delay) MarshalJSON() ([]byte, error) {
	var now struct {
		delayAttributes
		Proof *Proof `json:"proof,omitempty"`
	}
	if l := t.lag.Load(); l != nil {
		l.cable.mu.Lock()
		now.delayAttributes = l.delayAttributes
		now.Proof = l.proof()
		l.cable.mu.Unlock()
	}
	return json.Marshal(now)
}

// NewState is called by Toxiproxy for each connection.
func (t *Delay) NewState() any {
	l := t.lag.Load()
	if l == nil { // it was added without attributes, and is on no cable
		l = newLag(newCable(), defaultDelay())
		t.take(l)
	}
	l.cable.mu.Lock()
	defer l.cable.mu.Unlock()
	return l.cable.connect(&l.place, delayGate{network.Sequence(l.Seed, l.links, network.Way(l.stream))}, l.Buffer)
}

// delayGate is when a Delay lets go of what arrived. The queue is first in,
// first out: a late item holds up those behind it.
type delayGate struct {
	random *rand.Rand
}

func (delayGate) withholds() bool { return false }

func (g delayGate) admit(p *pump, it *item, now int64) bool {
	law, strike := p.flow.cable.law(p.dir)
	it.due = it.at + int64(law.Draw(g.random))
	if strike != nil && it.due > now && !it.closing() {
		strike.Delayed++
	}
	return true
}

func (delayGate) opens(p *pump, _ int64) int64 { return p.queue[0].due }

func (delayGate) expires(*pump, int64) int64 { return forever }
