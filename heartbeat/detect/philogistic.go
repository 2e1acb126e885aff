package detect

import "time"

// PhiLogistic is Phi with the tail of Akka and Pekko, a logistic approximation
// to that of the normal distribution: with y = (t - mean - Pause) / sd,
//
//	e = exp(-y (1.5976 + 0.070566 y^2))
//	phi(t) = -log10(e / (1 + e))
//
// Far out it thinks a silence less probable than Phi does, and so suspects
// earlier: at six deviations phi is 10.78 rather than 9.01.
//
// Its parameters are those of Phi. Pekko's own: a Threshold of 8, 1000 samples,
// a MinDeviation of 100 ms, a Pause of 3 s, beats every second.
type PhiLogistic Phi

// Name is "phi-logistic".
func (PhiLogistic) Name() string { return "phi-logistic" }

// WithInterval is the same for beats that are d apart.
func (c PhiLogistic) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c PhiLogistic) Validate() error { return Phi(c).validate(c.Name()) }

// New makes the detector.
func (c PhiLogistic) New() Detector { return Phi(c).new(c.Name(), logisticTail) }
