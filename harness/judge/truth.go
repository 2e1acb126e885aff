package judge

import (
	"cmp"
	"slices"
	"time"
)

// Truth is what really became of one side's peer: what its detectors'
// suspicions are held against. The zero Truth is a peer that lived throughout
// on a network that carried everything.
type Truth struct {
	// Cuts are the times in which a fault kept the peer's signs of life from
	// the side.
	Cuts []Span
	// Late is how long after a cut's end what it held may still be on its way.
	Late time.Duration
	// Unexcused says that a suspicion in a cut is a mistake all the same.
	Unexcused bool
	// Origin is the instant that detection times count from; nil: there is
	// none to count from.
	Origin *int64
	// Stopped are the times in which the side's own process was stopped: to come
	// near a deadline then is no close call.
	Stopped []Span
	// Grace is how long after a deadline what arrives still keeps the side
	// from suspecting its peer, as a live side's look into its receive buffer
	// does. 0: only what arrives at the very instant of the deadline does.
	Grace time.Duration
}

// excuse is the time in which the peer was not alive to the side: no suspicion
// is a mistake, and none of it is time alive. In order, disjoint.
func (t Truth) excuse() []Span {
	if t.Unexcused {
		return nil
	}
	return t.silence()
}

// silence is the time in which the side may hear nothing of its peer, and so is
// right to suspect it: the cuts, and what was late after them. In order, disjoint.
func (t Truth) silence() []Span {
	cuts := slices.SortedFunc(slices.Values(t.Cuts), func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var out []Span
	for _, c := range cuts {
		c.To += int64(t.Late)
		if n := len(out) - 1; n >= 0 && c.From <= out[n].To {
			out[n].To = max(out[n].To, c.To)
			continue
		}
		out = append(out, c)
	}
	return out
}

// struck is when the first cut began; endless: there was none.
func (t Truth) struck() int64 {
	first := int64(endless)
	for _, c := range t.Cuts {
		first = min(first, c.From)
	}
	return first
}

// detected says whether a suspicion is the detection of a cut: one that was
// still in force when the cut ended, or that lasted to its session's end.
func (t Truth) detected(suspicion Span, lasted bool) bool {
	return slices.ContainsFunc(t.Cuts, func(c Span) bool {
		if lasted {
			return suspicion.To >= c.From && suspicion.From <= c.To+int64(t.Late)
		}
		return suspicion.From <= c.To && c.To <= suspicion.To
	})
}
