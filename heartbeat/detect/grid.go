package detect

import "math"

// grid estimates when the beats of a peer arrive that sends them at fixed
// intervals: Chen's expected arrivals,
//
//	EA(l+1) = mean over the last n of (A_i - D s_i) + (l+1) D
//
// with the arrival A_i of beat s_i and the interval D. As it goes by the
// numbers, a lost beat does not shift it. It counts from the first arrival of
// the estimate, so that the choice of epoch cannot change a rounding.
type grid struct {
	interval int64
	seq      uint64 // the first arrival
	at       int64
	off      bool   // the latest arrival was off by an interval or more
	window   window // of A_i - D s_i, both from the first arrival on
}

func newGrid(interval int64, samples int) grid {
	return grid{interval: interval, window: newWindow(samples)}
}

// expected is EA(seq), rounded up. There must have been an arrival.
func (g *grid) expected(seq uint64) int64 {
	sum, n := g.window.sum, int64(g.window.n)
	mean := sum / n
	if sum%n > 0 {
		mean++
	}
	return g.at + mean + int64(seq-g.seq)*g.interval
}

// learn takes an arrival, and says how far behind its expectation it was; ok:
// that it was learned from.
//
// One that is off by an interval or more is not: either it is alone, or its
// sender has skipped instants of its grid, or what the estimate rests on had
// been held up. The second in a row, and one that is off by margin as well,
// begins the estimate anew, as the first arrival of all does.
func (g *grid) learn(a arrival, margin int64) (behind int64, ok bool) {
	if offset, sane := g.offset(a); sane && g.window.n > 0 {
		behind = a.at - g.expected(a.seq)
		off := max(behind, -behind)
		if off < g.interval {
			g.off = false
			g.window.add(offset)
			return behind, true
		}
		if off < margin && !g.off {
			g.off = true
			return behind, false
		}
	}
	g.window.clear()
	g.seq, g.at, g.off = a.seq, a.at, false
	g.window.add(0)
	return 0, false
}

// offset is A_i - D s_i; false: it is out of range.
func (g *grid) offset(a arrival) (int64, bool) {
	steps := a.seq - g.seq
	if steps > uint64(math.MaxInt64/2/g.interval) {
		return 0, false
	}
	offset := a.at - g.at - int64(steps)*g.interval
	return offset, -farthest <= offset && offset <= farthest
}
