package capture

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// estimate is the beat interval by the first rows, and the column that says so:
// sent_ns where there is one, which no network has touched. 0: they don't tell.
//
// It is the median of the slopes between each row and that half the file further
// on, in order of seq (after Theil and Sen): jitter, lost beats and some very late
// ones hardly move it. A pause would, which half of the slopes see: it is taken out
// first.
func estimate(head []row, hasSent bool) (interval time.Duration, column string) {
	at, column := func(r row) int64 { return r.arrived }, "arrived_ns"
	if hasSent {
		at, column = func(r row) int64 { return r.sent }, "sent_ns"
	}
	rows := slices.SortedStableFunc(slices.Values(head), func(a, b row) int { return cmp.Compare(a.seq, b.seq) })
	points := make([]point, len(rows))
	for i, r := range rows {
		points[i] = point{float64(r.seq - rows[0].seq), float64(at(r) - at(rows[0]))} // small numbers are exact
	}
	if near := slopes(points, 1); len(near) > 0 {
		closeUp(points, median(near))
	}
	far := slopes(points, (len(points)+1)/2)
	if len(far) == 0 {
		return 0, column
	}
	return time.Duration(median(far)), column
}

// point is a beat and its instant, both from the first one on.
type point struct{ seq, at float64 }

// closeUp takes out pauses: where a beat is off by the one before it, by more than
// one and a half intervals and more than jitter makes it, it and all that follow are
// put where they would be. The median of what beats are off by tells what jitter
// does: of uniform delays, none is four times as far off.
func closeUp(points []point, interval float64) {
	off := make([]float64, len(points))
	var usual []float64
	for i := 1; i < len(points); i++ {
		off[i] = points[i].at - points[i-1].at - interval*(points[i].seq-points[i-1].seq)
		usual = append(usual, math.Abs(off[i]))
	}
	limit := max(1.5*math.Abs(interval), 6*median(usual))
	shift := 0.0
	for i := range points {
		if math.Abs(off[i]) > limit {
			shift += off[i]
		}
		points[i].at -= shift
	}
}

// slopes are the intervals by points that are so many apart.
func slopes(points []point, apart int) (out []float64) {
	for i := range max(0, len(points)-apart) {
		if a, b := points[i], points[i+apart]; b.seq > a.seq {
			out = append(out, (b.at-a.at)/(b.seq-a.seq))
		}
	}
	return out
}

func median(of []float64) float64 {
	slices.Sort(of)
	middle := len(of) / 2
	if len(of)%2 == 0 {
		return (of[middle-1] + of[middle]) / 2
	}
	return of[middle]
}
