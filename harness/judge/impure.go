package judge

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// impurity is how far sides were from their pure detectors.
type impurity map[trace.Side]time.Duration

// impure are the sides that were further from their pure detectors than a trial bears.
func (v view) impure() impurity {
	apart := impurity{}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		for _, l := range v.lapses(side) {
			if by := l.by.Abs(); by > v.limit()+v.doubt(side, l.rests) {
				apart[side] = max(apart[side], by)
			}
		}
	}
	return apart
}

// most is the one of sides that was furthest; "": none was.
func (i impurity) most(sides ...trace.Side) (by trace.Side) {
	for _, side := range sides {
		if i[side] > i[by] {
			by = side
		}
	}
	return by
}

// explains is the side for whose sake c may have broken, as it was that far from its
// pure detector: as one is whose process stands still, and does not tell. "": none;
// nobody damages a message so.
func (v view) explains(apart impurity, c Check) trace.Side {
	damaged := func(e trace.Event) bool { return e.What == trace.Damaged }
	if c.That == scenario.DataIntact && v.first(damaged) != nil {
		return ""
	}
	by := apart.most(v.decides(c)...)
	if c.Doubt += apart[by]; by == "" || !v.doubtful(c) {
		return ""
	}
	return by
}

// decides are the sides whose detectors have a say in c: its own and, where it rests
// on the peer's hang-up, the peer's.
func (v view) decides(c Check) []trace.Side {
	if ofTrial := c.Side.Peer() == ""; ofTrial {
		return []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	}
	lost := v.first(func(e trace.Event) bool { return e.Side == c.Side && e.What == trace.Down })
	gaveUp := lost != nil && lost.Cause == string(session.GaveUp)
	awaited := slices.ContainsFunc(v.expectations(), func(e scenario.Expectation) bool {
		return e.That == c.That && (e.Side == "" || e.Side == c.Side) &&
			(e.From == scenario.FromPeersEnd || slices.Contains(e.Causes, session.GaveUp))
	})
	if gaveUp || awaited || c.That == scenario.Recovers { // a new session takes both
		return []trace.Side{c.Side, c.Side.Peer()}
	}
	return []trace.Side{c.Side}
}
