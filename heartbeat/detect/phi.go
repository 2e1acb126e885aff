package detect

import (
	"cmp"
	"fmt"
	"time"
)

// Phi suspects the peer once a silence is so long that the latest intervals
// between arrivals make it improbable: the phi accrual failure detector of
// Hayashibara, Défago, Yared and Katayama (2004), with the exact tail of the
// normal distribution.
//
//	phi(t) = -log10 P(interval > t) = -log10(erfc((t - mean - Pause) / (sd sqrt(2))) / 2)
//	deadline = last heard + mean + Pause + z sd, where phi is Threshold
//
// mean and sd are those of the latest Samples intervals, and sd is at least
// MinDeviation. As in Pekko, the first two samples are assumed: Interval less
// and plus a quarter of it.
//
// It keeps 8 bytes per sample. An interval goes from arrival to arrival: a lost
// beat makes a long one. An interval that ended a suspicion is not learned,
// nor are the two that end and begin with an arrival after a stall of our own.
type Phi struct {
	// Interval is the first estimate of the time between two beats of the
	// peer: 1ns to 24h.
	Interval time.Duration `json:"interval_ns"`
	// Threshold is the phi from which the peer is suspected: of all silences
	// that long, one in 10^Threshold is a mistake. More than 0, at most 300.
	Threshold float64 `json:"threshold"`
	// Samples is how many intervals are learned from, 2 to 10000; 0: 1000.
	Samples int `json:"samples"`
	// MinDeviation is the least standard deviation that is believed, so that
	// very regular beats don't make the least jitter a suspicion: 1ns to 24h.
	MinDeviation time.Duration `json:"min_deviation_ns"`
	// Pause is added to the mean: 0 to 24h.
	Pause time.Duration `json:"pause_ns"`
}

// Name is "phi".
func (Phi) Name() string { return "phi" }

// WithInterval is the same for beats that are d apart.
func (c Phi) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c Phi) Validate() error { return c.validate(c.Name()) }

func (c Phi) validate(name string) error {
	if c.Samples == 1 {
		return fmt.Errorf("detector %s: samples is 1, want 0 or 2 to %d", name, mostSamples)
	}
	return cmp.Or(
		validInterval(name, c.Interval),
		validThreshold(name, c.Threshold),
		validSamples(name, c.Samples),
		between(name, "min deviation", c.MinDeviation, 1, longest),
		between(name, "pause", c.Pause, 0, longest),
	)
}

// New makes the detector.
func (c Phi) New() Detector { return c.new(c.Name(), normalTail) }

func (c Phi) new(name string, tail tail) Detector {
	p := &phi{
		intervals: intervals{silence: silence{interval: int64(c.Interval)}, threshold: c.Threshold},
		name:      name,
		tail:      tail,
		z:         tail.reaches(c.Threshold),
		floor:     float64(c.MinDeviation),
		pause:     int64(c.Pause),
		spread:    spread{window: newWindow(samplesOf(c.Samples))},
	}
	p.learn(-p.interval / 4)
	p.learn(p.interval / 4)
	return p
}

type phi struct {
	intervals
	name   string
	tail   tail
	z      float64 // where the tail reaches the threshold, in deviations
	floor  float64
	pause  int64
	spread spread  // of the intervals less the configured one
	mean   float64 // its mean
	sd     float64 // and deviation, or the floor
}

func (p *phi) Heard(kind Kind, seq uint64, now int64) {
	if a, ok := p.hear(kind, seq, now); ok {
		if deviation, ok := p.sample(a); ok {
			p.learn(deviation)
		}
	}
}

func (p *phi) learn(deviation int64) {
	p.spread.add(deviation)
	p.mean = p.spread.mean()
	p.sd = max(p.spread.deviation(), p.floor)
	p.allowed = p.interval + p.pause + up(p.mean+float64(p.z*p.sd))
}

// Level is phi at now; 0 before the start.
func (p *phi) Level(now int64) float64 {
	longer := float64(now-p.alive-p.interval-p.pause) - p.mean
	return p.level(p.tail(longer/p.sd), now)
}

func (p *phi) Explain() string {
	mean := time.Duration(p.interval) + time.Duration(p.mean)
	return fmt.Sprintf("%s: silent since %s, mean %v and deviation %v of %d intervals, pause %v, threshold %v",
		p.name, seconds(p.alive), mean, time.Duration(p.sd), p.spread.n, time.Duration(p.pause), p.threshold)
}
