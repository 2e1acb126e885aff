package detect

import "math"

// tail is the suspicion level -log10 P(an interval is longer) of an interval
// that is y standard deviations longer than the mean. It rises with y.
type tail func(y float64) float64

// normalTail is that of the normal distribution, P = erfc(y / sqrt(2)) / 2.
func normalTail(y float64) float64 {
	switch {
	case y < 0:
		// P is nearly 1: all that counts is what is missing.
		return -math.Log1p(-math.Erfc(-y/math.Sqrt2)/2) / math.Ln10
	case y < 37.2: // level 302
		return -math.Log10(math.Erfc(y/math.Sqrt2) / 2)
	default:
		// P is soon less than a float64 can be: erfc's asymptotic series.
		q := 1 / (y * y)
		return (y*y/2 + math.Log(y*math.Sqrt(2*math.Pi)) - math.Log1p(-q+3*q*q-15*q*q*q)) / math.Ln10
	}
}

// logisticTail is that of Akka's and Pekko's approximation to the normal
// distribution:
//
//	e = exp(-y (1.5976 + 0.070566 y^2)), P = e / (1 + e)
//
// Both branches of the original, e/(1+e) for y > 0 and 1 - 1/(1+e) else, are
// log10(1 + 1/e), but run out of digits at their ends.
func logisticTail(y float64) float64 {
	x := y * (1.5976 + 0.070566*y*y) // 1/e = exp(x)
	if x > 0 {
		return (x + math.Log1p(math.Exp(-x))) / math.Ln10
	}
	return math.Log1p(math.Exp(x)) / math.Ln10
}

// reaches is the least y at which the level is at least threshold. It bisects:
// math.Erfcinv has no digits left from level 14 on.
func (t tail) reaches(threshold float64) float64 {
	lo, hi := -40.0, 40.0 // of a level of 0, and of more than maxThreshold
	for range 100 {
		if mid := (lo + hi) / 2; t(mid) < threshold {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
