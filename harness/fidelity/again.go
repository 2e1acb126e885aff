package fidelity

import (
	"slices"

	"github.com/flatline-go/flatline/harness"
)

// Again are those of trials that a doubtful phase of a row rests on: another run of them, on
// a calmer machine, may tell.
func Again(rows []Row, trials []harness.Trial) []harness.Trial {
	doubtful := Of(Doubtful, rows)
	return slices.DeleteFunc(slices.Clone(trials), func(t harness.Trial) bool {
		return !slices.ContainsFunc(doubtful, func(r Row) bool {
			return r.Scenario == t.Scenario.Name && r.Policy == t.Policy.Key() &&
				slices.ContainsFunc(r.Phases, func(p Phase) bool { return p.At == t.Phase && p.Verdict == Doubtful })
		})
	})
}
