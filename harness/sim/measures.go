package sim

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Result is what one simulated trial came to, or the sum of many.
type Result struct {
	Sides           // of the policy's own detectors
	Watched []Sides // of Setup.Watch
	Trials  int
	Beats   uint64        // that were sent, by both sides
	Bytes   uint64        // that passed the client's end of the network, both ways
	Virtual time.Duration // how long it all took
}

// Sides are the measures of both.
type Sides struct{ Client, Server Measures }

func (s *Sides) of(side int) *Measures {
	if side == client {
		return &s.Client
	}
	return &s.Server
}

// Measures are what one side's detector is worth, in the terms of judge.Quality,
// as sums over any number of trials.
type Measures struct {
	// Alive is the time in which the side had a session with a peer that lived
	// and could be heard; where the scenario says how many mistakes it expects,
	// with any.
	Alive time.Duration
	// Mistakes are the suspicions in that time, Mistaken the sum of their
	// durations, Longest the longest of these.
	Mistakes int
	Mistaken time.Duration
	Longest  time.Duration
	// Between is the sum of the times between the beginnings of consecutive
	// mistakes of one trial, Gaps their number. Mistakes between which a fault
	// excused any are not consecutive.
	Between time.Duration
	Gaps    int
	// Detections are T_D: from the first fault, or what the scenario counts from,
	// to the suspicion that was in force when the first fault ended that one
	// outlasted, in the session that was up at the first fault. In no order.
	Detections []time.Duration
	// Told is how often that session ended otherwise, Unnoticed how often nothing
	// became of it.
	Told, Unnoticed int

	last int64 // when the newest mistake began, from 1; 0: there was none
}

// Add adds what other trials came to.
func (r *Result) Add(o Result) {
	r.Client.Add(o.Client)
	r.Server.Add(o.Server)
	if r.Watched == nil {
		r.Watched = make([]Sides, len(o.Watched))
	}
	for i := range o.Watched {
		r.Watched[i].Client.Add(o.Watched[i].Client)
		r.Watched[i].Server.Add(o.Watched[i].Server)
	}
	r.Trials += o.Trials
	r.Beats += o.Beats
	r.Bytes += o.Bytes
	r.Virtual += o.Virtual
}

// Add adds those of other trials.
func (m *Measures) Add(o Measures) {
	m.Alive += o.Alive
	m.Mistakes += o.Mistakes
	m.Mistaken += o.Mistaken
	m.Longest = max(m.Longest, o.Longest)
	m.Between += o.Between
	m.Gaps += o.Gaps
	m.Detections = append(m.Detections, o.Detections...)
	m.Told += o.Told
	m.Unnoticed += o.Unnoticed
}

// PerDay is lambda_M, the number of mistakes per day of the time alive; ok:
// there was some.
func (m *Measures) PerDay() (rate float64, ok bool) {
	return float64(m.Mistakes) / (m.Alive.Hours() / 24), m.Alive > 0
}

// Accuracy is P_A, the share of the time alive in which the peer was trusted.
func (m *Measures) Accuracy() (share float64, ok bool) {
	return 1 - float64(m.Mistaken)/float64(m.Alive), m.Alive > 0
}

// MistakeTime is T_M, the mean duration of a mistake.
func (m *Measures) MistakeTime() (mean time.Duration, ok bool) {
	if m.Mistakes == 0 {
		return 0, false
	}
	return m.Mistaken / time.Duration(m.Mistakes), true
}

func (m *Measures) alive(from, to int64) { m.Alive += time.Duration(to - from) }

// begins counts a mistake; any until excused was none.
func (m *Measures) begins(at, excused int64) {
	m.Mistakes++
	if m.last > 0 && m.last-1 > excused {
		m.Between += time.Duration(at + 1 - m.last)
		m.Gaps++
	}
	m.last = at + 1
}

func (m *Measures) lasted(ns int64) {
	m.Mistaken += time.Duration(ns)
	m.Longest = max(m.Longest, time.Duration(ns))
}

// counts says whether the scenario says how many mistakes it expects of side: then
// no fault excuses any.
func (s *Setup) counts(side heartbeat.Side) bool {
	return slices.ContainsFunc(s.Scenario.Expected(s.Policy.Name, Name), func(e scenario.Expectation) bool {
		return e.That == scenario.Mistakes && (e.Side == "" || e.Side == side)
	})
}

// origin is what the scenario counts side's detection from, as the judge has it.
func (w *world) origin(l *link, side int) int64 {
	for _, e := range w.setup.Scenario.Expected(w.setup.Policy.Name, Name) {
		if e.That == scenario.Detects && (e.Side == "" || e.Side == sides[side]) {
			if e.From == scenario.FromLastByte {
				return w.lastByte(l)
			}
			break
		}
	}
	return w.strikeAt
}

// lastByte is when the last byte passed on a link before the first fault struck it:
// later ones are what that did not keep, or let go at its end. A firewall strikes
// when it forgets, and lets nothing pass from then on.
func (w *world) lastByte(l *link) int64 {
	last := max(l.proof.Up.LastPassed, l.proof.Down.LastPassed)
	other := func(f network.Fault) bool { return f.Kind != scenario.IdleDrop }
	if last > w.strikeAt && (l.forgetter == nil || slices.ContainsFunc(w.script.network, other)) {
		last = max(w.strikes[0].LastPassedUp, w.strikes[0].LastPassedDown)
	}
	return last
}

// configured says whether an eye has a detector to follow.
func (w *world) configured(e *eye, side int) bool {
	return e.detector != nil || w.configs[side].Detector != nil
}
