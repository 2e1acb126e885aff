package judge

import (
	"fmt"
	"math"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
)

func recovers(v view, e scenario.Expectation, side trace.Side) (Check, Span) {
	window := v.within(e)
	c := Check{Expected: "recovery after the fault's end"}
	if window != (bounds{}) {
		c.Expected = fmt.Sprintf("recovery within %v of the fault's end", window)
	}
	at, ok := v.recovered(side)
	switch {
	case !v.healed:
		c.Actual = "the fault never ended"
		return c, v.whole()
	case !ok:
		if gone := v.first(func(e trace.Event) bool { return e.What == trace.Exit }); gone != nil { // whatever a clock says
			c.Actual = fmt.Sprintf("no session carried data any more, as %s", gone.Detail)
			return c, Span{}
		}
		at = v.end
		window.unmet(&c, v.heal, at)
		c.Actual = fmt.Sprintf("no session carried data in %v", milli(at-v.heal))
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - v.heal))
		c.Actual = fmt.Sprintf("recovered after %v", milli(at-v.heal))
	}
	return c, Span{v.heal, at}
}

func staysDown(v view, _ scenario.Expectation, _ trace.Side) (Check, Span) {
	c := Check{Expected: "no new session while the fault lasts"}
	until := v.end
	if v.healed {
		until = v.heal
	}
	rests := Span{v.fault, until}
	up := v.first(func(e trace.Event) bool { return e.What == trace.Up && e.T > v.fault && e.T < until })
	if up != nil {
		c.Actual = fmt.Sprintf("the %s had one after %v", up.Side, milli(up.T-v.fault))
		return c, rests
	}
	for _, l := range v.links {
		if l.Born > v.fault && l.Born < until && l.Up.Passed > 0 && l.Up.FirstPassed < until && l.Down.Passed > 0 && l.Down.FirstPassed < until {
			c.Actual = fmt.Sprintf("bytes passed both ways on a connection born after %v", milli(l.Born-v.fault))
			return c, rests
		}
	}
	c.Held, c.Actual = v.struck, "there was none"
	return c, rests
}

func cleansUp(v view, _ scenario.Expectation, side trace.Side) (Check, Span) {
	old := max(0, len(v.openSessions(side, math.MaxInt64))-1)
	return Check{
		Expected: "every session but the newest to be cleaned up",
		Actual:   words.Plural(old, "older session") + " left at the end",
		Held:     old == 0,
	}, v.whole()
}

// measureRecovery measures what came after the faults' end.
func (v view) measureRecovery(side trace.Side, m *Measures) {
	if at, ok := v.recovered(side); ok {
		m.Recovery = since(at, v.heal)
	}
	if at, ok := v.firstLink(network.Link.Resumes); ok && !v.tells(side) {
		m.Resumed = since(at, v.heal)
	}
}

// recovered is side's first sign of life after the heal, on a session that
// carries data.
func (v view) recovered(side trace.Side) (int64, bool) {
	if !v.healed {
		return 0, false
	}
	if !v.tells(side) {
		return v.recoveredByWire()
	}
	up := map[string]bool{}
	alive := map[string]int64{}
	for _, e := range v.Events {
		if e.Side != side {
			continue
		}
		switch {
		case e.What == trace.Up:
			up[e.Session] = true
		case e.What == trace.Down || e.What == trace.Closed:
			delete(up, e.Session)
			delete(alive, e.Session)
		case e.What == trace.Heard && e.T >= v.heal && up[e.Session]:
			if _, known := alive[e.Session]; !known {
				alive[e.Session] = e.T
			}
			if e.Kind == "data" {
				return alive[e.Session], true
			}
		}
	}
	return 0, false
}

// recoveredByWire is the first instant after the heal by which a new connection
// had carried bytes both ways; where hang-ups are not what the trial is about, an
// old one will do.
func (v view) recoveredByWire() (int64, bool) {
	at, ok := v.firstLink(network.Link.Carries)
	if old, resumed := v.firstLink(network.Link.Resumes); resumed && !v.byWire() && (!ok || old < at) {
		return old, true
	}
	return at, ok
}

// firstLink is the first instant at which some connection worked after the heal.
func (v view) firstLink(works func(network.Link, int64) (int64, bool)) (first int64, ok bool) {
	for _, l := range v.links {
		if at, works := works(l, v.heal); works && v.healed && at <= v.end && (!ok || at < first) {
			first, ok = at, true
		}
	}
	return first, ok
}
