package compare

import (
	"math"
	"slices"
)

// stratum is what two runs have at one phase.
type stratum struct{ base, now []float64 }

// ranked is a stratum without its values: the doubled ranks of all of them, in
// order (of equal values the mean), and those of BASE.
type ranked struct {
	all, base []int
	n, m      int // values of BASE, of NEW
}

func rank(s stratum) ranked {
	r := ranked{n: len(s.base), m: len(s.now)}
	values := slices.Sorted(slices.Values(slices.Concat(s.base, s.now)))
	of := func(v float64) int {
		first, _ := slices.BinarySearch(values, v)
		after, _ := slices.BinarySearch(values, math.Nextafter(v, math.Inf(1)))
		return first + 1 + after
	}
	for _, v := range values {
		r.all = append(r.all, of(v))
	}
	for _, v := range s.base {
		r.base = append(r.base, of(v))
	}
	return r
}

// twoU is twice the U of Mann and Whitney for a sample of these doubled ranks:
// 0 to 2*n*m.
func (r ranked) twoU(ranks []int) int { return sum(ranks) - r.n*(r.n+1) }

// ranking is the rank test within each of some strata, over all of them: the sum
// of their U, as of van Elteren (1960) with equal weights. With one stratum it is
// the test of Mann and Whitney (1947), which the libraries have; what they lack
// are strata.
type ranking struct {
	strata []ranked
	exact  []float64 // the chance of each twoU; nil: too many to count
}

// countable is up to which n*m, in sum, the distribution is counted: 50 and 50
// values of one phase. Beyond, it is as good as normal.
const countable = 2500

func newRanking(strata []stratum) (r ranking) {
	pairs := 0
	for _, s := range strata {
		if len(s.base) > 0 && len(s.now) > 0 {
			r.strata = append(r.strata, rank(s))
			pairs += len(s.base) * len(s.now)
		}
	}
	if pairs > countable {
		return r
	}
	r.exact = []float64{1}
	for _, s := range r.strata {
		r.exact = convolve(r.exact, s.distribution())
	}
	return r
}

// distribution is the chance of each twoU where each choice of n values is as
// likely.
func (r ranked) distribution() []float64 {
	least, most := r.n*(r.n+1), r.n*(r.n+1)+2*r.n*r.m
	ways := make([][]float64, r.n+1) // by how many are chosen, and the sum of their ranks
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for i, rank := range r.all {
		for k := min(i+1, r.n); k > 0; k-- {
			for s := most; s >= rank; s-- {
				ways[k][s] += ways[k-1][s-rank]
			}
		}
	}
	out := ways[r.n][least:]
	total := choose(r.n+r.m, r.n)
	for i := range out {
		out[i] /= total
	}
	return out
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		for j, y := range b {
			out[i+j] += x * y
		}
	}
	return out
}

// p is how likely samples at least as different are, two-sided; least is the
// least that it could have been, had these values been shared out otherwise.
func (r ranking) p() (p, least float64) {
	var is, low, high int
	for _, s := range r.strata {
		is += s.twoU(s.base)
		low += s.twoU(s.all[:s.n])
		high += s.twoU(s.all[s.m:])
	}
	return r.of(is), min(r.of(low), r.of(high))
}

func (r ranking) of(twoU int) float64 {
	if r.exact == nil {
		return r.normal(twoU)
	}
	below, above := 0.0, 0.0
	for u, chance := range r.exact {
		if u <= twoU {
			below += chance
		}
		if u >= twoU {
			above += chance
		}
	}
	return min(1, 2*min(below, above)) // both have the chance of twoU itself
}

// normal is p by the normal approximation, with ties and half a step taken into
// account: where few values are possible, steps are wide.
func (r ranking) normal(twoU int) float64 {
	var mean, variance float64
	step := 0
	for _, s := range r.strata {
		n, m := float64(s.n), float64(s.m)
		mean += n * m
		middle, squares := n+m+1, 0.0
		for i, rank := range s.all {
			squares += (float64(rank) - middle) * (float64(rank) - middle)
			step = gcd(step, rank-s.all[max(0, i-1)])
		}
		variance += n * m / ((n + m) * (n + m - 1)) * squares
	}
	if variance == 0 {
		return 1
	}
	off := max(0, math.Abs(float64(twoU)-mean)-float64(step)/2)
	return min(1, math.Erfc(off/math.Sqrt(2*variance)))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// choose is in how many ways k of n can be chosen.
func choose(n, k int) float64 {
	out := 1.0
	for i := 1; i <= k; i++ {
		out = out * float64(n-k+i) / float64(i)
	}
	return out
}
