// Package fidelity holds networks against each other: the same scenarios, under
// the same policies, struck at the same phases, on a proxy and on a kernel. What
// each side took must be the same, where both can show it.
//
//	rows := fidelity.Table(records) // of trials on several networks
package fidelity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Tolerance is by how much two networks' detection times may be apart. Beats
// leave by the clock, so that no network has a say in them: this is for the phase
// at which the fault really struck, and for a machine that is busy.
const Tolerance = 50 * time.Millisecond

// Networks are those that are compared, in this order: Proxy with Kernel; Stock
// only shows what Toxiproxy's own toxics tell.
const (
	Proxy  = "toxiproxy"
	Kernel = "kernel"
	Stock  = "stock-cables"
)

// Measure is what a row compares.
type Measure string

// The measures.
const (
	Detection Measure = "T_D"      // must agree
	Recovery  Measure = "recovery" // cannot, but within bounds: see Phase.Why
)

// Row is one measure of a side of a subject in a scenario under a policy, on each
// network, at all phases.
type Row struct {
	Scenario string         `json:"scenario"`
	Policy   string         `json:"policy"` // "name/profile"
	Subject  string         `json:"subject"`
	Mode     heartbeat.Mode `json:"mode"`
	Side     heartbeat.Side `json:"side"`
	Measure  Measure        `json:"measure"`
	Phases   []Phase        `json:"phases"` // in their order, each once
	// Apart is the largest difference between Proxy and Kernel; absent: they
	// have no phase in common at which both have a time.
	Apart *time.Duration `json:"apart_ns,omitempty"`
	// Verdict is the gravest of all phases.
	Verdict Verdict `json:"verdict"`
	// Why are those of the phases.
	Why []string `json:"why,omitempty"`
}

// Phase is what each network said when the fault struck there; nil: it was not
// tried.
type Phase struct {
	At     float64        `json:"at"`
	Proxy  *Cell          `json:"toxiproxy,omitempty"`
	Kernel *Cell          `json:"kernel,omitempty"`
	Stock  *Cell          `json:"stock,omitempty"`
	Apart  *time.Duration `json:"apart_ns,omitempty"`
	// Most is how far they may be apart; 0: nobody knows.
	Most    time.Duration `json:"most_ns,omitempty"`
	Verdict Verdict       `json:"verdict"`
	// Why is the reason of a difference that has to be, or would have to, were it
	// not larger than Most; "": there is none.
	Why string `json:"why,omitempty"`
}

// Cell is one trial's answer.
type Cell struct {
	Took *time.Duration `json:"took_ns,omitempty"`
	Says string         `json:"says,omitempty"` // what happened instead
	// Resumed says of a recovery that the old connection went on; else it was a
	// new one.
	Resumed bool `json:"resumed,omitempty"`
	// Doubt is by how much Took may be wrong, because the machine stood still.
	Doubt time.Duration `json:"doubt_ns,omitempty"`
	// late is by how much a recovery may come late by the rules that its client and
	// its network keep; nil: nobody knows.
	late *time.Duration
}

// Verdict is whether two networks agree.
type Verdict string

// The verdicts. The zero Verdict is none.
const (
	Agrees   Verdict = "agrees"
	Differs  Verdict = "differs"
	Doubtful Verdict = "doubtful" // the machine stood still for too long to tell
	Excused  Verdict = "excused"  // they cannot agree: see Phase.Why
)

// grave are the verdicts, the gravest last.
var grave = []Verdict{Agrees, Excused, Doubtful, Differs}

// Of are the rows with a verdict.
func Of(v Verdict, rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Verdict != v })
}

// String says what a row is about, and how far apart its networks are.
func (r Row) String() string {
	return fmt.Sprintf("%s under %s (subject %s, mode %s): the %s's %s is %s s on %s and %s s on %s, want at most %v apart",
		r.Scenario, r.Policy, r.Subject, r.Mode, r.Side, r.Measure, r.Text(Proxy), Proxy, r.Text(Kernel), Kernel, r.Most())
}

// Most is how far apart the networks may be at the phases that the row's verdict
// is of; 0: nobody knows.
func (r Row) Most() (most time.Duration) {
	for _, p := range r.Phases {
		if p.Verdict == r.Verdict {
			most = max(most, p.Most)
		}
	}
	return most
}

// Table compares records of trials on several networks. It has a row for each
// side that its scenario wants to detect, or to recover.
func Table(records []judge.Record) (rows []Row) {
	type key struct {
		same
		side    heartbeat.Side
		measure Measure
	}
	index := map[key]int{}
	records = calmest(records)
	each := func(do func(judge.Record, key)) {
		for _, r := range records {
			for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
				for _, m := range []Measure{Detection, Recovery} {
					do(r, key{sameOf(r), side, m})
				}
			}
		}
	}
	each(func(r judge.Record, k key) {
		if _, known := index[k]; !known && wanted(r, k.side, k.measure) {
			index[k] = len(rows)
			rows = append(rows, Row{Scenario: k.scenario, Policy: k.policy, Subject: k.subject, Mode: k.mode, Side: k.side, Measure: k.measure})
		}
	})
	each(func(r judge.Record, k key) {
		if i, known := index[k]; known {
			rows[i].add(r)
		}
	})
	for i := range rows {
		rows[i].judge()
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Policy, b.Policy),
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Side, b.Side))
	})
	return rows
}

// same is what trials have in common that networks are compared by.
type same struct {
	scenario, policy, subject string
	mode                      heartbeat.Mode
}

func sameOf(r judge.Record) same { return same{r.Scenario, r.Policy, r.Subject, r.Mode} }

// Both are the rows that both Proxy and Kernel were tried for: all of a
// comparison, and what two runs of anything have in common.
func Both(rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool {
		return !slices.ContainsFunc(r.Phases, func(p Phase) bool { return p.Proxy != nil }) ||
			!slices.ContainsFunc(r.Phases, func(p Phase) bool { return p.Kernel != nil })
	})
}

// calmest are the records that count: of those of one trial on one network that
// with the least doubt and, of equals, the latest. One without an answer counts
// if there is no other.
func calmest(records []judge.Record) []judge.Record {
	type trial struct {
		same
		network string
		phase   float64
	}
	best := map[trial]judge.Record{}
	for _, r := range records {
		t := trial{sameOf(r), r.Network, r.Phase}
		if !slices.Contains([]string{Proxy, Kernel, Stock}, r.Network) {
			continue
		}
		if last, known := best[t]; !r.Superseded && (!known || calmer(r, last) < 0) {
			best[t] = r
		}
	}
	return slices.Collect(maps.Values(best))
}

// calmer is negative if a counts more than b.
func calmer(a, b judge.Record) int {
	without := func(r judge.Record) int {
		if r.Verdict == judge.Failed || r.Verdict == judge.Interrupted {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(without(a), without(b)),
		cmp.Compare(max(a.Client.Doubt, a.Server.Doubt), max(b.Client.Doubt, b.Server.Doubt)),
		b.Started.Compare(a.Started),
	)
}

// wanted says whether a trial was about the measure of that side.
func wanted(r judge.Record, side heartbeat.Side, m Measure) bool {
	if m == Recovery {
		return r.Of(side).Recovery != nil && r.Network != Stock
	}
	return slices.ContainsFunc(r.Checks, func(c judge.Check) bool { return c.That == scenario.Detects && c.Side == side })
}

// add notes what one trial says.
func (r *Row) add(rec judge.Record) {
	i, known := slices.BinarySearchFunc(r.Phases, rec.Phase, func(p Phase, at float64) int { return cmp.Compare(p.At, at) })
	if !known {
		r.Phases = slices.Insert(r.Phases, i, Phase{At: rec.Phase})
	}
	if cell := r.Phases[i].of(rec.Network); cell != nil {
		*cell = cellOf(rec, r.Side, r.Measure)
	}
}

// of is a network's cell; nil: it has none here.
func (p *Phase) of(network string) **Cell {
	switch network {
	case Proxy:
		return &p.Proxy
	case Kernel:
		return &p.Kernel
	case Stock:
		return &p.Stock
	default:
		return nil
	}
}

func cellOf(rec judge.Record, side heartbeat.Side, m Measure) *Cell {
	of := rec.Of(side)
	cell := Cell{Took: of.Detection, Doubt: of.Doubt}
	if m == Recovery {
		resumed := resumes(of)
		cell.Took, cell.Resumed, cell.late = of.Recovery, resumed, late(rec, resumed)
	}
	switch {
	case rec.Verdict == judge.NotMeasurable || rec.Verdict == judge.Failed || rec.Verdict == judge.Interrupted:
		return &Cell{Says: string(rec.Verdict)}
	case cell.Took != nil:
		return &cell
	case of.End != nil:
		return &Cell{Says: fmt.Sprintf("%s after %.3f", of.Cause, of.End.Seconds())}
	default:
		return &Cell{Says: "never"}
	}
}

// resumes says whether a side recovered on the connection that it had: where it
// tells, its session never ended; else the wire shows it.
func resumes(m *judge.Measures) bool {
	switch {
	case m.Recovery == nil:
		return false
	case m.Resumed != nil:
		return *m.Resumed == *m.Recovery
	default:
		return m.End == nil
	}
}

// judge holds the networks against each other, phase by phase.
func (r *Row) judge() {
	r.Verdict = Agrees
	for i := range r.Phases {
		p := &r.Phases[i]
		p.judge(r.Measure)
		if p.Apart != nil && (r.Apart == nil || *p.Apart > *r.Apart) {
			r.Apart = p.Apart
		}
		if p.Why != "" && !slices.Contains(r.Why, p.Why) {
			r.Why = append(r.Why, p.Why)
		}
		if slices.Index(grave, p.Verdict) > slices.Index(grave, r.Verdict) {
			r.Verdict = p.Verdict
		}
	}
}

func (p *Phase) judge(m Measure) {
	a, b := p.Proxy, p.Kernel
	p.Most = Tolerance
	switch {
	case a == nil || b == nil:
		p.Verdict = Differs
		return
	case a.Says == string(judge.NotMeasurable):
		p.Verdict, p.Why = Excused, WhyNoKernel
		return
	case a.Took == nil || b.Took == nil:
		p.Verdict = Differs
		return
	}
	apart := (*a.Took - *b.Took).Abs()
	p.Apart = &apart
	if m == Recovery && apart > Tolerance {
		p.Why, p.Most = excuse(*a, *b)
	}
	switch {
	case apart <= Tolerance:
		p.Verdict = Agrees
	case p.Most == 0 || apart <= p.Most:
		p.Verdict = Excused
	case apart <= p.Most+a.Doubt+b.Doubt:
		p.Verdict = Doubtful
	default:
		p.Verdict = Differs
	}
}

// Text is what a network says, as a table shows it: seconds, phase by phase,
// divided by strokes; a word that it always says is said once. "-": it was not
// tried.
func (r Row) Text(network string) string {
	var said []string
	timed := false
	for i := range r.Phases {
		word := "-"
		if cell := r.Phases[i].of(network); cell != nil && *cell != nil {
			word = (*cell).text()
			timed = timed || (*cell).Took != nil
		}
		said = append(said, word)
	}
	if !timed {
		said = slices.Compact(said)
	}
	return strings.Join(said, "/")
}

func (c *Cell) text() string {
	if c.Took == nil {
		return c.Says
	}
	return fmt.Sprintf("%.3f", c.Took.Seconds())
}
