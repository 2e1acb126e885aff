package compare

import (
	"cmp"
	"math"
	"slices"
)

// correct decides which tests of a comparison show a change. Of many tests some
// have a small P by chance, so each P is corrected for all of them by Holm's
// method (1979), which holds whatever the tests have to do with each other: the
// two sides of a trial, and policies that are judged over one trace, are far from
// independent. It bounds the chance of any false alarm, not the share of false
// ones among all (as that of Benjamini and Hochberg): a single one fails a build.
//
// Tests that could not show anything, however different their samples, cost the
// others nothing (Tarone 1990): they are left out before any P is looked at.
func correct(all []*Test) {
	var able []*Test
	for _, t := range all {
		if min(t.NBase, t.NNew) >= Fewest && t.least < 1 {
			able = append(able, t)
		}
	}
	family, k := able, 1
	for ; ; k++ {
		family = slices.DeleteFunc(slices.Clone(able), func(t *Test) bool { return t.least*float64(k) >= Alpha })
		if len(family) <= k {
			break
		}
	}
	slices.SortFunc(family, func(a, b *Test) int { return cmp.Compare(a.P, b.P) })
	least := 0.0 // a test's is no less than that of one with a smaller P
	for i, t := range family {
		least = max(least, min(1, t.P*float64(len(family)-i)))
		t.Corrected, t.Shown = least, least < Alpha
	}
	possible := 0 // with more values
	for _, t := range all {
		if t.differs() {
			possible++
		}
	}
	for _, t := range all {
		if !slices.Contains(family, t) {
			t.Enough = t.enough(possible, k)
		}
	}
}

// differs says that the values of the two samples are not all the same.
func (t Test) differs() bool { return t.phases > 0 && (t.least < 1 || t.apart == 1) }

// enough is how many values on each side could show a change if all possible tests
// could; 0: there are as many as now tests need, and what keeps them from showing
// one is that they hardly differ.
func (t Test) enough(possible, now int) int {
	if t.phases == 0 || t.apart*float64(now) < Alpha && min(t.NBase, t.NNew) >= Fewest {
		return 0
	}
	for each := 1; ; each++ {
		least := 2 * math.Pow(choose(2*each, each), -float64(t.phases))
		if least*float64(max(possible, now)) < Alpha && each*t.phases >= Fewest {
			return each * t.phases
		}
	}
}
