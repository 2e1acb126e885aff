package compare

import (
	"fmt"

	"golang.org/x/perf/benchmath"
)

// Test is a Mann-Whitney U test of two samples: it assumes nothing of how they
// are distributed. Phases and jitter widen both samples, which makes it miss
// small changes rather than see some that are none.
type Test struct {
	NBase int `json:"n_base"`
	NNew  int `json:"n_new"`
	// P is how likely samples at least as different are if nothing has
	// changed, two-sided, 0 to 1; 1 where one of them is empty.
	P float64 `json:"p"`
	// Shown says that a change is shown: P < Alpha, with Fewest on each side.
	Shown bool `json:"shown"`
}

// Alpha is the share of tests that show a change where there is none.
const Alpha = 0.05

// Fewest is how many values each sample needs to show anything. With 3 and 3,
// the least P is 2/C(6,3) = 0.1; with 4 and 4 it is 2/C(8,4) = 0.029.
const Fewest = 4

func test[T ~int | ~int64](base, now []T) Test {
	// The library refuses samples without a difference, and P is 1 then.
	c := benchmath.AssumeNothing.Compare(sample(base), sample(now))
	return Test{
		NBase: len(base), NNew: len(now), P: c.P,
		Shown: c.P < Alpha && min(len(base), len(now)) >= Fewest,
	}
}

// able says whether the test could have shown a change.
func (t Test) able() bool { return min(t.NBase, t.NNew) >= Fewest }

// String is "p=0.029 n=4", or "n=4+5" where the samples differ in size; without
// p where one of them is empty.
func (t Test) String() string {
	n := fmt.Sprintf("n=%d", t.NBase)
	if t.NNew != t.NBase {
		n += fmt.Sprintf("+%d", t.NNew)
	}
	switch {
	case t.NBase == 0 || t.NNew == 0:
		return n
	case t.P < 0.001:
		return "p<0.001 " + n
	default:
		return fmt.Sprintf("p=%.3f %s", t.P, n)
	}
}

func sample[T ~int | ~int64](values []T) *benchmath.Sample {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return benchmath.NewSample(out, &benchmath.Thresholds{CompareAlpha: Alpha})
}
