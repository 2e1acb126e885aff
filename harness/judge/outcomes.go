package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

func detects(v view, e scenario.Expectation, side trace.Side) (Check, Span) {
	window := v.windowOf(e)
	c := Check{Expected: fmt.Sprintf("detection within %v%s", window, e.From.Phrase())}
	origin, counted := v.origin(e.From, side)
	at, _, ok := v.suspicion(side)
	switch {
	case !counted:
		c.Actual = "there was nothing to count from" + e.From.Phrase()
		return c, v.whole()
	case !ok:
		at = v.end
		window.unmet(&c, origin, at)
		c.Actual = fmt.Sprintf("never detected in %v", milli(at-origin))
		if at, cause, ended := v.ending(side); ended {
			c.Actual = fmt.Sprintf("never suspected its peer: its session ended after %v (%s)", milli(at-origin), cause)
			c.Slack, c.short, c.due = nil, 0, 0
		}
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - origin))
		c.Actual = fmt.Sprintf("detected after %v", milli(at-origin))
	}
	return c, Span{v.beforeFault(), at}
}

func ends(v view, e scenario.Expectation, side trace.Side) (Check, Span) {
	window := v.within(e)
	c := Check{Expected: "the session to end"}
	if window != (bounds{}) {
		c.Expected += fmt.Sprintf(" within %v%s", window, e.From.Phrase())
	}
	if len(e.Causes) > 0 && v.tells(side) { // the wire does not show a cause
		causes := make([]string, len(e.Causes))
		for i, cause := range e.Causes {
			causes[i] = fmt.Sprintf("%q", cause)
		}
		c.Expected += " with cause " + strings.Join(causes, " or ")
	}
	origin, counted := v.origin(e.From, side)
	at, cause, ok := v.ending(side)
	switch {
	case !counted:
		c.Actual = "there was nothing to count from" + e.From.Phrase()
		return c, v.whole()
	case !ok:
		at = v.end
		window.unmet(&c, origin, at)
		c.Actual = fmt.Sprintf("it did not in %v", milli(at-origin))
	default:
		c.Actual = fmt.Sprintf("it ended after %v (%s)", milli(at-origin), cause)
		forThat := len(e.Causes) == 0 || slices.Contains(e.Causes, heartbeat.Cause(cause)) || !v.tells(side)
		if c.Held, c.Slack = window.contain(time.Duration(at - origin)); !forThat {
			c.Held, c.Slack = false, nil
		}
	}
	if e.From == scenario.FromPeersEnd {
		return c, Span{min(origin, at), max(origin, at)}
	}
	return c, Span{v.beforeFault(), at}
}

func unnoticed(v view, _ scenario.Expectation, side trace.Side) (Check, Span) {
	c := Check{Expected: "not to notice anything"}
	if at, ok := v.lostBefore(side); ok {
		c.Actual = fmt.Sprintf("its session was over at %v, before any fault", milli(at))
	} else if e := v.suspected(side, func(int64) bool { return true }); e != nil {
		c.Actual = fmt.Sprintf("suspected its peer after %v", milli(e.T-v.fault))
	} else if at, cause, ok := v.ending(side); ok {
		c.Actual = fmt.Sprintf("its session ended after %v (%s)", milli(at-v.fault), cause)
	} else if v.session(side) == "" && v.tells(side) {
		c.Actual = "it had no session when the fault struck"
	} else {
		c.Held, c.Actual = true, fmt.Sprintf("noticed nothing in %v", milli(v.end-v.fault))
		if c.Slack = v.closest(side); !v.tells(side) {
			c.Slack = windowBounds(v.Header.Window).missed(time.Duration(v.end - v.fault))
		}
		if e := v.first(func(e trace.Event) bool { return e.Side == side && e.What == trace.Computed }); e != nil {
			c.Actual += fmt.Sprintf("; computed, not measured: %s", e.Detail)
		}
	}
	return c, v.whole()
}

func mistakes(v view, e scenario.Expectation, side trace.Side) (Check, Span) {
	n := v.measure(side).Mistakes
	c := Check{Expected: words.Plural(e.Count, "mistake"), Actual: words.Plural(n, "mistake"), Held: n == e.Count}
	if n == 0 && !v.aliveAtEnd(side) {
		c.Held, c.Actual = false, "it had no session left to be mistaken about"
	}
	if c.Held && n == 0 {
		c.Slack = v.closest(side)
	}
	return c, v.whole()
}

// aliveAtEnd says whether side ended the trial with a session: a side that had
// none could make no mistake.
func (v view) aliveAtEnd(side trace.Side) bool {
	return len(v.openSessions(side, math.MaxInt64)) > 0 || !v.tells(side)
}
