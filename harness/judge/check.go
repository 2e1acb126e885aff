package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// checks are the network's proofs, then all expectations, each for the sides
// that it is about.
func (v view) checks() []Check {
	checks := v.proofs()
	for _, e := range v.expectations() {
		judge, known := outcomes[e.That]
		if !known {
			checks = append(checks, Check{Expected: string(e.That), Actual: "this version knows no such outcome"})
			continue
		}
		for _, side := range judge.sides(e) {
			c := judge.check(v, e, side)
			if judge.told && !(v.tells(heartbeat.ClientSide) && v.tells(heartbeat.ServerSide)) {
				c = Check{Expected: c.Expected, Unmeasured: true, Actual: "the subject does not tell what happens inside it"}
			}
			c.That, c.Side = e.That, side
			checks = append(checks, c)
		}
	}
	for i := range checks {
		if checks[i].Slack == nil {
			checks[i].Doubt = v.doubt(v.cameUp(), v.end)
		}
	}
	return checks
}

// outcome judges one kind of expectation.
type outcome struct {
	check func(v view, e scenario.Expectation, side trace.Side) Check
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
}

func detects(v view, e scenario.Expectation, side trace.Side) Check {
	window := v.within(e)
	if e.Within == (scenario.Range{}) {
		window = bounds{lo: &v.Header.Window.Lo, hi: &v.Header.Window.Hi}
	}
	c := Check{Expected: fmt.Sprintf("detection within %v%s", window, e.From.Phrase())}
	origin, counted := v.origin(e.From, side)
	at, _, ok := v.suspicion(side)
	switch {
	case !counted:
		c.Actual = "there was nothing to count from" + e.From.Phrase()
	case !ok:
		c.Actual = fmt.Sprintf("never detected in %v", seconds(v.end-origin))
		if at, cause, ended := v.ending(side); ended {
			c.Actual = fmt.Sprintf("never suspected its peer: its session ended after %v (%s)", seconds(at-origin), cause)
		}
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - origin))
		c.Doubt = v.doubt(v.beforeFault(), at)
		c.Actual = fmt.Sprintf("detected after %v", seconds(at-origin))
	}
	return c
}

func ends(v view, e scenario.Expectation, side trace.Side) Check {
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
	case !ok:
		c.Actual = fmt.Sprintf("it did not in %v", seconds(v.end-origin))
	default:
		c.Actual = fmt.Sprintf("it ended after %v (%s)", seconds(at-origin), cause)
		forThat := len(e.Causes) == 0 || slices.Contains(e.Causes, heartbeat.Cause(cause)) || !v.tells(side)
		if c.Held, c.Slack = window.contain(time.Duration(at - origin)); !forThat {
			c.Held, c.Slack = false, nil
		}
		c.Doubt = v.doubt(min(origin, at), max(origin, at))
		if e.From != scenario.FromPeersEnd {
			c.Doubt = v.doubt(v.beforeFault(), at)
		}
	}
	return c
}

func unnoticed(v view, _ scenario.Expectation, side trace.Side) Check {
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
		c.Slack, c.Doubt = v.closest(side), v.doubt(v.cameUp(), v.end)
	}
	return c
}

func mistakes(v view, e scenario.Expectation, side trace.Side) Check {
	n, _ := v.mistakes(side)
	c := Check{Expected: plural(e.Count, "mistake"), Actual: plural(n, "mistake"), Held: n == e.Count}
	if n == 0 && !v.aliveAtEnd(side) {
		c.Held, c.Actual = false, "it had no session left to be mistaken about"
	}
	if c.Held && n == 0 {
		c.Slack, c.Doubt = v.closest(side), v.doubt(v.cameUp(), v.end)
	}
	return c
}

func recovers(v view, e scenario.Expectation, side trace.Side) Check {
	window := v.within(e)
	c := Check{Expected: "recovery after the fault's end"}
	if window != (bounds{}) {
		c.Expected = fmt.Sprintf("recovery within %v of the fault's end", window)
	}
	at, ok := v.recovered(side)
	switch {
	case !v.healed:
		c.Actual = "the fault never ended"
	case !ok:
		c.Actual = fmt.Sprintf("no session carried data in %v", seconds(v.end-v.heal))
	default:
		c.Held, c.Slack = window.contain(time.Duration(at - v.heal))
		c.Doubt = v.doubt(v.heal, at)
		c.Actual = fmt.Sprintf("recovered after %v", seconds(at-v.heal))
	}
	return c
}

func staysDown(v view, _ scenario.Expectation, _ trace.Side) Check {
	c := Check{Expected: "no new session while the fault lasts"}
	until := v.end
	if v.healed {
		until = v.heal
	}
	up := v.first(func(e trace.Event) bool { return e.What == trace.Up && e.T > v.fault && e.T < until })
	if up != nil {
		c.Actual = fmt.Sprintf("the %s had one after %v", up.Side, seconds(up.T-v.fault))
		return c
	}
	for _, l := range v.links {
		if l.Born > v.fault && l.Born < until && l.Up.Passed > 0 && l.Up.FirstPassed < until && l.Down.Passed > 0 && l.Down.FirstPassed < until {
			c.Actual = fmt.Sprintf("bytes passed both ways on a connection born after %v", seconds(l.Born-v.fault))
			return c
		}
	}
	c.Held, c.Actual = v.struck, "there was none"
	return c
}

func cleansUp(v view, _ scenario.Expectation, side trace.Side) Check {
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
	}
}

func dataIntact(v view, _ scenario.Expectation, _ trace.Side) Check {
	c := Check{Expected: "no message lost, reordered or damaged"}
	if bad := v.first(func(e trace.Event) bool { return e.What == trace.Damaged }); bad != nil {
		c.Actual = fmt.Sprintf("the %s got a damaged message at %v", bad.Side, bad.Offset())
		return c
	}
	total := 0
	for _, to := range []trace.Side{heartbeat.ServerSide, heartbeat.ClientSide} {
		sent := v.messages(to.Peer(), trace.Sent)
		heard := v.messages(to, trace.Heard)
		if !slices.Equal(sent, heard) {
			c.Actual = fmt.Sprintf("of %d messages to the %s %d arrived, or not in that order", len(sent), to, len(heard))
			return c
		}
		total += len(heard)
	}
	c.Held, c.Actual = total > 0, fmt.Sprintf("all %d messages arrived", total)
	return c
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

func canary(fate string) func(view, scenario.Expectation, trace.Side) Check {
	return func(v view, _ scenario.Expectation, side trace.Side) Check {
		c := Check{Expected: "a canary byte to have " + fate}
		if fate == "withheld" {
			c.Expected = "a canary byte to be withheld"
		}
		e := v.first(func(e trace.Event) bool { return e.What == trace.Canary && e.Side == side })
		if e == nil {
			c.Actual = "none was sent"
			return c
		}
		c.Held, c.Actual = e.Cause == fate, "it was "+e.Cause
		return c
	}
}

// proofs hold what the network says of each fault against the fault's Must.
func (v view) proofs() []Check {
	var checks []Check
	number := 0
	for _, step := range v.Header.Scenario.Faults {
		if step.Fault.Kind.OfPeer() {
			continue
		}
		applied, struck := false, false
		var proof network.Strike
		for _, s := range v.strikes {
			if s.Fault == number {
				applied, proof, struck = true, s, struck || v.struckBy(step.Fault.Kind, s)
			}
		}
		number++
		c := Check{Side: trace.Network, Expected: fmt.Sprintf("%s to strike", step.Fault.Kind), Actual: describe(proof)}
		c.Held = applied && struck
		if step.Must == scenario.MustNotStrike {
			c.Expected = fmt.Sprintf("%s to find nothing to do", step.Fault.Kind)
			c.Held = applied && !struck && !proof.Struck() && proof.Forgotten == network.Never
		}
		if leak := v.leak(step.Fault.Kind, proof); applied && leak != "" {
			c.Held, c.Actual = false, leak
		}
		if !applied {
			c.Actual = "it was never applied"
		}
		checks = append(checks, c)
	}
	return checks
}

// struckBy says whether a strike did something to the connection that was in
// use: a dial that was lost beside it proves nothing.
func (v view) struckBy(kind scenario.Kind, s network.Strike) bool {
	l, known := v.link()
	if kind == scenario.Latency || !known {
		return s.Struck()
	}
	return s.Struck() && (l.Up.Withheld+l.Down.Withheld > 0 || l.Up.Ended != network.Never || l.Down.Ended != network.Never ||
		l.Up.HungUp >= s.On || l.Down.HungUp >= s.On)
}

// leak says what passed a cut that was never healed, if anything did.
func (v view) leak(kind scenario.Kind, s network.Strike) string {
	up, down := kind.Cuts()
	if s.Off != network.Never {
		return "" // what passed later may have passed after it
	}
	for _, l := range v.links {
		if up && l.Up.LastPassed > s.On || down && l.Down.LastPassed > s.On {
			return "bytes passed all the same"
		}
	}
	return ""
}

func describe(s network.Strike) string {
	var did []string
	add := func(n int64, what string) {
		if n > 0 {
			did = append(did, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(s.WithheldUp, "bytes withheld from the server")
	add(s.WithheldDown, "bytes withheld from the client")
	add(int64(s.Closings), "closings withheld")
	add(int64(s.Dials), "dials lost")
	add(int64(s.Ended), "connections ended")
	add(s.Delayed, "chunks delayed")
	if len(did) == 0 {
		return "it touched nothing"
	}
	return strings.Join(did, ", ")
}

// bounds are those of a Range; nil: there is none.
type bounds struct{ lo, hi *time.Duration }

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

// within is e's range. The lab refuses spans that don't resolve.
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
