package report

import (
	"fmt"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

// Failures are the trials that neither held nor could not be measured, the
// gravest first; attempts that were superseded are none.
func (r Report) Failures() []judge.Record {
	var out []judge.Record
	for _, i := range r.failed() {
		out = append(out, r.Records[i])
	}
	return out
}

// failed are the indices of the Failures' records.
func (r Report) failed() []int {
	out := []int{}
	for _, v := range verdicts {
		if v == judge.Held || v == judge.NotMeasurable {
			continue
		}
		for i, rec := range r.Records {
			if rec.Verdict == v && !rec.Superseded {
				out = append(out, i)
			}
		}
	}
	return out
}

// Story is what went wrong in a trial, a line for each thing: for a broken one
// its broken checks, with the side's phase, what was expected and what
// happened; else the reason.
func Story(r judge.Record) []string {
	if r.Verdict != judge.Broken {
		return []string{r.Reason}
	}
	var out []string
	for _, c := range r.Checks {
		if !c.Broken() {
			continue
		}
		who := "trial"
		if c.Side != "" {
			who = string(c.Side)
		}
		if c.Side == heartbeat.ClientSide || c.Side == heartbeat.ServerSide {
			if phase := r.Of(c.Side).Phase; phase != nil {
				who += fmt.Sprintf(" at its phase %g", *phase)
			}
		}
		out = append(out, fmt.Sprintf("%s: expected %s, but %s", who, c.Expected, c.Actual))
	}
	return out
}
