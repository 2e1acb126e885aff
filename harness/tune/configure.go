package tune

import (
	"context"
	"math"
	"time"
)

// Targets are what a detector is to keep, in the terms of Chen, Toueg and
// Aguilera (2002), section 5.
type Targets struct {
	// Detection bounds T_D less the mean delay: at most that long after what a
	// mean delay costs. More than 0.
	Detection time.Duration
	// Recurrence is the least mean time between two mistakes, T_MR.
	Recurrence time.Duration
	// Duration is the largest mean duration of a mistake, T_M.
	Duration time.Duration
	// Longest bounds the interval for other reasons; 0: nothing does. The
	// paper has none: it knows no lower bound of T_D, and no firewall.
	Longest time.Duration
}

// Configure is their configurator: the largest interval and the margin with
// which NFD-E keeps the targets on a network that loses each beat by itself
// with probability loss, 0 to less than 1, and delays those that arrive with
// that variance, in seconds squared, whatever the law. ok is false if no
// interval of at least step does, which should be a round number: the interval
// is a multiple of it.
//
//	g = (1-p) T^2 / (V + T^2)
//	D_max = min(g M, T)
//	f(D) = D prod_{j=1}^{ceil(T/D)-1} (V + (T-jD)^2) / (V + p (T-jD)^2) >= R
//	margin = T - D
//
// f is not monotone: it rises while fewer beats fit T, and falls when one no
// longer does. So the intervals are tried from the largest down.
func Configure(t Targets, loss, variance float64, step time.Duration) (interval, margin time.Duration, ok bool) {
	return configure(context.Background(), t, loss, variance, step)
}

// configure is Configure until ctx ends; then nothing is found.
func configure(ctx context.Context, t Targets, loss, variance float64, step time.Duration) (interval, margin time.Duration, ok bool) {
	bound := t.Detection.Seconds()
	g := (1 - loss) * bound * bound / (variance + bound*bound)
	most := min(time.Duration(g*float64(t.Duration)), t.Detection)
	if t.Longest > 0 {
		most = min(most, t.Longest)
	}
	for d := most.Truncate(step); d >= step && !ended(ctx); d -= step {
		if recurrenceBound(t.Detection, d, loss, variance) >= t.Recurrence.Seconds() {
			return d, t.Detection - d, true
		}
	}
	return 0, 0, false
}

// recurrenceBound is f: a lower bound of the mean time between two mistakes, in
// seconds; +Inf where a beat can neither be lost nor late.
func recurrenceBound(detection, interval time.Duration, loss, variance float64) float64 {
	bound := interval.Seconds()
	for j := int64(1); j < ceilDiv(int64(detection), int64(interval)); j++ {
		x := (detection - time.Duration(j)*interval).Seconds()
		bound *= (variance + x*x) / (variance + loss*x*x)
		if math.IsInf(bound, 1) {
			break
		}
	}
	return bound
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
