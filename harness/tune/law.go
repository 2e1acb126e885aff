package tune

import "gonum.org/v1/gonum/stat/distuv"

// Law is how a delay is distributed, in seconds. Those of gonum's distuv are
// Laws.
type Law interface {
	Survival(x float64) float64 // P(delay > x)
	Quantile(p float64) float64
	Mean() float64
	Variance() float64
}

// roundTrip is the law of the sum of two delays, each uniform in [hi - spread,
// hi]: a triangle.
func roundTrip(hi, spread float64) Law {
	if spread == 0 {
		return constant(2 * hi)
	}
	return distuv.NewTriangle(2*(hi-spread), 2*hi, 2*hi-spread, nil)
}

// oneWay is the law of one such delay.
func oneWay(hi, spread float64) Law {
	if spread == 0 {
		return constant(hi)
	}
	return distuv.Uniform{Min: hi - spread, Max: hi}
}

// constant is a delay that never changes, in seconds.
type constant float64

// Survival is Law's.
func (c constant) Survival(x float64) float64 {
	if x < float64(c) {
		return 1
	}
	return 0
}

// Quantile is Law's.
func (c constant) Quantile(float64) float64 { return float64(c) }

// Mean is Law's.
func (c constant) Mean() float64 { return float64(c) }

// Variance is Law's.
func (c constant) Variance() float64 { return 0 }
