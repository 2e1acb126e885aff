package judge

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Noticed is how long side took to know of the fault: its T_D or, in a trial about
// hang-ups, the end of the last connection that the fault struck, whoever ended it.
// nil: it never did. A suspicion of a live peer counts only where the scenario
// expects a detection.
func (r *Record) Noticed(side heartbeat.Side) *time.Duration {
	m := r.Of(side)
	switch {
	case r.Expects(scenario.HangsUp, side):
		return m.End
	case r.Expects(scenario.Detects, side), m.Mistakes == 0:
		return m.Detection
	default:
		return nil
	}
}

// Detects says whether the scenario expects side to notice the fault within a
// window.
func (r *Record) Detects(side heartbeat.Side) bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return r.isDetection(c, side) })
}

// Missed says that side was to notice the fault within a window, and never did. Where
// a hang-up could not be measured, or a firewall forgot nothing, it missed nothing.
func (r *Record) Missed(side heartbeat.Side) bool { return r.Noticed(side) == nil && r.brokeOn(side) }

// Mistimed says that side noticed the fault, and not within the window.
func (r *Record) Mistimed(side heartbeat.Side) bool { return r.Noticed(side) != nil && r.brokeOn(side) }

func (r *Record) brokeOn(side heartbeat.Side) bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return r.isDetection(c, side) && c.Broken() })
}

func (r *Record) isDetection(c Check, side heartbeat.Side) bool {
	return c.Side == side && (c.That == scenario.Detects || c.That == scenario.HangsUp && r.Window != (heartbeat.Window{}))
}

// Expects says whether the trial expects that of side.
func (r *Record) Expects(that scenario.Outcome, side heartbeat.Side) bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.That == that && c.Side == side })
}
