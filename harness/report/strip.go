package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
)

// number is one of the strip on top of report.html.
type number struct {
	What, Value, Detail string
	Bad                 bool
}

// strip says what ran, where, how much of it held, and how near to its window's
// bounds each side came.
func (r Report) strip() []number {
	s := r.Summary
	scenarios, policies, on := map[string]bool{}, map[string]bool{}, ""
	for _, c := range r.Matrix {
		scenarios[c.Scenario], policies[c.Policy] = true, true
	}
	for _, g := range groups(r.Matrix) {
		if what := shown(g.on()); !strings.Contains(on, what) {
			on = strings.TrimPrefix(on+", "+what, ", ")
		}
	}
	network, subject, _ := strings.Cut(on, " (")
	if strings.Contains(subject, "(") {
		network, subject = on, ""
	}
	out := []number{
		{
			What: "Ran", Value: plural(s.Trials, "trial"),
			Detail: fmt.Sprintf("%s, %s, in %v", plural(len(scenarios), "scenario"), policyCount(len(policies)), s.Wall.Round(100*time.Millisecond)),
		},
		{What: "Network", Value: network, Detail: strings.TrimSuffix(subject, ")")},
		{
			What: "Expectations", Value: fmt.Sprintf("%d of %d held", s.Expectations.Held, s.Expectations.Total),
			Detail: verdictCounts(s), Bad: s.Expectations.Held < s.Expectations.Total,
		},
	}
	if s.Missing > 0 {
		out = append(out, number{What: "Missing", Value: plural(s.Missing, "trial"), Detail: "planned, and left no record", Bad: true})
	}
	for _, d := range s.Detections {
		out = append(out, d.number())
	}
	return out
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
	out := number{What: fmt.Sprintf("Worst %s, %s", d.Side, shown(d.Profile)), Bad: !d.Held()}
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
	out.Value = seconds(worst.Took) + " s"
	out.Detail = fmt.Sprintf("%s s %s %v, window %v; in %s; all: %s-%s s, n %d",
		seconds(slack.Abs()), where, bound, d.Window, shown(worst.Trial), seconds(d.Earliest.Took), seconds(d.Latest.Took), d.N)
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
