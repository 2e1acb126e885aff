package wild

import (
	"cmp"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
)

// faults are what every pair is put under.
func faults() []fault {
	cut := func(kind scenario.Kind, sides func(Expect) Sides) fault {
		return fault{Fault: scenario.Fault{Kind: kind}, sides: sides}
	}
	return []fault{
		cut(scenario.CablePull, func(e Expect) Sides { return e.CablePull }),
		cut(scenario.HalfOpenDown, func(e Expect) Sides { return e.HalfOpenDown }),
		cut(scenario.HalfOpenUp, func(e Expect) Sides { return e.HalfOpenUp }),
		{
			Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: span(idle), Mode: scenario.DropSilent},
			from:  scenario.FromLastByte,
			sides: func(e Expect) Sides { return e.IdleDrop },
		},
	}
}

// fault is one, and where its expectations are.
type fault struct {
	scenario.Fault
	from  scenario.Origin
	sides func(Expect) Sides
}

// scenario is the fault with what p's sides are to make of it, within observe.
func (f fault) scenario(p Pair, observe time.Duration) (scenario.Scenario, error) {
	sides := f.sides(p.Expect)
	settle := cmp.Or(p.Settle, settle)
	s := scenario.Scenario{
		Name:    string(f.Kind),
		Claim:   "Each side does what the library's source says it should.",
		Faults:  []scenario.Step{{Fault: f.Fault, At: span(settle), Must: scenario.MustStrike}},
		Phases:  []float64{0}, // settle is the phase
		Observe: span(settle + observe),
	}
	if sides.Kept {
		s.Faults[0].Must = scenario.MustNotStrike
	}
	for _, side := range bothSides {
		fate := sides.of(side)
		switch {
		case fate.Never() || fate.Lo > observe:
			s.Expect = append(s.Expect, scenario.Expectation{That: scenario.Unnoticed, Side: side})
		case fate.Hi > observe:
			return s, fmt.Errorf("%s under %s: the %s hangs up after %v to %v, want an observation that is longer or shorter than that: it is %v",
				p.Name(), f.Kind, side, fate.Lo, fate.Hi, observe)
		default:
			e := scenario.Expectation{That: scenario.Ends, Side: side, From: f.from, Within: scenario.Range{Lo: span(fate.Lo), Hi: span(fate.Hi)}}
			if fate.By == Itself {
				e.That = scenario.Detects
			}
			s.Expect = append(s.Expect, e)
		}
	}
	return s, nil
}

func span(d time.Duration) scenario.Span { return scenario.Span(d.String()) }
