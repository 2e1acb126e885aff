package report

import (
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// notice is what a side's detection time was taken from, and what it counts from.
type notice struct {
	at, origin int64
	says       string
}

// noticed is that of side's detection; nil: it has none. By the wire it is on the
// connection that ended last.
func noticed(t trace.Trace, r judge.Record, side heartbeat.Side, fault int64) *notice {
	d := r.Noticed(side)
	if !r.Expects(scenario.HangsUp, side) {
		d = r.Of(side).Detection // a mistake is shown as well
	}
	if d == nil {
		return nil
	}
	n := &notice{at: network.Never, says: words.Seconds(*d)}
	if c, ok := lastEnded(r.Connections, side, *d); ok {
		n.at = instantOf(t, c, side)
		if len(r.Connections) > 1 {
			n.says += fmt.Sprintf(" (%s)", shown(c.Name))
		}
	} else {
		n.at = detected(t, side, fault, detectionOrigin(t, side, fault)+int64(*d))
	}
	if n.at == network.Never {
		return nil
	}
	n.origin = n.at - int64(*d)
	return n
}

// lastEnded is the connection that the fault struck and that ended for side after d.
func lastEnded(connections []judge.Connection, side heartbeat.Side, d time.Duration) (judge.Connection, bool) {
	for _, c := range connections {
		if e := c.Of(side); e.After != nil && *e.After == d && !e.Unstruck {
			return c, true
		}
	}
	return judge.Connection{}, false
}

// instantOf is when a connection ended for side.
func instantOf(t trace.Trace, c judge.Connection, side heartbeat.Side) int64 {
	for _, e := range t.Events {
		if e.What != trace.Dial || e.Session != c.Name || e.Link == nil {
			continue
		}
		at, _ := e.Link.Over(side)
		return at
	}
	return network.Never
}

// detected is the instant of side's own suspicion after the fault or, if it tells
// nothing, of its hang-up: the one that is nearest to where the judge's would be. The
// first need not be it: a fault before the one that counts may raise suspicions.
func detected(t trace.Trace, side heartbeat.Side, fault, near int64) int64 {
	suspected, hungUp := network.Never, network.Never
	for _, e := range t.Events {
		switch {
		case e.T < fault:
		case e.Side == side && e.What == trace.Suspect:
			suspected = nearer(near, suspected, e.T)
		case e.What == trace.HangUp && e.Kind == string(side):
			hungUp = nearer(near, hungUp, e.T)
		}
	}
	if suspected != network.Never {
		return suspected
	}
	return hungUp
}

// nearer is a or b, which is nearer to an instant; a may be Never.
func nearer(to, a, b int64) int64 {
	if a == network.Never || time.Duration(b-to).Abs() < time.Duration(a-to).Abs() {
		return b
	}
	return a
}

// span is when a side, or "" for both, should notice.
type span struct {
	side     string
	from, to int64
}

// bands are the windows of the expected detections, from what these count from.
func bands(t trace.Trace, r judge.Record, fault int64) []span {
	var out []span
	for _, e := range t.Header.Scenario.Expected(t.Header.Policy.Name, t.Header.Network) {
		if e.That != scenario.Detects && e.That != scenario.HangsUp {
			continue
		}
		w, ok := windowOf(t.Header, e)
		if !ok {
			continue
		}
		for _, side := range sides {
			if e.Side != "" && e.Side != side {
				continue
			}
			origin := originOf(t, e.From, fault)
			if n := noticed(t, r, side, fault); n != nil && e.From != scenario.FromFault {
				origin = n.origin
			}
			out = append(out, span{string(side), origin + int64(w.Lo), origin + int64(w.Hi)})
		}
	}
	if len(out) == 2 && out[0].from == out[1].from && out[0].to == out[1].to {
		out = []span{{"", out[0].from, out[0].to}}
	}
	return out
}

// windowOf is an expectation's, in the terms of the trial; ok is false if it has no
// upper bound.
func windowOf(h trace.Header, e scenario.Expectation) (w heartbeat.Window, ok bool) {
	if e.Within == (scenario.Range{}) {
		return h.Window, h.Window.Hi > 0
	}
	lo, errLo := e.Within.Lo.Eval(h.Params)
	hi, errHi := e.Within.Hi.Eval(h.Params)
	return heartbeat.Window{Lo: lo, Hi: hi}, errLo == nil && errHi == nil && hi > 0
}

// detectionOrigin is what side's detection counts from, about.
func detectionOrigin(t trace.Trace, side heartbeat.Side, fault int64) int64 {
	for _, e := range t.Header.Scenario.Expected(t.Header.Policy.Name, t.Header.Network) {
		if (e.That == scenario.Detects || e.That == scenario.HangsUp) && (e.Side == "" || e.Side == side) {
			return originOf(t, e.From, fault)
		}
	}
	return fault
}

// originOf is what times count from where nobody noticed anything.
func originOf(t trace.Trace, from scenario.Origin, fault int64) int64 {
	if from != scenario.FromLastByte {
		return fault
	}
	last := network.Never
	for _, e := range t.Events {
		if e.What == trace.FaultOn && e.T == fault && e.Strike != nil {
			last = max(last, e.Strike.LastPassedUp, e.Strike.LastPassedDown)
		}
	}
	if last == network.Never {
		return fault
	}
	return last
}
