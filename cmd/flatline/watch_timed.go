package main

import (
	"slices"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// timed is what people are told in place of held where nothing was expected that
// could have failed to: a hang-up without a window.
const timed judge.Verdict = "timed"

// told is a record's verdict as people are told it.
func told(rec judge.Record) judge.Verdict {
	var hangsUp, other bool
	for _, c := range rec.Checks {
		hangsUp = hangsUp || c.That == scenario.HangsUp
		other = other || c.That != "" && c.That != scenario.HangsUp && !c.Unmeasured
	}
	if rec.Verdict == judge.Held && rec.Window == (heartbeat.Window{}) && hangsUp && !other {
		return timed
	}
	return rec.Verdict
}

// toldCells are a report's, with their verdicts as people are told them.
func toldCells(r report.Report) []report.Cell {
	cells := slices.Clone(r.Matrix)
	for i := range cells {
		c := &cells[i]
		if slices.ContainsFunc(r.Records, func(rec judge.Record) bool {
			return rec.Scenario == c.Scenario && rec.Window == c.Window && !rec.Superseded && told(rec) == timed
		}) && c.Verdict == judge.Held {
			c.Verdict = timed
		}
	}
	return cells
}
