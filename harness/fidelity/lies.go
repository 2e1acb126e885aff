package fidelity

import (
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Lie is something that stock toxics tell, and that no cable does.
type Lie struct {
	Name string `json:"name"`
	What string `json:"what"` // as a sentence
	// Found are the trials that it happened in, of Trials; Example is one of them.
	Found   int    `json:"found"`
	Trials  int    `json:"trials"`
	Example string `json:"example"`
}

// String is the lie as a line.
func (l Lie) String() string {
	return fmt.Sprintf("%s: in %d of %d trials %s (%s)", l.Name, l.Found, l.Trials, l.What, l.Example)
}

// Lies are those that the trials behind stock toxics were told.
func Lies(records []judge.Record) (lies []Lie) {
	told := [...]Lie{
		{Name: "the leaked close", What: "a side learned of its peer's hang-up through a cable that was out"},
		{Name: "the phantom accept", What: "a server accepted connections through a cable that was out"},
		{Name: "the heal that kills", What: "a connection that had lived through the cut was ended by its end"},
	}
	leaked, accepted, killed := &told[0], &told[1], &told[2]
	trials := 0
	for _, r := range records {
		if r.Network != Stock || r.Superseded || len(r.Strikes) == 0 {
			continue
		}
		trials++
		if side, what := leak(r); side != "" {
			leaked.found(r, fmt.Sprintf(": the %s, %s", side, what))
		}
		if r.Reached > 0 {
			accepted.found(r, fmt.Sprintf(": %d", r.Reached))
		}
		if at := heal(r); at != nil && ended(r, *at) {
			killed.found(r, "")
		}
	}
	for _, l := range told {
		if l.Trials = trials; l.Found > 0 {
			lies = append(lies, l)
		}
	}
	return lies
}

// found notes that a trial was told the lie; what says how.
func (l *Lie) found(r judge.Record, what string) {
	l.Found++
	if l.Example == "" {
		l.Example = fmt.Sprintf("%s under %s at phase %g%s", r.Scenario, r.Policy, r.Phase, what)
	}
}

// leak is the side that was told of an end while both ways were cut.
func leak(r judge.Record) (side heartbeat.Side, what string) {
	until := heal(r)
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		m := r.Of(side)
		told := m.End != nil && m.Detection == nil && (until == nil || *m.End < *until)
		if told && slices.ContainsFunc(r.Checks, func(c judge.Check) bool {
			return c.Side == trace.Network && c.Expected == string(scenario.CablePull)+" to strike"
		}) {
			return side, fmt.Sprintf("%s after %.3f", m.Cause, m.End.Seconds())
		}
	}
	return "", ""
}

// heal is when the fault ended, from its beginning.
func heal(r judge.Record) *time.Duration {
	s := r.Strikes[0]
	if s.Off < s.On {
		return nil
	}
	d := time.Duration(s.Off - s.On)
	return &d
}

// ended says whether a side's session ended at the heal, or just after.
func ended(r judge.Record, heal time.Duration) bool {
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if m := r.Of(side); m.End != nil && m.Detection == nil && *m.End >= heal-Tolerance && *m.End <= heal+200*time.Millisecond {
			return true
		}
	}
	return false
}
