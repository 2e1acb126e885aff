package compare

import (
	"fmt"
	"strconv"
	"time"

	"github.com/flatline-go/flatline/harness/report"
)

// Measure is a line of a table: one measure of one side, in words.
type Measure struct {
	What      string
	Base, New string
	Test      Test
	// Change is "~" where none is shown, or how many values it would take to;
	// else by how much.
	Change string
	Worse  bool
}

// Measures are those of a side that any trial had.
func (s Side) Measures() []Measure {
	var out []Measure
	for _, t := range []struct {
		what string
		of   Times
	}{{"T_D", s.Detection}, {"end", s.End}, {"recovery", s.Recovery}} {
		if t.of.NBase+t.of.NNew > 0 {
			out = append(out, t.of.measure(t.what))
		}
	}
	// Nobody wants to read of no mistakes in a line of its own.
	if s.Mistakes.Base+s.Mistakes.New > 0 || len(out) == 0 && s.Mistakes.NBase+s.Mistakes.NNew > 0 {
		out = append(out, s.Mistakes.measure())
	}
	return out
}

func (t Times) measure(what string) Measure {
	m := Measure{What: what, Base: median(t.Base), New: median(t.New), Test: t.Test, Change: t.unchanged(), Worse: t.Worse()}
	if t.Shown {
		m.Change = signed(t.New.Median - t.Base.Median)
	}
	return m
}

func (c Counts) measure() Measure {
	m := Measure{What: "mistakes", Base: strconv.Itoa(c.Base), New: strconv.Itoa(c.New), Test: c.Test, Change: c.unchanged()}
	if c.Shown {
		m.Change = fmt.Sprintf("%+d", c.New-c.Base)
	}
	return m
}

// median is in seconds, as in a report; "-" where there is none.
func median(s *report.Spread) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.3fs", s.Median.Seconds())
}

// signed is a difference, as exact as it is small.
func signed(d time.Duration) string {
	exact := time.Millisecond
	if d.Abs() < 10*time.Millisecond {
		exact = time.Microsecond
	}
	if d > 0 {
		return "+" + d.Round(exact).String()
	}
	return d.Round(exact).String()
}
