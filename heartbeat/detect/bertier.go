package detect

import (
	"cmp"
	"fmt"
	"time"
)

// Bertier is Chen with a margin that follows the errors of its expectations:
// Bertier, Marin and Sens, "Implementation and performance evaluation of an
// adaptable failure detector" (2002).
//
//	error = A - EA - delay
//	delay = delay + Gamma error
//	var = var + Gamma (|error| - var)
//	deadline = EA + Beta delay + Phi var + Pause
//
// A is an arrival and EA its expectation, see Chen. delay and var begin as 0,
// so without a Pause the first beats that are the least bit late are mistakes.
// Nothing is clamped: where beats come too early for long, delay is negative,
// and the deadline may lie before EA + Pause.
//
// It keeps 8 bytes per sample. The first arrival after a stall of our own is
// not learned. As in Chen, one that comes an Interval or more away from where it
// was expected is not either, and the second in a row, or one that is off by all
// that is allowed after EA as well, begins EA anew; delay and var stay as they
// are.
type Bertier struct {
	// Interval is the time between two beats of the peer: 1ns to 24h. It must
	// be the sender's own.
	Interval time.Duration `json:"interval_ns"`
	// Pause is added to every deadline, so that a detection time can have a
	// lower bound. It is ours; 0: as published. At most 24h.
	Pause time.Duration `json:"pause_ns"`
	// Samples is how many arrivals EA is learned from, at most 10000; 0: 1000.
	Samples int `json:"samples"`
	// Gamma is the weight of the newest error, at most 1; 0: 0.1.
	Gamma float64 `json:"gamma"`
	// Beta is the weight of delay, at most 1000; 0: 1.
	Beta float64 `json:"beta"`
	// Phi is the weight of var, at most 1000; 0: 4.
	Phi float64 `json:"phi"`
}

// Name is "bertier".
func (Bertier) Name() string { return "bertier" }

// WithInterval is the same for beats that are d apart.
func (c Bertier) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c Bertier) Validate() error {
	return cmp.Or(
		validInterval(c.Name(), c.Interval),
		between(c.Name(), "pause", c.Pause, 0, longest),
		validSamples(c.Name(), c.Samples),
		between(c.Name(), "gamma", c.Gamma, 0, 1),
		between(c.Name(), "beta", c.Beta, 0, 1000),
		between(c.Name(), "phi", c.Phi, 0, 1000),
	)
}

// New makes the detector.
func (c Bertier) New() Detector {
	d, pause := int64(c.Interval), int64(c.Pause)
	return &bertier{
		silence: silence{interval: d, allowed: d + pause},
		pause:   pause,
		grid:    newGrid(d, samplesOf(c.Samples)),
		gamma:   cmp.Or(c.Gamma, 0.1),
		beta:    cmp.Or(c.Beta, 1),
		phi:     cmp.Or(c.Phi, 4),
	}
}

type bertier struct {
	silence
	pause            int64
	grid             grid
	gamma, beta, phi float64
	delay, variation float64 // in nanoseconds
}

func (b *bertier) Heard(kind Kind, seq uint64, now int64) {
	a, ok := b.hear(kind, seq, now)
	if !ok || a.late {
		return
	}
	if behind, ok := b.grid.learn(a, b.margin()); ok {
		b.adapt(float64(behind) - b.delay)
	}
	b.allowed = b.grid.expected(seq+1) + b.margin() - a.at
}

// adapt learns an error. The conversions keep compilers from fusing product
// and sum, which would round differently from machine to machine.
func (b *bertier) adapt(e float64) {
	b.delay += float64(b.gamma * e)
	b.variation += float64(b.gamma * (max(e, -e) - b.variation))
}

// margin is alpha and the pause: what is allowed after EA.
func (b *bertier) margin() int64 {
	return up(float64(b.beta*b.delay)+float64(b.phi*b.variation)) + b.pause
}

func (b *bertier) Explain() string {
	return fmt.Sprintf("bertier: silent since %s, next expected at %s by %d arrivals, delay %v, var %v, pause %v",
		seconds(b.alive), seconds(b.alive+b.allowed-b.margin()), b.grid.window.n,
		time.Duration(b.delay), time.Duration(b.variation), time.Duration(b.pause))
}
