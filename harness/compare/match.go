package compare

import (
	"slices"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// cell is a report's, with the records that count in it.
type cell struct {
	report.Cell
	records []judge.Record
}

// pair is a cell in both runs.
type pair struct{ base, new cell }

// match pairs the cells of two runs: those that are alike in everything, then
// those of the same scenario, policy and profile on another network, with
// another subject or in another window. The rest is in one run only.
func match(base, now report.Report) (pairs []pair, onlyBase []report.Cell, onlyNew []Lone) {
	left := cells(now)
	of := map[int]cell{} // the partners, by their place in base's cells
	all := cells(base)
	for _, like := range []func(a, b report.Cell) bool{alike, namesakes} {
		for i, b := range all {
			if _, has := of[i]; has {
				continue
			}
			if at := slices.IndexFunc(left, func(c cell) bool { return like(b.Cell, c.Cell) }); at >= 0 {
				of[i] = left[at]
				left = slices.Delete(left, at, at+1)
			}
		}
	}
	for i, b := range all {
		if partner, has := of[i]; has {
			pairs = append(pairs, pair{b, partner})
		} else {
			onlyBase = append(onlyBase, b.Cell)
		}
	}
	var rest []report.Cell
	for _, c := range left {
		rest = append(rest, c.Cell)
	}
	return pairs, onlyBase, lone(rest)
}

// lone are cells of one run, by scenario.
func lone(cells []report.Cell) []Lone {
	out := []Lone{}
	for _, c := range cells {
		out = add(out, c)
	}
	return out
}

func alike(a, b report.Cell) bool {
	return namesakes(a, b) && a.Window == b.Window && a.Network == b.Network && a.Subject == b.Subject && a.Mode == b.Mode
}

func namesakes(a, b report.Cell) bool {
	return a.Scenario == b.Scenario && a.Policy == b.Policy && a.Profile == b.Profile
}

func cells(r report.Report) []cell {
	var out []cell
	for _, c := range r.Matrix {
		out = append(out, cell{c, r.Judged(c)})
	}
	return out
}

// add takes a cell to those of its scenario; cells come in the order of these.
func add(to []Lone, c report.Cell) []Lone {
	if n := len(to); n == 0 || to[n-1].Scenario != c.Scenario {
		to = append(to, Lone{Scenario: c.Scenario})
	}
	last := &to[len(to)-1]
	last.Policies = append(last.Policies, c.Policy+"/"+c.Profile)
	return to
}

// phases are those that both cells have.
func (p pair) phases() []float64 {
	return slices.DeleteFunc(p.base.phases(), func(phase float64) bool { return !slices.Contains(p.new.phases(), phase) })
}

// phases are those of a cell's records, with repetitions, sorted.
func (c cell) phases() []float64 {
	var out []float64
	for _, r := range c.records {
		out = append(out, r.Phase)
	}
	slices.Sort(out)
	return out
}

// at are the records of these phases.
func (c cell) at(phases ...float64) []judge.Record {
	return slices.DeleteFunc(slices.Clone(c.records), func(r judge.Record) bool { return !slices.Contains(phases, r.Phase) })
}
