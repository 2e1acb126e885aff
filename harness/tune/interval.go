package tune

import (
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence is that of all intervals here.
const Confidence = 0.95

// poisson is the exact confidence interval of an expected number of which k were
// seen (Garwood 1936): from half the chi-squared quantile of 2k degrees of
// freedom to half that of 2k + 2.
func poisson(k int) (least, most float64) {
	const tail = (1 - Confidence) / 2
	if k > 0 {
		least = distuv.ChiSquared{K: 2 * float64(k)}.Quantile(tail) / 2
	}
	return least, distuv.ChiSquared{K: 2*float64(k) + 2}.Quantile(1-tail) / 2
}

// MistakeRate is how many mistakes were seen in how long, and what that says of
// their rate.
type MistakeRate struct {
	Mistakes int           `json:"mistakes"`
	In       time.Duration `json:"in_ns"`
	PerDay   float64       `json:"per_day"`
	// Least and Most are the exact 95 % confidence interval of PerDay, if
	// mistakes are independent of each other.
	Least float64 `json:"least_per_day"`
	Most  float64 `json:"most_per_day"`
}

func rateOf(mistakes int, in time.Duration) MistakeRate {
	r := MistakeRate{Mistakes: mistakes, In: in}
	if days := in.Seconds() / day.Seconds(); days > 0 {
		r.Least, r.Most = poisson(mistakes)
		r.PerDay, r.Least, r.Most = float64(mistakes)/days, r.Least/days, r.Most/days
	}
	return r
}
