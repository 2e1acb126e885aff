package scenario

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
)

// Under is s with the expectations of a policy, by its name: what others are
// expected to do has to make sense under those only.
func (s Scenario) Under(policy string) Scenario {
	s.Expect = slices.DeleteFunc(slices.Clone(s.Expect), func(e Expectation) bool { return !e.AppliesTo(policy) })
	return s
}

// ExpectsSame says whether s expects the same of two policies, by their names. A lab
// acts by that: it waits for a recovery that is expected, and for no other.
func (s Scenario) ExpectsSame(a, b string) bool {
	return slices.EqualFunc(s.Under(a).Expect, s.Under(b).Expect, func(x, y Expectation) bool {
		x.Policies, y.Policies = nil, nil
		return reflect.DeepEqual(x, y)
	})
}

// validateSense refuses expectations that no trial could meet, or break: of faults
// that there are not, of times after the observation, and of each other.
func (s Scenario) validateSense(scope Scope) error {
	for i, e := range s.Expect {
		if err := s.validateWhen(e, scope); err != nil {
			return fmt.Errorf("expectation %d (%s): %w", i+1, e.That, err)
		}
		for j, other := range s.Expect[:i] {
			if why := e.contradicts(other, scope); why != "" {
				return fmt.Errorf("expectations %d (%s) and %d (%s) contradict each other: %s; want one of them, or different sides, policies or networks",
					j+1, other.That, i+1, e.That, why)
			}
		}
	}
	return nil
}

// ofFault are the outcomes that count from a fault, or from its end.
var ofFault = []Outcome{Detects, Ends, Recovers, StaysDown, HangsUp}

// validateWhen refuses e if its fault, the end of that, or the end of its own time is
// not in the observation.
func (s Scenario) validateWhen(e Expectation, scope Scope) error {
	if !slices.Contains(ofFault, e.That) {
		return nil
	}
	if len(s.Faults) == 0 {
		return fmt.Errorf("there is no fault, want one under faults")
	}
	observe, _ := s.Observe.Eval(scope)
	origin := observe // of what the time counts from, at the earliest
	for _, step := range s.Faults {
		at, _ := step.At.Eval(scope)
		origin = min(origin, at)
	}
	if e.That == Recovers || e.From == FromHeal {
		origin = 0
		for i, step := range s.Faults {
			end, err := step.end(scope, observe)
			if err != nil {
				return fmt.Errorf("it counts from the faults' end, and fault %d (%s) %w", i+1, step.Fault.Kind, err)
			}
			origin = max(origin, end)
		}
	}
	bound, last := e.last(scope)
	if until := origin + last; until > observe {
		return fmt.Errorf("its %s, %v, ends %v after the strike, and observe is %v: want an observe of %v or more", bound, last, until, observe, until)
	}
	return nil
}

// end is when a fault ends, which has to be before the observation does.
func (s Step) end(scope Scope, observe time.Duration) (time.Duration, error) {
	at, _ := s.At.Eval(scope)
	lasts, _ := s.For.Eval(scope)
	switch {
	case s.Fault.Kind == Leave || s.Fault.Kind == Reset:
		return at, nil
	case s.For == "":
		return 0, fmt.Errorf("has none: want for, how long it lasts")
	case at+lasts >= observe:
		return 0, fmt.Errorf("ends %v after the strike, and observe is %v: want an observe that is longer", at+lasts, observe)
	default:
		return at + lasts, nil
	}
}

// last is the latest bound of e's time, and what it is; 0: it has none.
func (e Expectation) last(scope Scope) (what string, d time.Duration) {
	lo, hi := e.bounds(scope)
	switch {
	case hi == never:
		return "within's lo", max(0, lo)
	case e.Within.Hi == "":
		return "window's upper bound", max(0, hi)
	default:
		return "within's hi", max(0, hi)
	}
}

// always and never are bounds that are absent.
const always, never time.Duration = math.MinInt64, math.MaxInt64

// bounds are those of e's time; of the window, if e has none of its own and is
// about the window.
func (e Expectation) bounds(scope Scope) (lo, hi time.Duration) {
	lo, hi = always, never
	within := e.Within
	if window, has := scope["hi"]; has && within == (Range{}) && (e.That == Detects || e.That == HangsUp) {
		return scope["lo"], window
	}
	if within.Lo != "" {
		lo, _ = within.Lo.Eval(scope)
	}
	if within.Hi != "" {
		hi, _ = within.Hi.Eval(scope)
	}
	return lo, hi
}

// contradicts says why e and f cannot both hold, wherever both apply; "": they can.
func (e Expectation) contradicts(f Expectation, scope Scope) string {
	apart := e.Side != f.Side && e.Side != "" && f.Side != ""
	if apart || !meet(e.Policies, f.Policies) || !meet(e.Networks, f.Networks) {
		return ""
	}
	if e.That != f.That {
		return cmp.Or(e.excludes(f, scope), f.excludes(e, scope))
	}
	lo, hi := e.bounds(scope)
	from, until := f.bounds(scope)
	switch {
	case e.That == Mistakes && e.Count != f.Count:
		return fmt.Sprintf("count is %d, and %d", f.Count, e.Count)
	case e.From == f.From && (lo > until || from > hi):
		return "no time is within both"
	case len(e.Causes) > 0 && len(f.Causes) > 0 && !meet(e.Causes, f.Causes):
		return "no cause is among both"
	default:
		return ""
	}
}

// excludes says why another outcome cannot be where e holds.
func (e Expectation) excludes(f Expectation, scope Scope) string {
	lo, hi := f.bounds(scope)
	hangsUp := f.That == HangsUp && (lo != always || hi != never) // else it is only timed
	switch {
	case e.That == Unnoticed && (f.That == Detects || f.That == Ends || hangsUp):
		return "a side that does the one has noticed something"
	case e.That == Unnoticed && f.That == Mistakes && f.Count > 0:
		return fmt.Sprintf("a side with mistakes (count is %d) has noticed something", f.Count)
	case e.That == StaysUp && hangsUp:
		return "a side that hangs up does not stay up"
	case e.That == CanaryWithheld && f.That == CanaryArrives:
		return "it is the same byte"
	default:
		return ""
	}
}

// meet says whether two lists have something in common; an empty one is of all.
func meet[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}
