package detect

import (
	"cmp"
	"fmt"
	"time"
)

// Chen expects each beat at the interval after the one before, shifted by the
// mean delay of the latest arrivals, and suspects the peer once the next one is
// Margin late: NFD-E of Chen, Toueg and Aguilera, "On the quality of service of
// failure detectors" (2002).
//
//	EA(l+1) = mean over the last Samples of (A_i - Interval s_i) + (l+1) Interval
//	deadline = EA(l+1) + Margin
//
// A_i is the arrival of beat s_i. Another sign of life, and the time that our
// own loop stalls, move the deadline on.
//
// It keeps 8 bytes per sample. The first arrival after a stall of our own is
// not learned, nor is one that comes an Interval or more away from where it was
// expected. The second such in a row, or one that is off by Margin as well,
// begins the estimate anew: its sender skipped beats without skipping their
// numbers. One that merely ends a suspicion, because beats before it were lost,
// does not.
type Chen struct {
	// Interval is the time between two beats of the peer: 1ns to 24h. It must
	// be the sender's own.
	Interval time.Duration `json:"interval_ns"`
	// Margin is the paper's alpha: how much later than expected a beat may
	// be. 1ns to 24h.
	Margin time.Duration `json:"margin_ns"`
	// Samples is how many arrivals are learned from, at most 10000; 0: 1000.
	Samples int `json:"samples"`
}

// Name is "chen".
func (Chen) Name() string { return "chen" }

// WithInterval is the same for beats that are d apart.
func (c Chen) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c Chen) Validate() error {
	return cmp.Or(
		validInterval(c.Name(), c.Interval),
		between(c.Name(), "margin", c.Margin, 1, longest),
		validSamples(c.Name(), c.Samples),
	)
}

// New makes the detector.
func (c Chen) New() Detector {
	d, margin := int64(c.Interval), int64(c.Margin)
	return &chen{
		silence: silence{interval: d, allowed: d + margin},
		margin:  margin,
		grid:    newGrid(d, samplesOf(c.Samples)),
	}
}

type chen struct {
	silence
	margin int64
	grid   grid
}

func (c *chen) Heard(kind Kind, seq uint64, now int64) {
	a, ok := c.hear(kind, seq, now)
	if !ok || a.late {
		return
	}
	c.grid.learn(a, c.margin)
	c.allowed = c.grid.expected(seq+1) + c.margin - a.at
}

func (c *chen) Explain() string {
	return fmt.Sprintf("chen: silent since %s, next expected at %s by %d arrivals, margin %v",
		seconds(c.alive), seconds(c.alive+c.allowed-c.margin), c.grid.window.n, time.Duration(c.margin))
}
