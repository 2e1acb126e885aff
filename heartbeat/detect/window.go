package detect

import (
	"math"
	"math/bits"
)

// farthest is the largest sample, either way, that a window takes, in
// nanoseconds: three days. With it the sums stay in range whatever happens.
const farthest = 1 << 48

// window has the latest samples and their sum, in nanoseconds. The sum is of
// integers, so it can't drift.
type window struct {
	ring []int64
	next int // the place of the next sample
	n    int // how many there are
	sum  int64
}

func newWindow(samples int) window { return window{ring: make([]int64, samples)} }

// add takes a sample, of at most farthest, and returns the one that had to
// leave for it, or 0.
func (w *window) add(x int64) (left int64) {
	left = w.ring[w.next]
	w.ring[w.next] = x
	w.sum += x - left
	w.next++
	if w.next == len(w.ring) {
		w.next = 0
	}
	w.n = min(w.n+1, len(w.ring))
	return left
}

// clear forgets all samples.
func (w *window) clear() {
	clear(w.ring)
	w.next, w.n, w.sum = 0, 0, 0
}

// mean is that of at least one sample.
func (w *window) mean() float64 { return float64(w.sum) / float64(w.n) }

// spread is a window that knows the deviation of its samples too.
type spread struct {
	window
	squares wide // their sum
}

func (s *spread) add(x int64) {
	s.squares = s.squares.plus(square(x)).minus(square(s.window.add(x)))
}

// deviation is the standard deviation of at least one sample, as that of a
// whole population: the root of (n sum(x^2) - sum(x)^2) / n^2. Its integers are
// exact, so that it is never the root of something negative.
func (s *spread) deviation() float64 {
	n := uint64(s.n)
	return math.Sqrt(s.squares.times(n).minus(square(s.sum)).float()) / float64(n)
}

// wide is an unsigned integer of 128 bits.
type wide struct{ hi, lo uint64 }

func square(x int64) wide {
	u := uint64(max(x, -x))
	hi, lo := bits.Mul64(u, u)
	return wide{hi, lo}
}

func (a wide) plus(b wide) wide {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return wide{hi, lo}
}

func (a wide) minus(b wide) wide {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return wide{hi, lo}
}

func (a wide) times(n uint64) wide {
	hi, lo := bits.Mul64(a.lo, n)
	return wide{a.hi*n + hi, lo}
}

func (a wide) float() float64 { return math.Ldexp(float64(a.hi), 64) + float64(a.lo) }

// up rounds a time in nanoseconds up, so that a level which is reached at x is
// reached at up(x) too.
func up(x float64) int64 { return int64(math.Ceil(x)) }
