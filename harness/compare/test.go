package compare

import (
	"fmt"

	"github.com/flatline-go/flatline/harness/report"
)

// Test is a rank test of two samples, which assumes nothing of how they are
// distributed: of Mann and Whitney within each phase, over all phases. A phase
// moves a time by more than most changes do, so values of different phases are
// not held against each other.
type Test struct {
	NBase int `json:"n_base"`
	NNew  int `json:"n_new"`
	// P is how likely samples at least as different are if nothing has
	// changed, two-sided, 0 to 1; 1 where one of them is empty.
	P float64 `json:"p"`
	// Corrected is P for all tests of the comparison: how likely any of them
	// comes to less if nothing has changed at all; 1 where the test is too few.
	Corrected float64 `json:"p_corrected"`
	// Shown says that a change is shown: Corrected < Alpha, with Fewest on each side.
	Shown bool `json:"shown"`
	// Enough is how many values each side would have needed to show anything, as
	// many at each phase; 0: it has as many.
	Enough int `json:"enough,omitempty"`

	phases int     // that both have
	least  float64 // the least P of these values, shared out otherwise
	apart  float64 // the least P of as many values without ties
}

// Alpha is the share of comparisons that show any change where there is none.
const Alpha = 0.05

// Fewest is how many values each sample needs to show anything: three trials may
// all be of one bad minute.
const Fewest = 4

// atPhase is what two runs say of a side at a phase.
type atPhase struct{ base, now report.Values }

// test is not yet corrected for there being others.
func test[T ~int | ~int64](phases []atPhase, of func(report.Values) []T) Test {
	t := Test{apart: 2}
	var strata []stratum
	for _, at := range phases {
		s := stratum{floats(of(at.base)), floats(of(at.now))}
		n, m := len(s.base), len(s.now)
		t.NBase, t.NNew = t.NBase+n, t.NNew+m
		if n > 0 && m > 0 {
			strata = append(strata, s)
			t.apart /= choose(n+m, n)
		}
	}
	t.phases, t.apart = len(strata), min(1, t.apart)
	t.P, t.least = newRanking(strata).p()
	t.Corrected = 1
	return t
}

// few says that the test is too few to tell whether anything has changed.
func (t Test) few() bool { return t.Enough > 0 }

// String is "p=0.029 n=4", or "n=4+5" where the samples differ in size, with the
// corrected p; without it where there are too few of them, or none.
func (t Test) String() string {
	n := fmt.Sprintf("n=%d", t.NBase)
	if t.NNew != t.NBase {
		n += fmt.Sprintf("+%d", t.NNew)
	}
	switch {
	case t.NBase == 0 || t.NNew == 0 || t.few():
		return n
	case t.Corrected < 0.001:
		return "p<0.001 " + n
	default:
		return fmt.Sprintf("p=%.3f %s", t.Corrected, n)
	}
}

// unchanged is how a change reads that is not shown.
func (t Test) unchanged() string {
	if t.few() {
		return fmt.Sprintf("too few to tell: %d would do", t.Enough)
	}
	return "~"
}

func floats[T ~int | ~int64](values []T) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}
