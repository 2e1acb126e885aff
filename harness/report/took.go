package report

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// lasted is for how long a connection that the fault struck did not end for side, in
// a trial that times hang-ups: the shortest time, if there are several; 0: all
// ended, or nobody could tell.
func lasted(r judge.Record, side heartbeat.Side) (least time.Duration) {
	if !slices.ContainsFunc(r.Checks, func(c judge.Check) bool { return c.That == scenario.HangsUp }) {
		return 0
	}
	for _, c := range r.Connections {
		e := c.Of(side)
		told := e.After == nil && !e.Unstruck && !e.Excused && e.Unseen == 0
		if told && e.For > 0 && (least == 0 || e.For < least) {
			least = e.For
		}
	}
	return least
}

// onlyTimed says whether a check expects nothing: without a window a side may
// hang up whenever it likes.
func onlyTimed(r judge.Record, c judge.Check) bool {
	return c.That == scenario.HangsUp && c.Held && r.Window == (heartbeat.Window{})
}

// ended is the time of an end that the scenario expects of a side beside or in
// place of a detection; nil: it expects none, or there was none.
func ended(r judge.Record, side heartbeat.Side) *time.Duration {
	if !r.Expects(scenario.Ends, side) {
		return nil
	}
	return r.Of(side).End
}
