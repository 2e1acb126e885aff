package judge

import (
	"math"
	"slices"
)

// Span is the time between two instants, in nanoseconds since the epoch, both
// included.
type Span struct{ From, To int64 }

// endless is the end of what never ends, with room for sums.
const endless = math.MaxInt64 / 2

// in says whether some span has the instant.
func in(spans []Span, at int64) bool {
	return slices.ContainsFunc(spans, func(s Span) bool { return at >= s.From && at <= s.To })
}

// beside is the part of [from, to] that no span covers.
func beside(spans []Span, from, to int64) int64 {
	left := to - from
	for _, s := range spans {
		left -= max(0, min(to, s.To)-max(from, s.From))
	}
	return left
}

// next is where the first span after an instant begins; endless: there is none.
func next(spans []Span, at int64) int64 {
	for _, s := range spans {
		if s.From > at {
			return s.From
		}
	}
	return endless
}
