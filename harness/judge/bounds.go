package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// bounds are those of a Range; nil: there is none.
type bounds struct{ lo, hi *time.Duration }

// windowBounds are those of a window: a lower bound of 0 is none, and the zero
// window has none at all.
func windowBounds(w heartbeat.Window) bounds {
	if w == (heartbeat.Window{}) {
		return bounds{}
	}
	b := bounds{hi: &w.Hi}
	if w.Lo > 0 {
		b.lo = &w.Lo
	}
	return b
}

// missed is by how much what had not happened after d was too late already;
// nil: there is no upper bound.
func (b bounds) missed(d time.Duration) *time.Duration {
	if b.hi == nil {
		return nil
	}
	late := max(0, d-*b.hi)
	return &late
}

// unmet notes of what an observation, from an instant on until another, did not see: by
// how much that is too late, when it became so, or by how much that ended before.
func (b bounds) unmet(c *Check, from, until int64) {
	c.Slack = b.missed(time.Duration(until - from))
	if b.hi != nil {
		c.due = from + int64(*b.hi)
		c.short = time.Duration(max(0, c.due-until))
	}
}

// contain says whether d lies within b, and how far from the nearest bound;
// nil: there is none.
func (b bounds) contain(d time.Duration) (in bool, slack *time.Duration) {
	in = true
	if b.lo != nil {
		in, slack = d >= *b.lo, since(int64(d), int64(*b.lo))
	}
	if b.hi != nil {
		in = in && d <= *b.hi
		if far := *b.hi - d; slack == nil || far.Abs() < slack.Abs() {
			slack = &far
		}
	}
	if slack != nil {
		*slack = slack.Abs()
	}
	return in, slack
}

// String is "6s..9s", or one side of it.
func (b bounds) String() string {
	var lo, hi string
	if b.lo != nil && *b.lo != 0 {
		lo = b.lo.String()
	}
	if b.hi != nil {
		hi = b.hi.String()
	}
	return lo + ".." + hi
}

// resolves says which bound of e's range means nothing, if one does.
func (v view) resolves(e scenario.Expectation) error {
	for _, s := range []scenario.Span{e.Within.Lo, e.Within.Hi} {
		if _, err := s.Eval(v.Header.Params); err != nil {
			return err
		}
	}
	return nil
}

// windowOf is e's range or, without one, the window under test.
func (v view) windowOf(e scenario.Expectation) bounds {
	if e.Within == (scenario.Range{}) {
		return windowBounds(v.Header.Window)
	}
	return v.within(e)
}

// within is e's range, which resolves.
func (v view) within(e scenario.Expectation) bounds {
	bound := func(s scenario.Span) *time.Duration {
		d, err := s.Eval(v.Header.Params)
		if s == "" || err != nil {
			return nil
		}
		return &d
	}
	return bounds{bound(e.Within.Lo), bound(e.Within.Hi)}
}
