package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// grave are the verdicts that say something against the subject or the harness,
// the gravest last. The others say nothing.
var grave = []judge.Verdict{judge.Held, judge.Failed, judge.Broken}

// worse says that a verdict got worse.
func (r Row) worse() bool {
	return slices.Index(grave, r.New.Verdict) > max(0, slices.Index(grave, r.Base.Verdict))
}

// unclear says that NEW cannot tell what BASE could.
func (r Row) unclear() bool {
	return slices.Contains(grave, r.Base.Verdict) && !slices.Contains(grave, r.New.Verdict)
}

// lost says what BASE could tell and NEW has no trial of: of cells that are gone,
// of trials that left no record, and of shards that are missing.
func lost(gone []report.Cell, now report.Summary) []string {
	out := []string{}
	if now.Missing > 0 {
		out = append(out, fmt.Sprintf("NEW is incomplete: %d of its trials left no record", now.Missing))
	}
	if missing := now.MissingPart(); missing != "" {
		out = append(out, "NEW is incomplete: "+missing)
	}
	if now.CutOff {
		out = append(out, "NEW was cut off: nobody knows how many of its trials left no record")
	}
	for _, c := range gone {
		if slices.Contains(grave, c.Verdict) {
			out = append(out, fmt.Sprintf("%s under %s/%s: not in NEW, was %s", c.Scenario, c.Policy, c.Profile, c.Sentence()))
		}
	}
	return out
}

// Regressions are a sentence for each verdict that got worse, and each time
// that changed against its window.
func (c Comparison) Regressions() []string {
	var out []string
	for _, r := range c.Rows {
		if r.worse() {
			out = append(out, fmt.Sprintf("%s: %s, was %s", r.Name(), r.New.Sentence, r.Base.Sentence))
		}
		for _, side := range Sides {
			s := r.Of(side)
			out = append(out, s.Detection.against(r, side, "T_D")...)
			out = append(out, s.End.against(r, side, "end")...)
			out = append(out, s.Recovery.against(r, side, "recovery")...)
		}
	}
	return out
}

// against says how a time got worse, if it did.
func (t Times) against(r Row, side heartbeat.Side, what string) []string {
	if !t.Worse() {
		return nil
	}
	return []string{fmt.Sprintf("%s: the %s's %s went from %s to %s (%v), and its least room from %v to %v",
		r.Name(), side, what, median(t.Base), median(t.New), t.Test, words.Milli(*t.BaseRoom), words.Milli(*t.NewRoom))}
}

// Unclear is what NEW cannot tell that BASE could: it stalled there, was
// interrupted, could not measure it, or has no such trial.
func (c Comparison) Unclear() []string {
	var out []string
	for _, r := range c.Rows {
		if !r.unclear() {
			continue
		}
		now, verdict := r.New.Sentence, string(r.New.Verdict)
		if r.New.Verdict == judge.NotMeasurable && !strings.HasPrefix(now, verdict) { // its sentence is the reason
			now = strings.TrimSuffix(verdict+": "+now, ": ")
		}
		out = append(out, fmt.Sprintf("%s: %s, was %s", r.Name(), now, r.Base.Sentence))
	}
	return append(out, c.Lost...)
}

// Headline is the comparison as one line of plain text.
func (c Comparison) Headline() string {
	var changed, few int
	for _, t := range c.tests() {
		if t.Shown {
			changed++
		}
		if t.few() {
			few++
		}
	}
	lead := "No regression"
	if n := len(c.Regressions()); n > 0 {
		lead = words.Plural(n, "regression")
	}
	if len(c.Rows) == 0 {
		lead = "Nothing to compare: the runs have no scenario under the same policy"
	}
	out := fmt.Sprintf("%s; %d of %s changed in %s", lead, changed, words.Plural(len(c.tests()), "measure"), words.Plural(len(c.Rows), "cell"))
	if few > 0 {
		out += fmt.Sprintf("; %d with too few trials to tell", few)
	}
	if n := len(c.Unclear()); n > 0 {
		out += fmt.Sprintf("; %d unclear", n)
	}
	if n := count(c.OnlyBase) + count(c.OnlyNew); n > 0 {
		out += fmt.Sprintf("; %d in one run only", n)
	}
	return out + "."
}

// Legend says how to read the changes.
func (c Comparison) Legend() string {
	var possible, few, enough int
	for _, t := range c.tests() {
		if t.phases > 0 {
			possible++
		}
		if t.few() {
			few++
			enough = max(enough, (t.Enough+t.phases-1)/t.phases)
		}
	}
	out := fmt.Sprintf("~: no change is shown. The test is of ranks within each phase, and p is corrected for all tests: "+
		"two runs of the same thing show any change in at most %g%% of comparisons. Times are medians.", 100*Alpha)
	if few > 0 {
		out += fmt.Sprintf(" %d of %s had too few trials to tell: %d at each phase, in both runs, would do (--repeat %[3]d).",
			few, words.Plural(possible, "test"), enough)
	}
	return out
}

// tests are those of all measures that any trial had.
func (c Comparison) tests() []Test {
	var out []Test
	for _, r := range c.Rows {
		for _, side := range Sides {
			for _, m := range r.Of(side).Measures() {
				out = append(out, m.Test)
			}
		}
	}
	return out
}

// count is how many cells they are.
func count(of []Lone) (n int) {
	for _, l := range of {
		n += len(l.Policies)
	}
	return n
}

// Words are a sentence for each.
func Words(of []Lone) []string {
	var out []string
	for _, l := range of {
		out = append(out, l.String())
	}
	return out
}
