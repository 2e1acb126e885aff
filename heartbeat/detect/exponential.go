package detect

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Exponential suspects the peer once a silence is so long that the mean of the
// latest intervals between arrivals makes it improbable, if intervals were
// distributed exponentially: Cassandra's failure detector.
//
//	phi(t) = -log10 P(interval > t) = t / (mean ln(10))
//	deadline = last heard + Threshold ln(10) mean
//
// Cassandra's own Threshold of 8 allows a silence of 18.4 means. It is seeded by
// a longer interval than the configured one, and never learns one beyond a
// limit; here the first is Interval, and what ended a suspicion is not learned.
//
// It keeps 8 bytes per sample. An interval goes from arrival to arrival: a lost
// beat makes a long one. An interval that ended a suspicion is not learned,
// nor are the two that end and begin with an arrival after a stall of our own.
type Exponential struct {
	// Interval is the first estimate of the time between two beats of the
	// peer: 1ns to 24h.
	Interval time.Duration `json:"interval_ns"`
	// Threshold is the phi from which the peer is suspected: more than 0, at
	// most 300.
	Threshold float64 `json:"threshold"`
	// Samples is how many intervals are learned from, at most 10000; 0: 1000.
	Samples int `json:"samples"`
	// Prior is how many of the samples are Interval in the beginning, at most
	// all; 0: 1. They leave as others come.
	Prior int `json:"prior"`
}

// Name is "exponential".
func (Exponential) Name() string { return "exponential" }

// WithInterval is the same for beats that are d apart.
func (c Exponential) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c Exponential) Validate() error {
	return cmp.Or(
		validInterval(c.Name(), c.Interval),
		validThreshold(c.Name(), c.Threshold),
		validSamples(c.Name(), c.Samples),
		between(c.Name(), "prior", c.Prior, 0, samplesOf(c.Samples)),
	)
}

// New makes the detector.
func (c Exponential) New() Detector {
	e := &exponential{
		intervals: intervals{silence: silence{interval: int64(c.Interval)}, threshold: c.Threshold},
		window:    newWindow(samplesOf(c.Samples)),
	}
	for range cmp.Or(c.Prior, 1) {
		e.learn(0)
	}
	return e
}

type exponential struct {
	intervals
	window window  // of the intervals less the configured one
	mean   float64 // of the intervals
}

func (e *exponential) Heard(kind Kind, seq uint64, now int64) {
	if a, ok := e.hear(kind, seq, now); ok {
		if deviation, ok := e.sample(a); ok {
			e.learn(deviation)
		}
	}
}

func (e *exponential) learn(deviation int64) {
	e.window.add(deviation)
	// Where all arrive at one instant, a nanosecond keeps phi a number.
	e.mean = max(float64(e.interval)+e.window.mean(), 1)
	e.allowed = up(e.threshold * math.Ln10 * e.mean)
}

// Level is phi at now; 0 before the start.
func (e *exponential) Level(now int64) float64 {
	return e.level(float64(now-e.alive)/(e.mean*math.Ln10), now)
}

func (e *exponential) Explain() string {
	return fmt.Sprintf("exponential: silent since %s, mean %v of %d intervals, threshold %v",
		seconds(e.alive), time.Duration(e.mean), e.window.n, e.threshold)
}
