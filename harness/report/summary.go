package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Summary is the whole run in numbers. A superseded attempt counts as Retried
// and in the times, and in nothing else.
type Summary struct {
	Trials int `json:"trials"`
	Missed
	// Verdicts says how many trials had each verdict; it has all verdicts.
	Verdicts map[judge.Verdict]int `json:"verdicts"`
	// Expectations are those of the trials that held or broke: the others say
	// nothing about theirs. A hang-up that is only timed is none.
	Expectations Tally `json:"expectations"`
	// Retried are inconclusive attempts that a later one took the place of.
	Retried int `json:"retried"`
	// Stalls are all times in which a side's loop, or the harness, stood still.
	Stalls Stalls `json:"stalls"`
	// Detections are the extremes of what had to fall in a window.
	Detections []Detection `json:"detections"`
	// HarnessError is that of all sides of all attempts; nil: none was measured.
	HarnessError *Quantiles `json:"harness_error,omitempty"`
	// TrialTime is the sum of what the trials took, Wall the time from the
	// first one's start to the last one's end, Ratio the one by the other.
	TrialTime time.Duration `json:"trial_time_ns"`
	Wall      time.Duration `json:"wall_ns"`
	Ratio     float64       `json:"ratio"`
}

// Tally says how many of a number of things held.
type Tally struct {
	Held  int `json:"held"`
	Total int `json:"total"`
}

// add counts the checks of a record that was judged. The proof that the fault struck
// is none by itself, as long as it holds: where a hang-up is only timed, nothing was
// expected.
func (t *Tally) add(r judge.Record) {
	counted := slices.DeleteFunc(slices.Clone(r.Checks), func(c judge.Check) bool { return c.Unmeasured || onlyTimed(r, c) })
	if !slices.ContainsFunc(counted, func(c judge.Check) bool { return c.That != "" || !c.Held }) {
		return
	}
	t.Total += len(counted)
	for _, c := range counted {
		if c.Held {
			t.Held++
		}
	}
}

// Stalls are a number of stalls, and the longest of them.
type Stalls struct {
	N       int           `json:"n"`
	Longest time.Duration `json:"longest_ns"`
}

// Detection has the extremes of one side's detection times under all policies
// of a profile, in the trials that held or broke and expect it to detect.
type Detection struct {
	Profile string           `json:"profile"`
	Window  heartbeat.Window `json:"window"`
	Side    heartbeat.Side   `json:"side"`
	N       int              `json:"n"`
	// Missed are sides that never detected, Broken those that did, but not when their
	// scenario expects it, which may have a window of its own.
	Missed   int     `json:"missed"`
	Broken   int     `json:"broken,omitempty"`
	Earliest Extreme `json:"earliest"`
	Latest   Extreme `json:"latest"`
}

// Held says whether every side detected, within the window, and when it was expected
// to.
func (d Detection) Held() bool {
	return d.Missed == 0 && d.Broken == 0 && d.Window.Contains(d.Earliest.Took) && d.Window.Contains(d.Latest.Took)
}

// Extreme is a detection time and the trial that it was measured in.
type Extreme struct {
	Took  time.Duration `json:"took_ns"`
	Trial string        `json:"trial"`
}

// Quantiles describe a sample: its P50, P99 and largest value. Each is a value
// of the sample, the smallest that is not exceeded by that share of it.
type Quantiles struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// Headline is the run's verdict as one line of plain text.
func (s Summary) Headline() string {
	lead, text := s.lead()
	parts := []string{text}
	if s.Missing > 0 && len(s.MissingShards) > 0 {
		parts = append(parts, s.MissingPart())
	}
	if s.Expectations.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s held", s.Expectations.Held, words.Plural(s.Expectations.Total, "expectation")))
	}
	for _, v := range verdicts {
		if v != lead && v != judge.Held && s.Verdicts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s.Verdicts[v], v))
		}
	}
	if s.Retried > 0 {
		parts = append(parts, fmt.Sprintf("%d retried", s.Retried))
	}
	if part := s.Part(); part != "" {
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ") + "."
}

// lead is what the headline begins with, and the verdict that it is about.
func (s Summary) lead() (judge.Verdict, string) {
	trials := words.Plural(s.Trials, "trial")
	n := s.Verdicts
	switch {
	case s.Missing > 0:
		return "", fmt.Sprintf("Incomplete: %d of %s left no record", s.Missing, words.Plural(s.Trials+s.Missing, "trial"))
	case len(s.MissingShards) > 0:
		return "", fmt.Sprintf("Incomplete: after %s %s", trials, s.MissingPart())
	case s.CutOff:
		return "", fmt.Sprintf("Cut off: the run ended after %s, and nobody knows how many are missing", trials)
	case n[judge.Interrupted] > 0: // it may have become anything
		return judge.Interrupted, fmt.Sprintf("Interrupted: %d of %s had not finished", n[judge.Interrupted], trials)
	case n[judge.Broken] > 0:
		return judge.Broken, fmt.Sprintf("Broken: %d of %s", n[judge.Broken], trials)
	case n[judge.Failed] > 0:
		return judge.Failed, fmt.Sprintf("Failed: the harness could not run %d of %s", n[judge.Failed], trials)
	case n[judge.Inconclusive] > 0:
		return judge.Inconclusive, fmt.Sprintf("Inconclusive: the harness itself stalled in %d of %s", n[judge.Inconclusive], trials)
	case n[judge.Held] == 0:
		return judge.NotMeasurable, fmt.Sprintf("Nothing was judged: none of %s is measurable here", trials)
	case s.Expectations.Total == 0:
		return judge.Held, fmt.Sprintf("Only timed: %s without a window to hold", words.Plural(n[judge.Held], "trial"))
	default:
		return judge.Held, fmt.Sprintf("All held: %s", words.Plural(n[judge.Held], "trial"))
	}
}

func summarize(records []judge.Record) Summary {
	s := Summary{Verdicts: map[judge.Verdict]int{}}
	for _, v := range verdicts {
		s.Verdicts[v] = 0
	}
	var errs []time.Duration
	for i := range records {
		r := &records[i]
		if r.Shares == "" { // else nothing more has run
			s.TrialTime += r.Took
			for _, stall := range r.Stalls {
				s.Stalls.N++
				s.Stalls.Longest = max(s.Stalls.Longest, stall.For)
			}
			for _, side := range sides {
				if e := r.Of(side).HarnessError; e != nil {
					errs = append(errs, *e)
				}
			}
		}
		if r.Superseded {
			s.Retried++
			continue
		}
		s.Trials++
		s.Verdicts[r.Verdict]++
		if judged(*r) {
			s.Expectations.add(*r)
		}
	}
	s.Detections = detections(records)
	s.HarnessError = quantiles(errs)
	s.Wall = wall(records)
	if s.Wall > 0 {
		s.Ratio = s.TrialTime.Seconds() / s.Wall.Seconds()
	}
	return s
}

var sides = []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}

// judged says whether the record's checks and measures count.
func judged(r judge.Record) bool {
	return !r.Superseded && (r.Verdict == judge.Held || r.Verdict == judge.Broken)
}

// timed says whether the times that were seen in the trial count: an interruption
// takes back none of them.
func timed(r judge.Record) bool {
	return judged(r) || !r.Superseded && r.Verdict == judge.Interrupted
}

// wall is the time from the first start to the last end of what ran.
func wall(records []judge.Record) time.Duration {
	var start, end time.Time
	for _, r := range records {
		if r.Took == 0 {
			continue
		}
		if start.IsZero() || r.Started.Before(start) {
			start = r.Started
		}
		if e := r.Started.Add(r.Took); e.After(end) {
			end = e
		}
	}
	return end.Sub(start)
}

func quantiles(sample []time.Duration) *Quantiles {
	if len(sample) == 0 {
		return nil
	}
	sorted := sortedFloats(sample)
	return &Quantiles{N: len(sorted), P50: quantile(0.5, sorted), P99: quantile(0.99, sorted), Max: quantile(1, sorted)}
}

// quantile is the smallest value of the sample that is not exceeded by a share
// p of it. Nanoseconds fit a float64 exactly for a hundred days.
func quantile(p float64, sorted []float64) time.Duration {
	return time.Duration(stat.Quantile(p, stat.Empirical, sorted, nil))
}

func sortedFloats(sample []time.Duration) []float64 {
	out := make([]float64, len(sample))
	for i, d := range sample {
		out[i] = float64(d)
	}
	slices.Sort(out)
	return out
}

func detections(records []judge.Record) []Detection {
	type key struct {
		window  heartbeat.Window
		profile string
		side    heartbeat.Side
	}
	at := map[key]int{}
	var out []Detection
	for i := range records {
		r := &records[i]
		if !judged(*r) {
			continue
		}
		_, profile := splitPolicy(r.Policy)
		for _, side := range sides {
			t, never := r.Noticed(side), r.Missed(side)
			if !r.Detects(side) || t == nil && !never {
				continue
			}
			k := key{r.Window, profile, side}
			if _, known := at[k]; !known {
				at[k] = len(out)
				out = append(out, Detection{Profile: profile, Window: r.Window, Side: side})
			}
			out[at[k]].add(t, r.Trial)
			if r.Mistimed(side) {
				out[at[k]].Broken++
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Detection) int {
		return compareProfiles(a.Window, b.Window, a.Profile, b.Profile)
	})
	return out
}

func (d *Detection) add(took *time.Duration, trial string) {
	if took == nil {
		d.Missed++
		return
	}
	if d.N == 0 || *took < d.Earliest.Took {
		d.Earliest = Extreme{*took, trial}
	}
	if d.N == 0 || *took > d.Latest.Took {
		d.Latest = Extreme{*took, trial}
	}
	d.N++
}

// splitPolicy takes a policy's key apart.
func splitPolicy(key string) (name, profile string) {
	name, profile, _ = strings.Cut(key, "/")
	return name, profile
}
