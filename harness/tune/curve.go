package tune

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/words"
)

// curve is what a family does on a history at several values of its parameter,
// in their order.
type curve struct {
	family Family
	long   time.Duration
	beats  int
	// interval is that of the beats.
	interval time.Duration
	scores   []score
	chosen   int    // the score that keeps what was asked for
	why      string // none does
	done     bool   // else it was interrupted
}

// tune tries values of the family's parameter: those of its grid, then, by
// bisection, those around the least that keeps the mistake rate, or the largest
// that keeps the detection.
func (h History) tune(ctx context.Context, e Equal, f Family) curve {
	c := curve{family: f, long: h.Long(), beats: h.Beats, interval: h.Interval}
	try := func(knob float64) int {
		config := f.Turn(h.Interval, knob)
		if config.Validate() != nil {
			return -1
		}
		s := h.score(config)
		s.knob = knob
		at, _ := slices.BinarySearchFunc(c.scores, s, func(a, b score) int { return cmp.Compare(a.knob, b.knob) })
		c.scores = slices.Insert(c.scores, at, s)
		return at
	}
	// Where mistakes are few enough, more of the parameter is of no use.
	past := 0
	for _, knob := range f.Grid(h.Interval) {
		if ctx.Err() != nil {
			return c
		}
		if at := try(knob); at >= 0 && c.scores[at].mistakes == 0 && e.keepsUntil(c.scores[at]) {
			if past++; past == 2 {
				break
			}
		}
	}
	c.choose(e)
	if c.why != "" || f.Whole {
		c.done = true
		return c
	}
	// Between the last value that does not keep it and the first that does: for
	// detections the other way round.
	for range 9 {
		next := c.neighbour(e)
		if next < 0 || next >= len(c.scores) {
			break
		}
		if ctx.Err() != nil {
			return c
		}
		a, b := c.scores[c.chosen].knob, c.scores[next].knob
		if math.Abs(a-b) < 1e-4*math.Abs(a) {
			break
		}
		try((a + b) / 2)
		c.choose(e)
	}
	c.done = true
	return c
}

// keeps says whether a score keeps what is asked for.
func (c *curve) keeps(e Equal, s score) bool {
	if e.Detection > 0 {
		return s.quantile(1) <= e.Detection
	}
	return float64(s.mistakes) <= e.Mistakes.PerDay()*c.long.Hours()/24
}

// keepsUntil says whether larger values are of no use.
func (e Equal) keepsUntil(s score) bool { return e.Detection == 0 || s.quantile(1) > e.Detection }

// choose finds the score that keeps what is asked for and is best otherwise.
func (c *curve) choose(e Equal) {
	c.chosen, c.why = -1, ""
	for i, s := range c.scores {
		if !c.keeps(e, s) {
			continue
		}
		if c.chosen = i; e.Detection == 0 {
			return
		}
	}
	if len(c.scores) == 0 {
		c.why = "no value of its parameter is valid"
		return
	}
	if c.chosen >= 0 {
		// The last value that was tried is far from what was asked for: it is not
		// tuned to it, and more of its parameter makes no difference that is of use.
		if last := c.scores[len(c.scores)-1]; c.chosen == len(c.scores)-1 && last.quantile(1)+c.interval < e.Detection {
			c.chosen, c.why = -1, fmt.Sprintf("even with a %s of %s it takes no more than %v", c.family.Knob, words.Number(last.knob), last.quantile(1).Round(time.Millisecond))
		}
		return
	}
	if e.Detection > 0 {
		c.why = fmt.Sprintf("even with a %s of %s it may take %v", c.family.Knob, words.Number(c.scores[0].knob), c.scores[0].quantile(1).Round(time.Millisecond))
		return
	}
	last := c.scores[len(c.scores)-1]
	c.why = fmt.Sprintf("even with a %s of %s it makes %s mistakes%s", c.family.Knob, words.Number(last.knob), PerDay(rateOf(last.mistakes, c.long).PerDay), c.family.Beside)
}

// neighbour is the score beyond the chosen one that does not keep it.
func (c *curve) neighbour(e Equal) int {
	if e.Detection > 0 {
		return c.chosen + 1
	}
	return c.chosen - 1
}

// points are the curve without the parts that nobody wants: where one beat in a
// hundred is a mistake, and where nothing changes any more.
func (c *curve) points() []Point {
	var out []Point
	for i, s := range c.scores {
		often := s.mistakes > c.beats/100
		if i != c.chosen && (often || i > 0 && s.mistakes == 0 && c.scores[i-1].mistakes == 0) {
			continue
		}
		out = append(out, Point{
			Family: c.family.Name, Knob: c.family.Knob, Value: s.knob,
			Median: s.quantile(0.5), P99: s.quantile(0.99), Max: s.quantile(1), Rate: rateOf(s.mistakes, c.long),
		})
	}
	return out
}

// medianAt is the median T_D at which the curve makes that many mistakes in the
// blocks that are named, between the two values of the parameter around it. ok is
// false if it never makes as few.
func (c *curve) medianAt(mistakes float64, named []int) (time.Duration, bool) {
	count := func(s score) (n float64) {
		for _, b := range named {
			n += float64(s.each[b])
		}
		return n
	}
	before := math.Inf(1)
	for i, s := range c.scores {
		n := count(s)
		if n > mistakes {
			before = n
			continue
		}
		at := float64(s.quantile(0.5))
		if i == 0 || math.IsInf(before, 1) || c.family.Whole {
			return time.Duration(at), true
		}
		// Mistakes fall about exponentially with the time that is allowed.
		share := (math.Log(before+0.5) - math.Log(mistakes+0.5)) / (math.Log(before+0.5) - math.Log(n+0.5))
		from := float64(c.scores[i-1].quantile(0.5))
		return time.Duration(from + share*(at-from)), true
	}
	return 0, false
}
