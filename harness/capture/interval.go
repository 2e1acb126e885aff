package capture

import (
	"cmp"
	"slices"
	"time"
)

// estimate is the beat interval by the first rows, and the column that says so:
// sent_ns where there is one, which no network has touched. 0: they don't tell.
//
// It is the median of the slopes between each row and the one half of all rows
// further on, in order of seq: the incomplete estimator of Theil and Sen, which
// neither lost beats nor some very late ones can move.
func estimate(head []row, hasSent bool) (interval time.Duration, column string) {
	at, column := func(r row) int64 { return r.arrived }, "arrived_ns"
	if hasSent {
		at, column = func(r row) int64 { return r.sent }, "sent_ns"
	}
	rows := slices.SortedStableFunc(slices.Values(head), func(a, b row) int { return cmp.Compare(a.seq, b.seq) })
	half := (len(rows) + 1) / 2
	var slopes []float64
	for i := range rows[:len(rows)-half] {
		a, b := rows[i], rows[i+half]
		if b.seq > a.seq {
			slopes = append(slopes, float64(at(b)-at(a))/float64(b.seq-a.seq))
		}
	}
	if len(slopes) == 0 {
		return 0, column
	}
	slices.Sort(slopes)
	middle := len(slopes) / 2
	if len(slopes)%2 == 0 {
		return time.Duration((slopes[middle-1] + slopes[middle]) / 2), column
	}
	return time.Duration(slopes[middle]), column
}
