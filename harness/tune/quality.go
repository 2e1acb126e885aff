package tune

import (
	"context"
	"math"
	"time"

	"gonum.org/v1/gonum/integrate/quad"
)

// Quality is what the closed form says of a detector, in the measures of Chen,
// Toueg and Aguilera.
type Quality struct {
	Recurrence  float64 // E(T_MR) in seconds; +Inf: it makes no mistake
	MistakeTime float64 // E(T_M) in seconds; 0 where there is none
	Accuracy    float64 // P_A, 0 to 1
}

// PerDay is how many mistakes it makes per day.
func (q Quality) PerDay() float64 { return day.Seconds() / q.Recurrence }

// NFDS is the quality of NFD-S, theorem 5 of Chen, Toueg and Aguilera (2002):
// the peer is suspected while no beat from number i on has arrived, from shift
// after beat i left until beat i+1 is due. Each beat is lost by itself with
// probability loss, or delayed by law. An echo timer is the same, of round
// trips: its shift is the timeout.
//
//	k = ceil(shift / D)
//	p_j(x) = p + (1-p) P(delay > shift + x - jD)
//	u(x) = prod_{j=0}^{k} p_j(x), for x in [0, D)
//	q = (1-p) P(delay < shift + D)
//	E(T_MR) = D / (q u(0)), E(T_M) = integral_0^D u / (q u(0))
//	P_A = 1 - integral_0^D u / D
func NFDS(shift, interval time.Duration, loss float64, law Law) Quality {
	return nfds(context.Background(), shift, interval, loss, law)
}

// ended says whether ctx has: for formulas, which are long where delays span many
// intervals, and whose results then mean nothing.
func ended(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

func nfds(ctx context.Context, shift, interval time.Duration, loss float64, law Law) Quality {
	d, bound := interval.Seconds(), shift.Seconds()
	k := int(ceilDiv(int64(shift), int64(interval)))
	latest := law.Quantile(1)
	u := func(x float64) float64 {
		// Beats that left so long ago are lost or here: all of those in one power.
		old := min(k, int(max(0, math.Floor((bound+x-latest)/d))))
		product := math.Pow(loss, float64(old))
		for j := old; j <= k && product > 0; j++ {
			product *= loss + (1-loss)*law.Survival(bound+x-float64(j)*d)
		}
		return product
	}
	began := (1 - loss) * (1 - law.Survival(bound+d)) * u(0)
	suspected := 0.0
	const pieces = 128 // u has corners where laws have
	for i := range pieces {
		if ended(ctx) {
			break
		}
		suspected += quad.Fixed(u, d*float64(i)/pieces, d*float64(i+1)/pieces, 8, quad.Legendre{}, 1)
	}
	q := Quality{Recurrence: d / began, Accuracy: 1 - suspected/d}
	if began > 0 {
		q.MistakeTime = suspected / began
	}
	return q
}

// Silences is how often, in seconds, a silence is longer than timeout where
// beats are interval apart, lost each by itself with probability loss, and
// delayed by law: the mean time between two mistakes of a fixed timeout. Beats
// must not overtake each other.
//
// A silence of n intervals begins with a beat that arrives and n-1 that don't,
// and ends with one that does: (1-p)^2 p^(n-1) of all beats. It is longer than
// the timeout if the delay at its end is more than timeout - nD above the one at
// its beginning.
func Silences(timeout, interval time.Duration, loss float64, law Law) float64 {
	return silences(context.Background(), timeout, interval, loss, law)
}

func silences(ctx context.Context, timeout, interval time.Duration, loss float64, law Law) float64 {
	d := interval.Seconds()
	spread := law.Quantile(1) - law.Quantile(0)
	perBeat := 0.0
	first := max(1, math.Floor((timeout.Seconds()-spread)/d)) // no delay makes a shorter silence too long
	for n := time.Duration(first); ; n++ {
		silent := (1 - loss) * math.Pow(loss, float64(n-1)) // n-1 or more in a row are lost
		share := (1 - loss) * silent
		left := (timeout - n*interval).Seconds()
		if ended(ctx) || share == 0 || left < 0 && share < 1e-12*perBeat {
			return d / perBeat
		}
		longer := quad.Fixed(func(p float64) float64 { return law.Survival(left + law.Quantile(p)) }, 0, 1, 400, quad.Legendre{}, 1)
		if longer > 1-1e-12 { // and so is every silence of more: they are one sum, whatever the loss
			return d / (perBeat + silent)
		}
		perBeat += share * longer
	}
}
