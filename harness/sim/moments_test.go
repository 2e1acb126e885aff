package sim

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
)

const ms = time.Millisecond

// close says whether a mean of n values with that deviation is what it should be:
// within five standard errors, which a right one misses once in a million runs -
// and the seed is fixed.
func close(got, want, deviation float64, n int) bool {
	return math.Abs(got-want) <= 5*deviation/math.Sqrt(float64(n))
}

func TestDelaysHaveTheirMoments(t *testing.T) {
	const n = 1_000_000
	for _, row := range []struct {
		name     string
		delay    Delay
		least    time.Duration
		mean, sd float64 // in ms
		tail     float64 // P(more than the mean and three deviations)
	}{
		{"constant", Delay{Latency: 50 * ms}, 50 * ms, 50, 0, 0},
		{"uniform", Delay{Law: Uniform, Latency: 50 * ms, Jitter: 20 * ms}, 30 * ms, 50, 20 / math.Sqrt(3), 0},
		{"normal", Delay{Law: Normal, Latency: 500 * ms, Jitter: 20 * ms}, 0, 500, 20, .00134990},
		{"exponential", Delay{Law: Exponential, Latency: 30 * ms, Jitter: 20 * ms}, 30 * ms, 50, 20, math.Exp(-4)},
		// The variance of a Lomax law: s^2 a / ((a-1)^2 (a-2)), s = 20 (a-1).
		{"pareto", Delay{Law: Pareto, Latency: 30 * ms, Jitter: 20 * ms, Shape: 6}, 30 * ms, 50, 20 * math.Sqrt(6./4), math.Pow(1+(20+3*20*math.Sqrt(6./4))/100, -6)},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		x := make([]float64, n)
		tail := 0
		for i := range x {
			d := time.Duration(row.delay.draw(random))
			if d < row.least {
				t.Fatalf("%s: drew %v, want at least %v", row.name, d, row.least)
			}
			x[i] = float64(d) / float64(ms)
			if x[i] > row.mean+3*row.sd {
				tail++
			}
		}
		mean, sd := stat.MeanStdDev(x, nil)
		if !close(mean, row.mean, row.sd+1e-9, n) {
			t.Errorf("%s: mean %v ms, want %v", row.name, mean, row.mean)
		}
		// The deviation of a deviation: sd sqrt((kurtosis - 1) / 4n).
		if spread := math.Sqrt((stat.ExKurtosis(x, nil) + 2) / 4); row.sd > 0 && !close(sd, row.sd, row.sd*spread, n) || row.sd == 0 && sd != 0 {
			t.Errorf("%s: deviation %v ms, want %v", row.name, sd, row.sd)
		}
		if share := float64(tail) / n; !close(share, row.tail, math.Sqrt(row.tail), n) {
			t.Errorf("%s: %v beyond three deviations, want %v", row.name, share, row.tail)
		}
	}
}

func TestIndependentLossHasItsRate(t *testing.T) {
	const n = 1_000_000
	loss := Loss{Rate: .01}
	w := weather{random: rand.New(rand.NewPCG(1, 2))}
	w.begin(&loss, 0)
	lost, twice, before := 0, 0, false
	for i := range n {
		now := w.loses(&loss, int64(i))
		if now {
			lost++
		}
		if now && before {
			twice++
		}
		before = now
	}
	if share := float64(lost) / n; !close(share, .01, math.Sqrt(.01), n) {
		t.Errorf("lost %v, want 0.01", share)
	}
	if share := float64(twice) / n; !close(share, .0001, .01, n) {
		t.Errorf("lost two in a row %v, want 0.0001", share)
	}
}

// A chain of two states is bad for Lasts of Lasts + Every, and after dt still
// remembers exp(-dt (1/Every + 1/Lasts)) of what it was - whatever dt is.
func TestBurstsLastAndComeAsTheySay(t *testing.T) {
	const n = 400_000
	loss := Loss{Rate: .001, Burst: Burst{Rate: 1, Every: 900 * ms, Lasts: 100 * ms}}
	if got, want := loss.Mean(), .1+.9*.001; math.Abs(got-want) > 1e-12 {
		t.Errorf("mean loss %v, want %v", got, want)
	}
	for _, dt := range []time.Duration{ms, 50 * ms, 2 * time.Second} {
		w := weather{random: rand.New(rand.NewPCG(1, 2))}
		w.begin(&loss, 0)
		remembers := math.Exp(-float64(dt) * (1/float64(loss.Burst.Every) + 1/float64(loss.Burst.Lasts)))
		bad, stayed := 0, 0
		for i := range n {
			was := w.bad
			w.pass(&loss.Burst, int64(i+1)*int64(dt))
			if was {
				bad++
				if w.bad {
					stayed++
				}
			}
		}
		// Looks are not independent: the variance grows by (1+r)/(1-r).
		if share := float64(bad) / n; !close(share, .1, math.Sqrt(.09*(1+remembers)/(1-remembers)), n) {
			t.Errorf("every %v: bad for %v of the time, want 0.1", dt, share)
		}
		want := .1 + .9*remembers
		if share := float64(stayed) / float64(bad); !close(share, want, math.Sqrt(want*(1-want)), bad) {
			t.Errorf("every %v: bad stays bad with %v, want %v", dt, share, want)
		}
	}
}
