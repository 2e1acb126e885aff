package tune

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Equal is what all detectors of a comparison are tuned to: one of both.
type Equal struct {
	Mistakes  Rate          `json:"mistakes,omitzero"`
	Detection time.Duration `json:"detection_ns,omitempty"` // the largest T_D
}

// String is "1/30d mistakes" or "a detection within 9s".
func (e Equal) String() string {
	if e.Detection > 0 {
		return fmt.Sprintf("a detection within %v", e.Detection)
	}
	return fmt.Sprintf("%v mistakes", e.Mistakes)
}

// Comparison is a fair one: every detector is tuned to the same, and held to the
// same arrivals.
type Comparison struct {
	Schema  int     `json:"schema"`
	Equal   Equal   `json:"equal"`
	History History `json:"history"`
	Tuned   []Tuned `json:"tuned"`
	Points  []Point `json:"points"`
}

// ComparisonSchema is the version of a Comparison's JSON.
const ComparisonSchema = 1

// Tuned is a family at the value of its parameter that was asked for.
type Tuned struct {
	Family   string       `json:"family"`
	Detector detect.Named `json:"detector"`
	// Why says why it could not be tuned; "": it was. Apart says that the value
	// that was asked for lies between two that the parameter has; then it keeps
	// it, and is not as good as it could be.
	Why   string      `json:"why,omitempty"`
	Apart bool        `json:"apart,omitempty"`
	Rate  MistakeRate `json:"rate"`
	// Detection is T_D after a crash at any phase.
	Detection Detection `json:"detection"`
	Accuracy  float64   `json:"query_accuracy"`
	// Against is the difference to the best one; nil: it is that.
	Against *Difference `json:"against,omitempty"`
}

// Detection is how T_D is distributed over the crashes that were tried.
type Detection struct {
	Crashes int           `json:"crashes"`
	Median  time.Duration `json:"median_ns"`
	P99     time.Duration `json:"p99_ns"`
	Max     time.Duration `json:"max_ns"`
	// Least and Most are the 95 % confidence interval of the median at the
	// mistake rate that was asked for: how else the parameter might have been
	// set, had the history been another one. 0 where the detection was given.
	Least time.Duration `json:"median_least_ns,omitempty"`
	Most  time.Duration `json:"median_most_ns,omitempty"`
}

// Difference is to the best family, which has the least median T_D or the fewest
// mistakes.
type Difference struct {
	To string `json:"to"`
	// Later is by how much its median T_D is later, with its confidence interval;
	// where detections are equal, Ratio is of mistakes, and P how probable a
	// difference as large is, if there is none.
	Later time.Duration `json:"later_ns,omitempty"`
	Least time.Duration `json:"least_ns,omitempty"`
	Most  time.Duration `json:"most_ns,omitempty"`
	Ratio float64       `json:"ratio,omitempty"`
	P     float64       `json:"p,omitempty"`
	// Shown says that there is one.
	Shown bool `json:"shown"`
}

// Point is a family at one value of its parameter.
type Point struct {
	Family string        `json:"family"`
	Knob   string        `json:"knob"`
	Value  float64       `json:"value"`
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
	Max    time.Duration `json:"max_ns"`
	Rate   MistakeRate   `json:"rate"`
}

// fewestMistakes are those that a history must have room for at the rate that is
// asked for: with fewer, chance decides.
const fewestMistakes = 10

// Usual is how many beats a history has, where rare mistakes don't need more.
const Usual = 500_000

// BeatsFor is how long a history should be for a comparison, in beats.
func (e Equal) BeatsFor(interval time.Duration) int {
	const wanted = 40
	if e.Detection > 0 {
		return Usual
	}
	return int(max(Usual, wanted*float64(e.Mistakes.Recurrence())/float64(interval)))
}

// Compare tunes the families to the same, on the history, and holds them against
// each other. When ctx ends it returns those that are done, and ctx's error.
func (h History) Compare(ctx context.Context, e Equal, families []Family) (Comparison, error) {
	out := Comparison{Schema: ComparisonSchema, Equal: e, History: h}
	if e.Detection == 0 {
		if expected := e.Mistakes.PerDay() * h.Long().Hours() / 24; expected < fewestMistakes {
			return out, fmt.Errorf("%s beats every %v are %s days: at %v a detector makes %s mistakes in that time, want at least %d: %s beats or more",
				words.Count(h.Beats), h.Interval, words.Number(h.Long().Hours()/24), e.Mistakes, words.Number(expected), fewestMistakes, words.Count(int(fewestMistakes*float64(e.Mistakes.Recurrence())/float64(h.Interval))+1))
		}
	}
	curves := make([]curve, len(families))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range families {
		if f.Name == "echo-timer" && h.Side == heartbeat.ServerSide {
			continue // it would need beats of the server's own
		}
		all.Go(func() error {
			curves[i] = h.tune(ctx, e, f)
			return nil
		})
	}
	_ = all.Wait()
	var done []curve
	for _, c := range curves {
		if c.done {
			done = append(done, c)
			out.Points = append(out.Points, c.points()...)
		}
	}
	out.Tuned = h.against(e, done)
	if ctx.Err() == nil && e.Detection > 0 {
		return out, h.tells(e, done, out.Tuned)
	}
	return out, ctx.Err()
}

// tells refuses a detection that no family keeps, or with which none makes a mistake:
// then nothing could be said of any. It says which ones would do.
func (h History) tells(e Equal, curves []curve, tuned []Tuned) error {
	of, mistakes := 0, 0
	for _, t := range tuned {
		if t.Why == "" {
			of, mistakes = of+1, mistakes+t.Rate.Mistakes
		}
	}
	if of > 0 && mistakes > 0 {
		return nil
	}
	var least, most time.Duration // that a family takes, and that one does which makes mistakes
	for _, c := range curves {
		for i, s := range c.scores {
			if took := s.quantile(1); i == 0 && took > 0 && (least == 0 || took < least) {
				least = took
			}
			if s.mistakes >= fewestMistakes {
				most = max(most, s.quantile(1))
			}
		}
	}
	least, most = roundUp(least), digits(most, 3)
	why := fmt.Sprintf("no detector can be tuned to %v on beats every %v", e, h.Interval)
	if of > 0 {
		why = fmt.Sprintf("with %v no detector makes a mistake in these %s days, and none can be told from another", e, words.Number(h.Long().Hours()/24))
	}
	switch {
	case e.Detection < least:
		return fmt.Errorf("%s: want %v or more", why, least)
	case most > least:
		return fmt.Errorf("%s: want %v to %v, or a longer history (--life)", why, least, most)
	default:
		return fmt.Errorf("%s: want a longer history (--life), or a network that is worse", why)
	}
}

// roundUp is d with three digits, or a little more.
func roundUp(d time.Duration) time.Duration {
	if down := digits(d, 3); down < d {
		return digits(down+d/100, 3)
	}
	return d
}
