package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// checks are the network's proofs, then all expectations, each for the sides
// that it is about.
func (v view) checks() []Check {
	checks := v.proofs()
	for i := range checks {
		checks[i].rests = v.whole()
		checks[i].Doubt = v.doubt("", checks[i].rests)
	}
	for _, e := range v.expectations() {
		kind, known := outcomes[e.That]
		if !known {
			checks = append(checks, Check{Expected: string(e.That), Actual: "this version knows no such outcome"})
			continue
		}
		if err := v.resolves(e); err != nil {
			checks = append(checks, Check{That: e.That, Expected: string(e.That), Actual: err.Error()})
			continue
		}
		for _, side := range kind.sides(e) {
			c, rests := kind.check(v, e, side)
			if kind.needsEvents && !(v.tells(heartbeat.ClientSide) && v.tells(heartbeat.ServerSide)) {
				c = Check{Expected: c.Expected, Unmeasured: true, Actual: "the subject does not tell what happens inside it"}
			}
			c.That, c.Side, c.rests = e.That, side, rests
			switch {
			case kind.manySteps:
				c.Doubt = v.doubtOfSteps(side, rests)
			case kind.byPeer:
				c.Doubt = v.doubt("", rests)
			default:
				c.Doubt = v.doubt(side, rests)
			}
			checks = append(checks, c)
		}
	}
	return checks
}

// outcome judges one kind of expectation.
type outcome struct {
	// check is the judgement, and where the stamps lie that it rests on, as for doubt.
	check       func(v view, e scenario.Expectation, side trace.Side) (Check, Span)
	ofTrial     bool // it is about the trial, not about a side
	needsEvents bool // of both sides: the wire does not show it
	manySteps   bool // one after the other, on both sides
	byPeer      bool // what the peer did may have brought it, and what that did not, kept it away
}

func (o outcome) sides(e scenario.Expectation) []trace.Side {
	switch {
	case o.ofTrial:
		return []trace.Side{""}
	case e.Side != "":
		return []trace.Side{e.Side}
	default:
		return []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	}
}

// outcomes are all that this version knows.
var outcomes = map[scenario.Outcome]outcome{
	scenario.Detects:        {check: detects},
	scenario.Ends:           {check: ends, byPeer: true},
	scenario.Unnoticed:      {check: unnoticed},
	scenario.Mistakes:       {check: mistakes},
	scenario.Recovers:       {check: recovers, manySteps: true},
	scenario.StaysDown:      {check: staysDown, ofTrial: true},
	scenario.CleansUp:       {check: cleansUp, needsEvents: true},
	scenario.DataIntact:     {check: dataIntact, ofTrial: true, needsEvents: true},
	scenario.CanaryWithheld: {check: canary("withheld"), needsEvents: true},
	scenario.CanaryArrives:  {check: canary("arrived"), needsEvents: true},
	scenario.HangsUp:        {check: hangsUp},
	scenario.StaysUp:        {check: staysUp},
}

// milli is a time as people read it.
func milli(ns int64) time.Duration { return words.Milli(time.Duration(ns)) }
