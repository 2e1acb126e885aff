package judge

import (
	"fmt"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
)

// hangUpWindow is the one that side's hang-ups must fall in.
func (v view) hangUpWindow(side trace.Side) bounds {
	for _, e := range v.expectations() {
		if e.That == scenario.HangsUp && (e.Side == "" || e.Side == side) {
			return v.windowOf(e)
		}
	}
	return bounds{}
}

func hangsUp(v view, e scenario.Expectation, side trace.Side) (Check, Span) {
	window := v.windowOf(e)
	c := Check{Expected: "a hang-up, or none"}
	if window != (bounds{}) {
		c.Expected = fmt.Sprintf("to hang up within %v%s", window, e.From.Phrase())
	}
	all := v.connections()
	if len(all) == 0 {
		c.Actual = "it had no connection when the fault struck"
		return c, v.whole()
	}
	var actual []string
	var held, broke slacks
	never, unknown := false, false
	for _, connection := range all {
		ending := connection.Of(side)
		words := ending.String()
		if len(all) > 1 {
			words += fmt.Sprintf(" (%s)", connection.Name)
		}
		actual = append(actual, words)
		switch ok, slack, measured := window.hangUp(ending); {
		case !measured:
			unknown = unknown || !ending.Unstruck
		case ok:
			held.add(slack)
		default:
			broke.add(slack)
		}
		never = never || ending.After == nil && !ending.Unstruck && ending.Timer == "" && ending.Unseen == 0
	}
	c.Actual = strings.Join(actual, ", ")
	if never && v.unseen(side) {
		c.Actual += " (whether its kernel has a keepalive timer, which the proxy's kernel would answer, cannot be seen from here)"
	}
	switch {
	case broke.n > 0: // while a single one does
		c.Slack = broke.most
	case held.n > 0 && !unknown: // all do
		c.Held, c.Slack = true, held.least
	default:
		c.Unmeasured = true
	}
	return c, Span{v.beforeFault(), v.doneBy(side)}
}

// hangUp says whether a connection's end holds against the window, and by how much
// it does or does not; measured: it can be said.
func (b bounds) hangUp(e Ending) (held bool, slack *time.Duration, measured bool) {
	switch {
	case e.Unstruck:
		return true, nil, e.Kept() // to keep the connection open is as good; what ended it is no concern of the fault's
	case e.After != nil:
		held, slack = b.contain(*e.After)
		return held, slack, true
	case e.Excused, e.Unseen > 0, b.hi != nil && e.For < *b.hi: // it has time left still
		return false, nil, false
	default:
		return b.hi == nil, b.missed(e.For), true
	}
}

// slacks are those of connections with one outcome.
type slacks struct {
	n           int
	least, most *time.Duration // of those that have one
}

func (s *slacks) add(slack *time.Duration) {
	s.n++
	if slack == nil {
		return
	}
	if s.least == nil || *slack < *s.least {
		s.least = slack
	}
	if s.most == nil || *slack > *s.most {
		s.most = slack
	}
}

// doneBy is when all connections were over for side, or did not count any more.
func (v view) doneBy(side trace.Side) int64 {
	_, until := v.counted()
	latest := v.fault
	for _, l := range v.links {
		if !v.counts(l) {
			continue
		}
		at, _ := l.Over(side)
		if at == network.Never || at > until {
			return until
		}
		latest = max(latest, at)
	}
	return latest
}

func staysUp(v view, _ scenario.Expectation, side trace.Side) (Check, Span) {
	c := Check{Expected: "not to hang up"}
	all := v.connections()
	if len(all) == 0 {
		c.Actual = "it had no connection when the fault struck"
		return c, v.whole()
	}
	for _, connection := range all {
		switch ending := connection.Of(side); {
		case ending.Cause == network.HungUp:
			c.Actual, c.Unmeasured = fmt.Sprintf("hung up after %v (%s), a mistake", milli(int64(*ending.After)), connection.Name), false
			return c, Span{v.beforeFault(), v.fault + int64(*ending.After)} // nothing later can have brought it
		case ending.Unseen > 0:
			c.Actual, c.Unmeasured = fmt.Sprintf("%s (%s)", ending.Alone(), connection.Name), true
		}
	}
	if c.Unmeasured {
		return c, v.whole()
	}
	c.Held, c.Actual = true, fmt.Sprintf("did not in %v", milli(v.end-v.fault))
	return c, v.whole()
}
