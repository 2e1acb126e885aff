package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

func dataIntact(v view, _ scenario.Expectation, _ trace.Side) (Check, Span) {
	c := Check{Expected: "no message lost, reordered or damaged"}
	if bad := v.first(func(e trace.Event) bool { return e.What == trace.Damaged }); bad != nil {
		c.Actual = fmt.Sprintf("the %s got a damaged message at %v", bad.Side, bad.Offset())
		return c, Span{} // no stall does that
	}
	total := 0
	for _, to := range []trace.Side{heartbeat.ServerSide, heartbeat.ClientSide} {
		sent := v.messages(v.Events, to.Peer(), trace.Sent)
		heard := v.messages(v.Events, to, trace.Heard)
		for _, late := range v.messages(v.rest, to, trace.Heard) {
			if slices.Contains(sent, late) { // it was under way
				heard = append(heard, late)
			}
		}
		if !slices.Equal(sent, heard) {
			c.Actual = fmt.Sprintf("of %d messages to the %s %d arrived, or not in that order", len(sent), to, len(heard))
			return c, v.whole()
		}
		total += len(heard)
	}
	c.Held, c.Actual = total > 0, fmt.Sprintf("all %d messages arrived", total)
	return c, v.whole()
}

// messages are the numbers of the data frames that side sent or heard, of events, on
// the session that the fault struck.
func (v view) messages(events []trace.Event, side trace.Side, what trace.What) []uint64 {
	name := v.session(side)
	var numbers []uint64
	for _, e := range events {
		if e.Side == side && e.What == what && e.Kind == "data" && e.Session == name {
			numbers = append(numbers, e.Seq)
		}
	}
	return numbers
}

func canary(fate string) func(view, scenario.Expectation, trace.Side) (Check, Span) {
	return func(v view, _ scenario.Expectation, side trace.Side) (Check, Span) {
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
		return c, Span{e.T, max(e.T, e.To)}
	}
}
