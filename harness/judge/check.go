package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// checks are the network's proofs, then all expectations, each for the sides
// that it is about.
func (v view) checks() []Check {
	checks := v.proofs()
	for i := range checks {
		checks[i].Doubt = v.doubt("", v.whole())
	}
	for _, e := range v.expectations() {
		judge, known := outcomes[e.That]
		if !known {
			checks = append(checks, Check{Expected: string(e.That), Actual: "this version knows no such outcome"})
			continue
		}
		if err := v.resolves(e); err != nil {
			checks = append(checks, Check{That: e.That, Expected: string(e.That), Actual: err.Error()})
			continue
		}
		for _, side := range judge.sides(e) {
			c, rests := judge.check(v, e, side)
			if judge.told && !(v.tells(heartbeat.ClientSide) && v.tells(heartbeat.ServerSide)) {
				c = Check{Expected: c.Expected, Unmeasured: true, Actual: "the subject does not tell what happens inside it"}
			}
			c.That, c.Side, c.Doubt = e.That, side, v.doubt(side, rests)
			checks = append(checks, c)
		}
	}
	return checks
}

// outcome judges one kind of expectation.
type outcome struct {
	// check is the judgement, and the span whose stamps it rests on.
	check func(v view, e scenario.Expectation, side trace.Side) (Check, span)
	whole bool // it is about the trial, not about a side
	told  bool // it needs a subject that tells: the wire does not show it
}

func (o outcome) sides(e scenario.Expectation) []trace.Side {
	switch {
	case o.whole:
		return []trace.Side{""}
	case e.Side != "":
		return []trace.Side{e.Side}
	default:
		return []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	}
}

var outcomes = map[scenario.Outcome]outcome{
	scenario.Detects:        {check: detects},
	scenario.Ends:           {check: ends},
	scenario.Unnoticed:      {check: unnoticed},
	scenario.Mistakes:       {check: mistakes},
	scenario.Recovers:       {check: recovers},
	scenario.StaysDown:      {check: staysDown, whole: true},
	scenario.CleansUp:       {check: cleansUp, told: true},
	scenario.DataIntact:     {check: dataIntact, whole: true, told: true},
	scenario.CanaryWithheld: {check: canary("withheld"), told: true},
	scenario.CanaryArrives:  {check: canary("arrived"), told: true},
	scenario.HangsUp:        {check: hangsUp},
	scenario.StaysUp:        {check: staysUp},
}

func detects(v view, e scenario.Expectation, side trace.Side) (Check, span) {
	window := v.within(e)
	if e.Within == (scenario.Range{}) {
		window = windowBounds(v.Header.Window)
	}
	c := Check{Expected: fmt.Sprintf("detection within %v%s", window, e.From.Phrase())}
	origin, counted := v.origin(e.From, side)
	at, _, ok := v.suspicion(side)
	switch {
	case !counted:
		c.Actual = "there was nothing to count from" + e.From.Phrase()
		return c, v.whole()
	case !ok:
		at = v.end
		c.Slack = window.missed(time.Duration(at - origin))
		c.Actual = fmt.Sprintf("never detected in %v", seconds(at-origin))
		if at, cause, ended := v.ending(side); ended {
			c.Actual = fmt.Sprintf("never suspected its peer: its session ended after %v (%s)", seconds(at-origin), cause)
			c.Slack = nil
		}
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - origin))
		c.Actual = fmt.Sprintf("detected after %v", seconds(at-origin))
	}
	return c, span{v.beforeFault(), at}
}

func ends(v view, e scenario.Expectation, side trace.Side) (Check, span) {
	window := v.within(e)
	c := Check{Expected: "the session to end"}
	if window != (bounds{}) {
		c.Expected += fmt.Sprintf(" within %v%s", window, e.From.Phrase())
	}
	if len(e.Causes) > 0 && v.tells(side) { // the wire does not show a cause
		words := make([]string, len(e.Causes))
		for i, cause := range e.Causes {
			words[i] = fmt.Sprintf("%q", cause)
		}
		c.Expected += " with cause " + strings.Join(words, " or ")
	}
	origin, counted := v.origin(e.From, side)
	at, cause, ok := v.ending(side)
	switch {
	case !counted:
		c.Actual = "there was nothing to count from" + e.From.Phrase()
		return c, v.whole()
	case !ok:
		at = v.end
		c.Slack = window.missed(time.Duration(at - origin))
		c.Actual = fmt.Sprintf("it did not in %v", seconds(at-origin))
	default:
		c.Actual = fmt.Sprintf("it ended after %v (%s)", seconds(at-origin), cause)
		forThat := len(e.Causes) == 0 || slices.Contains(e.Causes, heartbeat.Cause(cause)) || !v.tells(side)
		if c.Held, c.Slack = window.contain(time.Duration(at - origin)); !forThat {
			c.Held, c.Slack = false, nil
		}
	}
	if e.From == scenario.FromPeersEnd {
		return c, span{min(origin, at), max(origin, at)}
	}
	return c, span{v.beforeFault(), at}
}

func unnoticed(v view, _ scenario.Expectation, side trace.Side) (Check, span) {
	c := Check{Expected: "not to notice anything"}
	if at, ok := v.lostBefore(side); ok {
		c.Actual = fmt.Sprintf("its session was over at %v, before any fault", seconds(at))
	} else if at, _, ok := v.suspicion(side); ok {
		c.Actual = fmt.Sprintf("suspected its peer after %v", seconds(at-v.fault))
	} else if at, cause, ok := v.ending(side); ok {
		c.Actual = fmt.Sprintf("its session ended after %v (%s)", seconds(at-v.fault), cause)
	} else if v.session(side) == "" && v.tells(side) {
		c.Actual = "it had no session when the fault struck"
	} else {
		c.Held, c.Actual = true, fmt.Sprintf("noticed nothing in %v", seconds(v.end-v.fault))
		if c.Slack = v.closest(side); !v.tells(side) {
			c.Slack = windowBounds(v.Header.Window).missed(time.Duration(v.end - v.fault))
		}
	}
	return c, v.whole()
}

func mistakes(v view, e scenario.Expectation, side trace.Side) (Check, span) {
	n, _ := v.mistakes(side)
	c := Check{Expected: plural(e.Count, "mistake"), Actual: plural(n, "mistake"), Held: n == e.Count}
	if n == 0 && !v.aliveAtEnd(side) {
		c.Held, c.Actual = false, "it had no session left to be mistaken about"
	}
	if c.Held && n == 0 {
		c.Slack = v.closest(side)
	}
	return c, v.whole()
}

func recovers(v view, e scenario.Expectation, side trace.Side) (Check, span) {
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
		at = v.end
		c.Slack = window.missed(time.Duration(at - v.heal))
		c.Actual = fmt.Sprintf("no session carried data in %v", seconds(at-v.heal))
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - v.heal))
		c.Actual = fmt.Sprintf("recovered after %v", seconds(at-v.heal))
	}
	return c, span{v.heal, at}
}

func staysDown(v view, _ scenario.Expectation, _ trace.Side) (Check, span) {
	c := Check{Expected: "no new session while the fault lasts"}
	until := v.end
	if v.healed {
		until = v.heal
	}
	rests := span{v.fault, until}
	up := v.first(func(e trace.Event) bool { return e.What == trace.Up && e.T > v.fault && e.T < until })
	if up != nil {
		c.Actual = fmt.Sprintf("the %s had one after %v", up.Side, seconds(up.T-v.fault))
		return c, rests
	}
	for _, l := range v.links {
		if l.Born > v.fault && l.Born < until && l.Up.Passed > 0 && l.Up.FirstPassed < until && l.Down.Passed > 0 && l.Down.FirstPassed < until {
			c.Actual = fmt.Sprintf("bytes passed both ways on a connection born after %v", seconds(l.Born-v.fault))
			return c, rests
		}
	}
	c.Held, c.Actual = v.struck, "there was none"
	return c, rests
}

func cleansUp(v view, _ scenario.Expectation, side trace.Side) (Check, span) {
	newest := ""
	for _, e := range v.Events {
		if e.Side == side && e.What == trace.Up {
			newest = e.Session
		}
	}
	old := slices.DeleteFunc(v.openSessions(side), func(s string) bool { return s == newest })
	return Check{
		Expected: "every session but the newest to be cleaned up",
		Actual:   plural(len(old), "older session") + " left at the end",
		Held:     len(old) == 0,
	}, v.whole()
}

func dataIntact(v view, _ scenario.Expectation, _ trace.Side) (Check, span) {
	c := Check{Expected: "no message lost, reordered or damaged"}
	if bad := v.first(func(e trace.Event) bool { return e.What == trace.Damaged }); bad != nil {
		c.Actual = fmt.Sprintf("the %s got a damaged message at %v", bad.Side, bad.Offset())
		return c, span{} // no stall does that
	}
	total := 0
	for _, to := range []trace.Side{heartbeat.ServerSide, heartbeat.ClientSide} {
		sent := v.messages(to.Peer(), trace.Sent)
		heard := v.messages(to, trace.Heard)
		if !slices.Equal(sent, heard) {
			c.Actual = fmt.Sprintf("of %d messages to the %s %d arrived, or not in that order", len(sent), to, len(heard))
			return c, v.whole()
		}
		total += len(heard)
	}
	c.Held, c.Actual = total > 0, fmt.Sprintf("all %d messages arrived", total)
	return c, v.whole()
}

// messages are the numbers of the data frames that side sent or heard on the
// session that the fault struck.
func (v view) messages(side trace.Side, what trace.What) []uint64 {
	name := v.session(side)
	var numbers []uint64
	for _, e := range v.Events {
		if e.Side == side && e.What == what && e.Kind == "data" && e.Session == name {
			numbers = append(numbers, e.Seq)
		}
	}
	return numbers
}

func canary(fate string) func(view, scenario.Expectation, trace.Side) (Check, span) {
	return func(v view, _ scenario.Expectation, side trace.Side) (Check, span) {
		c := Check{Expected: "a canary byte to have " + fate}
		if fate == "withheld" {
			c.Expected = "a canary byte to be withheld"
		}
		e := v.first(func(e trace.Event) bool { return e.What == trace.Canary && e.Side == side })
		if e == nil {
			c.Actual = "none was sent"
			return c, v.whole()
		}
		c.Held, c.Actual = e.Cause == fate, "it was "+e.Cause
		if patience := time.Duration(e.To - e.T); fate == "withheld" && patience > 0 {
			c.Slack = &patience // a stall as long may have hidden its arrival
		}
		return c, span{e.T, max(e.T, e.To)}
	}
}

// aliveAtEnd says whether side ended the trial with a session: a side that had
// none could make no mistake.
func (v view) aliveAtEnd(side trace.Side) bool {
	return len(v.openSessions(side)) > 0 || !v.tells(side)
}

// openSessions are side's sessions that were up and had not ended when the
// trial did.
func (v view) openSessions(side trace.Side) []string {
	var open []string
	for _, e := range v.Events {
		if e.Side != side {
			continue
		}
		switch e.What {
		case trace.Up:
			open = append(open, e.Session)
		case trace.Down, trace.Closed:
			open = slices.DeleteFunc(open, func(s string) bool { return s == e.Session })
		}
	}
	return open
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func seconds(ns int64) time.Duration { return time.Duration(ns).Round(time.Millisecond) }
