package tune

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// resamples is how often a history is resampled.
const resamples = 2000

// against says of each curve what it was tuned to, and how it differs from the
// best. Every other one is held against that one, so each difference is tested
// with a share of what may be shown by chance (Bonferroni).
func (h History) against(e Equal, curves []curve) []Tuned {
	out := make([]Tuned, len(curves))
	best, compared := -1, 0
	for i, c := range curves {
		out[i] = Tuned{Family: c.family.Name, Why: c.why}
		if c.why != "" {
			continue
		}
		s := c.scores[c.chosen]
		out[i].Detector = detect.Named{Config: s.config}
		out[i].Rate, out[i].Accuracy = rateOf(s.mistakes, h.Long()), s.accuracy
		out[i].Detection = Detection{Crashes: len(s.took), Median: s.quantile(0.5), P99: s.quantile(0.99), Max: s.quantile(1)}
		out[i].Apart = c.family.Whole
		compared++
		if best < 0 || e.better(out[i], out[best]) {
			best = i
		}
	}
	if best < 0 {
		return out
	}
	alpha := (1 - Confidence) / float64(max(1, compared-1))
	if e.Detection > 0 {
		for i := range out {
			if i != best && out[i].Why == "" {
				out[i].Against = fewer(out[i], out[best], alpha)
			}
		}
		return out
	}
	h.resample(e, curves, out, best, alpha)
	return out
}

// better says whether a beats b.
func (e Equal) better(a, b Tuned) bool {
	if e.Detection > 0 {
		return a.Rate.Mistakes < b.Rate.Mistakes
	}
	return a.Detection.Median < b.Detection.Median
}

// fewer holds two numbers of mistakes against each other: if both rates were the
// same, each mistake would be of either with probability 1/2. Mistakes of two
// detectors on the same arrivals tend to fall together, which makes the test miss
// differences rather than see some that are none.
func fewer(a, best Tuned, alpha float64) *Difference {
	k, n := best.Rate.Mistakes, best.Rate.Mistakes+a.Rate.Mistakes
	d := &Difference{To: best.Family, P: 1}
	if n > 0 {
		d.P = min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(k)))
	}
	if k > 0 {
		d.Ratio = float64(a.Rate.Mistakes) / float64(k)
	}
	d.Shown = d.P < alpha
	return d
}

// resample draws blocks of the history anew, the same ones for all families, and
// asks each time at which median T_D each of them would make as many mistakes as
// are borne. That is where the uncertainty is: the medians themselves are of many
// thousand crashes.
func (h History) resample(e Equal, curves []curve, out []Tuned, best int, alpha float64) {
	borne := e.Mistakes.PerDay() * h.Long().Hours() / 24
	random := rand.New(rand.NewPCG(h.Seed, 0xb007))
	medians := make([][]time.Duration, len(curves))
	named := make([]int, blocks)
	for range resamples {
		for i := range named {
			named[i] = random.IntN(blocks)
		}
		for i, c := range curves {
			if c.why != "" {
				continue
			}
			at, ok := c.medianAt(borne, named)
			if !ok {
				at = math.MaxInt64 / 4 // further out than was tried
			}
			medians[i] = append(medians[i], at)
		}
	}
	for i := range curves {
		if curves[i].why != "" {
			continue
		}
		out[i].Detection.Least, out[i].Detection.Most = middle(medians[i], 1-Confidence)
		if i == best {
			continue
		}
		later := make([]time.Duration, resamples)
		for r := range later {
			later[r] = medians[i][r] - medians[best][r]
		}
		d := &Difference{To: out[best].Family, Later: out[i].Detection.Median - out[best].Detection.Median}
		d.Least, d.Most = middle(later, alpha)
		d.Shown = d.Least > 0 || d.Most < 0
		out[i].Against = d
	}
}

// middle are the ends of the middle 1-alpha of values.
func middle(values []time.Duration, alpha float64) (least, most time.Duration) {
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) time.Duration { return sorted[int(q*float64(len(sorted)-1)+0.5)] }
	return at(alpha / 2), at(1 - alpha/2)
}
