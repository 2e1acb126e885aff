// Package expect has Gomega matchers for records: thin words around package
// judge. Each is about both sides, unless On names one.
//
//	Expect(record).To(expect.DetectWithin(window))
//	Expect(record).To(expect.MakeNoMistake().On(heartbeat.ClientSide))
//
// A record of which a stall of the harness may have changed the answer, or that
// was not judged, of a trial that failed, was interrupted, stayed
// inconclusive or is not measurable, is an error, whatever is expected.
//
// A failure names the policy, the side, the phase, what was expected and what
// happened, the trace, and the command that runs the trial again.
package expect

import (
	"fmt"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Matcher matches a judge.Record, side by side.
type Matcher struct {
	sides    []heartbeat.Side
	expected string
	// check says what happened, and whether that is right; slack is how much
	// the time behind it could have been otherwise without changing that; nil:
	// there is none.
	check  func(m judge.Measures) (actual string, ok bool, slack *time.Duration)
	counts bool // it matches only where mistakes are counted: see judge.Measures.Uncounted
	failed []string
	passed []string
}

// On is the matcher for one side only. Negated without it, a matcher is content
// if one of the two sides does not match: NotTo wants On.
func (m *Matcher) On(side heartbeat.Side) *Matcher {
	return &Matcher{sides: []heartbeat.Side{side}, expected: m.expected, check: m.check, counts: m.counts}
}

func about(expected string, check func(judge.Measures) (string, bool, *time.Duration)) *Matcher {
	return &Matcher{sides: []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}, expected: expected, check: check}
}

// DetectWithin matches if the side's detection time lies in the window.
func DetectWithin(w heartbeat.Window) *Matcher {
	return about(fmt.Sprintf("detection within %v", w), func(m judge.Measures) (string, bool, *time.Duration) {
		took := m.Detection
		if took == nil {
			return "never detected", false, nil
		}
		slack := (w.Hi - *took).Abs()
		if w.Lo > 0 {
			slack = min(slack, (*took - w.Lo).Abs())
		}
		return fmt.Sprintf("detected after %v", took.Round(time.Millisecond)), w.Contains(*took), &slack
	})
}

// NotDetect matches if the side never suspected its peer in the whole
// observation, be it rightly or by mistake. Where mistakes are not counted it is an
// error, as of MakeNoMistake.
func NotDetect() *Matcher {
	return never("no detection", func(m judge.Measures) (string, bool) {
		switch {
		case m.Detection != nil:
			return fmt.Sprintf("detected after %v", m.Detection.Round(time.Millisecond)), false
		case m.Mistakes > 0:
			return "suspected a live peer: " + words.Plural(m.Mistakes, "mistake"), false
		default:
			return "never detected", true
		}
	})
}

// MakeNoMistake matches if the side never suspected a live peer. Of a subject that
// tells nothing mistakes are counted only where the scenario wants it to stay up;
// elsewhere it is an error.
func MakeNoMistake() *Matcher {
	return never("no mistake", func(m judge.Measures) (string, bool) {
		return words.Plural(m.Mistakes, "mistake"), m.Mistakes == 0
	})
}

// never is about what a side did not do: by the time that was left at its closest
// call, and where mistakes are counted.
func never(expected string, check func(judge.Measures) (actual string, ok bool)) *Matcher {
	m := about(expected, func(m judge.Measures) (string, bool, *time.Duration) {
		actual, ok := check(m)
		if !ok {
			return actual, false, nil
		}
		return actual, true, m.Closest
	})
	m.counts = true
	return m
}

// Recover matches if the side had a working session again after the fault.
func Recover() *Matcher {
	return about("recovery", func(m judge.Measures) (string, bool, *time.Duration) {
		if m.Recovery == nil {
			return "never recovered", false, nil
		}
		return fmt.Sprintf("recovered after %v", m.Recovery.Round(time.Millisecond)), true, nil
	})
}

// EndBecause matches if the side's session ended for that cause.
func EndBecause(cause heartbeat.Cause) *Matcher {
	return about(fmt.Sprintf("an end because %q", cause), func(m judge.Measures) (string, bool, *time.Duration) {
		if m.End == nil {
			return "never ended", false, nil
		}
		return fmt.Sprintf("ended because %q", m.Cause), m.Cause == string(cause), nil
	})
}

// Match is part of Gomega's matcher interface.
func (m *Matcher) Match(actual any) (bool, error) {
	r, err := record(actual)
	if err != nil {
		return false, err
	}
	if r.Verdict != judge.Held && r.Verdict != judge.Broken {
		return false, fmt.Errorf("trial %s was not judged: it is %s: %s", r.Trial, r.Verdict, r.Reason)
	}
	m.failed, m.passed = nil, nil
	for _, side := range m.sides {
		measures := r.Of(side)
		got, ok, slack := m.check(*measures)
		if ok && m.counts && measures.Uncounted {
			return false, fmt.Errorf("trial %s: the %s tells nothing, and its mistakes were not counted: nobody can say why it hung up", r.Trial, side)
		}
		if slack != nil && measures.Doubt > *slack {
			return false, fmt.Errorf("trial %s cannot tell: the %s %s, which may be wrong by %v, because the harness stood still; expected %s",
				r.Trial, side, got, measures.Doubt.Round(time.Millisecond), m.expected)
		}
		line := describe(r, side, m.expected, got)
		if ok {
			m.passed = append(m.passed, line)
		} else {
			m.failed = append(m.failed, line)
		}
	}
	return len(m.failed) == 0, nil
}

// FailureMessage is part of Gomega's matcher interface.
func (m *Matcher) FailureMessage(actual any) string {
	r, _ := record(actual)
	return strings.Join(m.failed, "\n") + where(r)
}

// NegatedFailureMessage is part of Gomega's matcher interface.
func (m *Matcher) NegatedFailureMessage(actual any) string {
	r, _ := record(actual)
	return "not wanted:\n" + strings.Join(m.passed, "\n") + where(r)
}

func record(actual any) (judge.Record, error) {
	switch r := actual.(type) {
	case judge.Record:
		return r, nil
	case *judge.Record:
		if r != nil {
			return *r, nil
		}
	}
	return judge.Record{}, fmt.Errorf("expect matches a judge.Record, not %T", actual)
}

func describe(r judge.Record, side heartbeat.Side, expected, actual string) string {
	phase := "unknown"
	if p := r.Of(side).Phase; p != nil {
		phase = fmt.Sprintf("%.2f", *p)
	}
	return fmt.Sprintf("%s, %s, %s at phase %s\n  expected: %s\n  actual:   %s", r.Scenario, r.Policy, side, phase, expected, actual)
}

func where(r judge.Record) string {
	var out strings.Builder
	if r.Trace != "" {
		fmt.Fprintf(&out, "\n  trace:    %s", r.Trace)
	}
	if r.Repeat != "" {
		fmt.Fprintf(&out, "\n  repeat:   %s", r.Repeat)
	}
	return out.String()
}
