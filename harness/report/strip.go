package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
)

// number is one of the strip on top of report.html. Good and Bad are verdicts: one
// that only says what ran is neither.
type number struct {
	What, Value, Detail string
	Good, Bad           bool
}

// Class is how the page shows it.
func (n number) Class() string {
	switch {
	case n.Bad:
		return "bad"
	case n.Good:
		return "good"
	default:
		return ""
	}
}

// strip says what ran, where, how much of it held, and how near to its window's
// bounds each side came.
func (r Report) strip() []number {
	if r.Compares() {
		return comparisonStrip(*r.Comparison)
	}
	s := r.Summary
	scenarios, policies := map[string]bool{}, map[string]bool{}
	var networks, subjects, modes []string
	for _, c := range r.Matrix {
		scenarios[c.Scenario], policies[c.Policy] = true, true
		networks, subjects, modes = once(networks, c.Network), once(subjects, c.Subject), once(modes, c.Mode.String())
	}
	held := number{
		What: "Expectations", Value: fmt.Sprintf("%d of %d held", s.Expectations.Held, s.Expectations.Total),
		Detail: verdictCounts(s), Bad: s.Expectations.Held < s.Expectations.Total,
		Good: s.Expectations.Total > 0 && r.ExitCode() == 0,
	}
	if s.Expectations.Total == 0 {
		held.Value = "none"
	}
	out := []number{
		{
			What: "Ran", Value: words.Plural(s.Trials, "trial"),
			Detail: fmt.Sprintf("%s, %s, in %v", words.Plural(len(scenarios), "scenario"), policyCount(len(policies)), s.Wall.Round(100*time.Millisecond)),
		},
	}
	if len(r.Records) > 0 {
		out = append(out, number{What: "Network", Value: strings.Join(networks, ", "), Detail: listed("subject", subjects) + ", " + listed("mode", modes)}, held)
	}
	if s.Missing > 0 {
		out = append(out, number{What: "Missing", Value: words.Plural(s.Missing, "trial"), Detail: "planned, and left no record", Bad: true})
	}
	if len(s.MissingShards) > 0 {
		text, _ := listOfShards(s.MissingShards)
		out = append(out, number{What: "Missing", Value: text, Detail: "of a run that was split, and not merged", Bad: true})
	}
	if s.CutOff {
		out = append(out, number{What: "Missing", Value: "unknown", Detail: "the run did not come to its end", Bad: true})
	}
	for _, d := range s.Detections {
		out = append(out, d.number())
	}
	return out
}

// once is a list with a text from outside in it, once.
func once(list []string, text string) []string {
	if text = shown(text); slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// listed is "subject pair", or "subjects pair, processes".
func listed(what string, names []string) string {
	if len(names) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(names, ", ")
}

func policyCount(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", n)
}

func verdictCounts(s Summary) string {
	var parts []string
	for _, v := range verdicts {
		if n := s.Verdicts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if s.Retried > 0 {
		parts = append(parts, fmt.Sprintf("%d retried", s.Retried))
	}
	return "trials: " + strings.Join(parts, ", ")
}

// number is the detection that came nearest to a bound of its window, or was
// farthest beyond.
func (d Detection) number() number {
	out := number{What: fmt.Sprintf("Worst %s, %s", d.Side, shown(d.Profile)), Good: d.Held(), Bad: !d.Held()}
	if d.Missed > 0 {
		out.Value = fmt.Sprintf("%d never detected", d.Missed)
		out.Detail = fmt.Sprintf("of %d", d.Missed+d.N)
		return out
	}
	worst, slack, bound := d.Latest, d.Window.Hi-d.Latest.Took, d.Window.Hi
	if early := d.Earliest.Took - d.Window.Lo; d.Window.Lo > 0 && early < slack {
		worst, slack, bound = d.Earliest, early, d.Window.Lo
	}
	where := "inside"
	if slack < 0 {
		where = "outside"
	}
	out.Value = words.Seconds(worst.Took)
	out.Detail = fmt.Sprintf("%s s %s %v, window %v; in %s; all: %s-%s s, n %d",
		seconds(slack.Abs()), where, bound, d.Window, shown(worst.Trial), seconds(d.Earliest.Took), seconds(d.Latest.Took), d.N)
	if d.Broken > 0 {
		out.Detail += fmt.Sprintf("; %d not when the scenario expects it", d.Broken)
	}
	return out
}

// retry is an attempt that a later one took the place of.
type retry struct{ Trial, Reason string }

func (r Report) retried() []retry {
	var out []retry
	for _, rec := range r.Records {
		if rec.Superseded {
			out = append(out, retry{shown(rec.Trial), shown(rec.Reason)})
		}
	}
	return out
}

// Inconclusive are the trials that stayed so.
func (p htmlPage) Inconclusive() int { return p.Summary.Verdicts[judge.Inconclusive] }
