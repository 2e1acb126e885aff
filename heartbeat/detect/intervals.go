package detect

import "math"

// intervals is what the detectors have in common that learn the time between
// two arrivals. How much they suspect the peer has a level, and the deadline is
// the instant at which it reaches the threshold.
type intervals struct {
	silence
	threshold float64
	last      arrival
	arrived   bool // there is a last arrival
}

// sample is the interval that ends with an arrival, less the configured one.
// ok is false if it is not to be learned: one that begins or ends late because
// of our own stall, one with a suspicion in it, one beyond all measure.
func (v *intervals) sample(a arrival) (deviation int64, ok bool) {
	last, arrived := v.last, v.arrived
	v.last, v.arrived = a, true
	deviation = a.at - last.at - v.interval
	return deviation, arrived && !last.late && !a.late && !a.ended && deviation <= farthest
}

// level makes a level that was computed for now agree with the deadline to the
// nanosecond, whatever rounding did to it.
func (v *intervals) level(phi float64, now int64) float64 {
	switch {
	case !v.started:
		return 0
	case now >= v.alive+v.allowed:
		return max(phi, v.threshold)
	default:
		return min(phi, math.Nextafter(v.threshold, 0))
	}
}
