package detect

import (
	"cmp"
	"fmt"
	"time"
)

// The limits of parameters. They leave room for every sum of a detector in 64
// bits (of squares: in 128), and are far beyond what is of use.
const (
	longest        = 24 * time.Hour
	mostSamples    = 10_000
	defaultSamples = 1000

	// maxThreshold ends before float64 does: from 307.6 on the tail of the
	// normal distribution, erfc, loses its digits, and from 324 on it is 0.
	maxThreshold = 300
)

// between refuses a value outside [least, most], and what is not a number.
func between[T int | float64 | time.Duration](detector, param string, v, least, most T) error {
	if least <= v && v <= most {
		return nil
	}
	return fmt.Errorf("detector %s: %s is %v, want %v to %v", detector, param, v, least, most)
}

func validInterval(detector string, d time.Duration) error {
	return between(detector, "interval", d, 1, longest)
}

func validTimeout(detector string, d time.Duration) error {
	return between(detector, "timeout", d, 1, longest)
}

func validSamples(detector string, n int) error {
	return between(detector, "samples", n, 0, mostSamples)
}

func validThreshold(detector string, v float64) error {
	if v > 0 && v <= maxThreshold {
		return nil
	}
	return fmt.Errorf("detector %s: threshold is %v, want more than 0 and at most %v", detector, v, maxThreshold)
}

// samplesOf is how many samples a configuration means.
func samplesOf(n int) int { return cmp.Or(n, defaultSamples) }
