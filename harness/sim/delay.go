package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// Delay is a one-way delay: each frame's is drawn by itself. The zero Delay is
// none.
type Delay struct {
	Law     Law           `json:"law,omitempty"` // "": uniform
	Latency time.Duration `json:"latency_ns,omitempty"`
	Jitter  time.Duration `json:"jitter_ns,omitempty"` // 0: every delay is Latency
	// Shape belongs to Pareto: its tail index, more than 1. The smaller, the
	// heavier the tail; up to 2, its variance is infinite.
	Shape float64 `json:"shape,omitempty"`
}

// Law is the distribution of a delay.
type Law string

// The laws; a negative draw counts as 0.
const (
	Uniform     = Law(scenario.Uniform) // in [Latency - Jitter, Latency + Jitter]
	Normal      = Law(scenario.Normal)  // mean Latency, deviation Jitter
	Exponential = Law("exponential")    // Latency, and Jitter more on average: P(more than x) = exp(-x/Jitter)
	Pareto      = Law("pareto")         // likewise: P(more than x) = (1 + x/s)^-Shape, s = Jitter (Shape - 1)
)

// Laws are all of them.
func Laws() []Law { return []Law{Uniform, Normal, Exponential, Pareto} }

// of is a scenario's delay.
func of(d network.Delay) Delay { return Delay{Law: Law(d.Law), Latency: d.Latency, Jitter: d.Jitter} }

func (d Delay) validate() error {
	switch d.Law {
	case "", Uniform, Normal, Exponential, Pareto:
	default:
		return fmt.Errorf("law of the delay is %q, want one of %q", d.Law, Laws())
	}
	if d.Latency < 0 || d.Latency > longest || d.Jitter < 0 || d.Jitter > longest {
		return fmt.Errorf("delay is %v with a jitter of %v, want 0 to %v each", d.Latency, d.Jitter, longest)
	}
	if (d.Law == Pareto) != (d.Shape != 0) || d.Law == Pareto && !(d.Shape > 1 && d.Shape <= 100) {
		return fmt.Errorf("shape of the delay is %g with law %q, want more than 1, at most 100, with law %q, and none with others", d.Shape, d.Law, Pareto)
	}
	return nil
}

// draw is the next delay.
func (d *Delay) draw(random *rand.Rand) int64 {
	if d.Jitter == 0 {
		return int64(d.Latency)
	}
	switch d.Law {
	case Exponential:
		return int64(d.Latency) + int64(float64(d.Jitter)*random.ExpFloat64())
	case Pareto:
		// 1 - Float64 is in (0, 1].
		more := float64(d.Jitter) * (d.Shape - 1) * (math.Pow(1-random.Float64(), -1/d.Shape) - 1)
		return int64(d.Latency) + int64(min(more, float64(longest)))
	default:
		return int64(network.Delay{Latency: d.Latency, Jitter: d.Jitter, Law: scenario.Law(d.Law)}.Draw(random))
	}
}
