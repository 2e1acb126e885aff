// Package compare holds two runs against each other: under each policy and
// scenario and for each side, what became of T_D, of mistakes and of recovery,
// and whether that is more than chance.
//
//	c := compare.Runs(before, after) // of report.Load
//	if len(c.Regressions()) > 0 { ... }
package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Schema is the version of the comparison's JSON.
const Schema = 2

// Comparison is what is the same in two runs, and what is not.
type Comparison struct {
	Schema int `json:"schema"`
	// Notes say in sentences what else differs between the runs, such as
	// windows and seeds: a change may be owed to that.
	Notes []string `json:"notes"`
	// Rows are the cells that both runs have, in the order of BASE.
	Rows []Row `json:"rows"`
	// OnlyBase and OnlyNew are the cells that one run has.
	OnlyBase []Lone `json:"only_base"`
	OnlyNew  []Lone `json:"only_new"`
	// Lost are sentences on what BASE could tell, and NEW has no trial of.
	Lost []string `json:"lost"`
}

// Lone is a scenario and the policies under which only one run has it.
type Lone struct {
	Scenario string   `json:"scenario"`
	Policies []string `json:"policies"` // with their profiles
}

// String is "cable-pull under fixed/strict, push/strict".
func (l Lone) String() string { return l.Scenario + " under " + strings.Join(l.Policies, ", ") }

// Row is one scenario under one policy, in both runs.
type Row struct {
	Scenario string           `json:"scenario"`
	Policy   string           `json:"policy"` // with its profile
	Window   heartbeat.Window `json:"window"` // NEW's
	Base     Outcome          `json:"base"`
	New      Outcome          `json:"new"`
	Client   Side             `json:"client"`
	Server   Side             `json:"server"`
}

// Outcome is the verdict of one run's cell.
type Outcome struct {
	Verdict  judge.Verdict `json:"verdict"`
	Sentence string        `json:"sentence"` // "1 of 3 broken"
}

// Side is what became of one side. The trials are those that held or broke.
type Side struct {
	Detection Times  `json:"detection"`
	End       Times  `json:"end"` // of a session, where the scenario expects one
	Recovery  Times  `json:"recovery"`
	Mistakes  Counts `json:"mistakes"`
}

// Times compares durations.
type Times struct {
	Test
	// Base and New are nil where there was none.
	Base *report.Spread `json:"base,omitempty"`
	New  *report.Spread `json:"new,omitempty"`
	// BaseRoom and NewRoom are what was left until the nearest bound of what
	// the scenario expects of the time: the median of a phase's trials, at the
	// phase with the least; below 0: by how much it was missed. nil: nothing is
	// expected of it.
	BaseRoom *time.Duration `json:"base_room_ns,omitempty"`
	NewRoom  *time.Duration `json:"new_room_ns,omitempty"`
}

// Worse says that the time has changed against its window: a change is shown,
// and more than a tenth of the room is gone. The room needs no test of its own:
// it is the time's distance to a bound, and has changed if the time has.
func (t Times) Worse() bool {
	if !t.Shown || t.BaseRoom == nil || t.NewRoom == nil {
		return false
	}
	return *t.BaseRoom-*t.NewRoom > t.BaseRoom.Abs()/10
}

// Counts compares numbers of mistakes: Base and New are the sums over all
// trials, the test is of the numbers per trial.
type Counts struct {
	Test
	Base int `json:"base"`
	New  int `json:"new"`
}

// Of is what the row says of a side.
func (r *Row) Of(side heartbeat.Side) *Side {
	if side == heartbeat.ClientSide {
		return &r.Client
	}
	return &r.Server
}

// Sides are both, in the order in which they are shown.
var Sides = []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}

// Runs compares two runs.
func Runs(base, now report.Report) Comparison {
	c := Comparison{Schema: Schema, Rows: []Row{}}
	var pairs []pair
	var gone []report.Cell
	pairs, gone, c.OnlyNew = match(base, now)
	c.OnlyBase, c.Lost = lone(gone), lost(gone, now.Summary)
	for _, p := range pairs {
		c.Rows = append(c.Rows, p.row())
	}
	var tests []*Test
	for i := range c.Rows {
		for _, side := range Sides {
			s := c.Rows[i].Of(side)
			tests = append(tests, &s.Detection.Test, &s.End.Test, &s.Recovery.Test, &s.Mistakes.Test)
		}
	}
	correct(tests)
	c.Notes = notes(base, now, pairs)
	return c
}

// row compares what the two runs have in common: a phase that only one of them
// has would look like a change. Its tests are to be corrected.
func (p pair) row() Row {
	r := Row{
		Scenario: p.new.Scenario, Policy: p.new.Policy + "/" + p.new.Profile, Window: p.new.Window,
		Base: outcome(p.base.Cell), New: outcome(p.new.Cell),
	}
	phases := slices.Compact(p.phases())
	for _, side := range Sides {
		all := atPhase{report.Sample(p.base.at(phases...), side), report.Sample(p.new.at(phases...), side)}
		var each []atPhase
		var rooms [3]rooms
		for _, phase := range phases {
			base, now := p.base.at(phase), p.new.at(phase)
			each = append(each, atPhase{report.Sample(base, side), report.Sample(now, side)})
			rooms[0].add(base, now, side, scenario.Detects, scenario.HangsUp)
			rooms[1].add(base, now, side, scenario.Ends)
			rooms[2].add(base, now, side, scenario.Recovers)
		}
		*r.Of(side) = Side{
			Detection: times(each, all, rooms[0], func(v report.Values) []time.Duration { return v.Detections }),
			End:       times(each, all, rooms[1], func(v report.Values) []time.Duration { return v.Ends }),
			Recovery:  times(each, all, rooms[2], func(v report.Values) []time.Duration { return v.Recoveries }),
			Mistakes: Counts{
				Test: test(each, func(v report.Values) []int { return v.Mistakes }),
				Base: sum(all.base.Mistakes), New: sum(all.now.Mistakes),
			},
		}
	}
	return r
}

func outcome(c report.Cell) Outcome { return Outcome{c.Verdict, c.Sentence()} }

func times(each []atPhase, all atPhase, rooms rooms, of func(report.Values) []time.Duration) Times {
	return Times{
		Test: test(each, of), Base: report.NewSpread(of(all.base)), New: report.NewSpread(of(all.now)),
		BaseRoom: rooms.base, NewRoom: rooms.now,
	}
}

// rooms are the least of the phases so far.
type rooms struct{ base, now *time.Duration }

func (r *rooms) add(base, now []judge.Record, side heartbeat.Side, outcomes ...scenario.Outcome) {
	was, is := report.NewSpread(room(base, side, outcomes)), report.NewSpread(room(now, side, outcomes))
	if was == nil || is == nil {
		return
	}
	if r.base == nil || was.Median < *r.base {
		r.base = &was.Median
	}
	if r.now == nil || is.Median < *r.now {
		r.now = &is.Median
	}
}

// room is what the checks of outcomes left until their bounds, the least of each
// trial.
func room(records []judge.Record, side heartbeat.Side, outcomes []scenario.Outcome) (left []time.Duration) {
	for _, r := range records {
		var least *time.Duration
		for _, c := range r.Checks {
			if !slices.Contains(outcomes, c.That) || c.Side != side || c.Slack == nil || c.Unmeasured {
				continue
			}
			slack := *c.Slack
			if !c.Held {
				slack = -slack
			}
			if least == nil || slack < *least {
				least = &slack
			}
		}
		if least != nil {
			left = append(left, *least)
		}
	}
	return left
}

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

// Name is the row's cell, in words.
func (r Row) Name() string { return fmt.Sprintf("%s under %s", r.Scenario, r.Policy) }
