package compare

import (
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/perf/benchmath"
)

// With one stratum and no ties the test is the library's. (Of ties in samples of
// two sizes the library takes one tail for the other.)
func TestOneStratumIsMannWhitney(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{1, 2, 5, 20, 50, 60} {
		for _, m := range []int{1, 3, 5, 30, 50, 60} {
			if max(n, m) > 50 && n*m <= countable { // counted here, and not there
				continue
			}
			var s stratum
			for range n {
				s.base = append(s.base, random.Float64())
			}
			for range m {
				s.now = append(s.now, random.Float64()+0.2)
			}
			p, least := newRanking([]stratum{s}).p()
			want := benchmath.AssumeNothing.Compare(
				benchmath.NewSample(append([]float64(nil), s.base...), &benchmath.DefaultThresholds),
				benchmath.NewSample(append([]float64(nil), s.now...), &benchmath.DefaultThresholds)).P
			if math.Abs(p-min(1, want)) > 1e-9 {
				t.Errorf("%d+%d: p is %g, want %g", n, m, p, want)
			}
			if least > p {
				t.Errorf("%d+%d: p is %g, and at least %g", n, m, p, least)
			}
		}
	}
}

// Counted by hand: which of all ways to share out these values are as extreme.
func TestRanksOfFewValues(t *testing.T) {
	of := func(s ...stratum) []stratum { return s }
	for _, row := range []struct {
		name     string
		strata   []stratum
		p, least float64
	}{
		{"nothing", nil, 1, 1},
		{"one side only", of(stratum{base: []float64{1}}), 1, 1},
		{"all the same", of(stratum{[]float64{3, 3, 3}, []float64{3, 3}}), 1, 1},
		{"2 of 20", of(stratum{[]float64{1, 2, 3}, []float64{4, 5, 6}}), 2. / 20, 2. / 20},
		{"2 of 6 * 6", of(stratum{[]float64{1, 2}, []float64{3, 4}}, stratum{[]float64{101, 102}, []float64{103, 104}}), 2. / 36, 2. / 36},
		{"one up, one down", of(stratum{[]float64{1, 2}, []float64{3, 4}}, stratum{[]float64{103, 104}, []float64{101, 102}}), 1, 2. / 36},
		{"five pairs", of(stratum{[]float64{1}, []float64{2}}, stratum{[]float64{11}, []float64{12}}, stratum{[]float64{21}, []float64{22}}, stratum{[]float64{31}, []float64{32}}, stratum{[]float64{41}, []float64{42}}), 2. / 32, 2. / 32},
		{"one mistake", of(stratum{[]float64{0, 0, 0, 0, 0}, []float64{0, 0, 0, 0, 1}}), 1, 1},
		{"ties", of(stratum{[]float64{0, 0, 0, 0}, []float64{0, 1, 1, 1}}), 2 * 5. / 70, 2 * 5. / 70}, // no 1 in BASE: C(5,4) of C(8,4)
	} {
		if p, least := newRanking(row.strata).p(); math.Abs(p-row.p) > 1e-12 || math.Abs(least-row.least) > 1e-12 {
			t.Errorf("%s: p is %g, at least %g; want %g and %g", row.name, p, least, row.p, row.least)
		}
	}
}

// Beyond what is counted, few different values are no reason to see a change: of
// six mistakes in 102 trials, all in NEW, 2*C(51,6)/C(102,6) = 0.028.
func TestManyTiesAreNotNormal(t *testing.T) {
	s := stratum{make([]float64, 51), make([]float64, 51)}
	for i := range 6 {
		s.now[i] = 1
	}
	r := newRanking([]stratum{s})
	if p, _ := r.p(); r.exact != nil || p < 0.028 || p > 0.05 {
		t.Errorf("p is %g, want 0.028 and a little", p)
	}
}
