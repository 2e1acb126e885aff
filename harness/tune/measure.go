package tune

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/trace"
)

// Measured is what a capture says of the network that it was made on.
type Measured struct {
	Interval time.Duration `json:"interval_ns"`
	Arrivals int           `json:"arrivals"`
	// Spread is the difference between the largest and the least one-way delay,
	// Variance that of the delays, in seconds squared. One clock tells nothing of
	// the least delay itself.
	Spread   time.Duration `json:"spread_ns"`
	Variance float64       `json:"variance_s2"`
	// Loss is the share of numbers that never came, Longest the longest run of
	// them.
	Loss    float64 `json:"loss"`
	Longest int     `json:"longest_run"`
	// Bursts says that such a run is improbable if each is lost by itself.
	Bursts bool `json:"bursts"`
	// Assumed is what had to be, in sentences.
	Assumed []string `json:"assumed"`
	// Long is the time from its first arrival to its last, and Silence the longest
	// without an arrival.
	Long    time.Duration `json:"long_ns"`
	Silence Silence       `json:"longest_silence"`

	way *way
}

// fewest arrivals tell a variance.
const fewest = 20

// Measure reads a capture to its end. Its clock may run at another rate than the
// sender's: what is left of a straight line through the arrivals is delay.
func Measure(r *capture.Reader) (Measured, error) {
	var numbers, late []float64 // late: arrivals less what the interval makes of their numbers
	var all []went
	var silences []Silence
	var longest Silence
	var last trace.Event
	for {
		events, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Measured{}, err
		}
		for _, e := range events {
			if e.What != trace.Heard {
				continue
			}
			if s := (Silence{r.First + last.Seq, time.Duration(last.T), time.Duration(e.T - last.T)}); len(all) > 0 {
				if s.Long > longest.Long {
					longest = s
				}
				if s.Long > r.Interval {
					silences = append(silences, s)
				}
			}
			last = e
			numbers = append(numbers, float64(e.Seq))
			late = append(late, float64(e.T-int64(e.Seq)*int64(r.Interval))/1e9)
			all = append(all, went{number: e.Seq})
		}
	}
	if len(numbers) < fewest {
		return Measured{}, fmt.Errorf("it has %d arrivals, want at least %d to tell how delays differ", len(numbers), fewest)
	}
	offset, slope := stat.LinearRegression(numbers, late, nil, false)
	interval := float64(r.Interval) + slope*1e9
	if !(interval > 0) { // NaN is neither
		return Measured{}, errors.New("its numbers do not rise with its arrivals: want a number more from beat to beat")
	}
	for i := range late {
		late[i] -= offset + slope*numbers[i]
	}
	least := slices.Min(late)
	for i := range all {
		all[i].late = int64((late[i] - least) * 1e9)
	}
	w := newWay(interval, all)
	w.silences = silences
	run := 0.0 // the longest, of numbers that never came
	for i := 1; i < len(w.went); i++ {
		run = max(run, float64(w.went[i].number-w.went[i-1].number-1))
	}
	sent := float64(w.went[len(w.went)-1].number-w.went[0].number) + 1
	m := Measured{
		Interval: r.Interval, Arrivals: len(late), Longest: int(run), Assumed: r.Assumed(),
		Spread:   time.Duration((slices.Max(late) - least) * 1e9).Round(time.Microsecond),
		Variance: stat.PopVariance(late, nil),
		Loss:     1 - float64(len(w.went))/sent,
		Long:     time.Duration(r.Last()), Silence: longest, way: w,
	}
	// About sent p^n runs are n long or longer.
	m.Bursts = run > 1 && sent*math.Pow(m.Loss, run) < 0.01
	return m, nil
}

// Apply makes the demands' network what was measured, and has what is recommended
// replayed on it. delay is the largest one-way delay, if it is known; 0: the least
// delay is taken for none, so that the largest is the spread.
func (m Measured) Apply(d Demands, delay time.Duration) Demands {
	d.Profile.Delay = max(delay, m.Spread)
	d.Profile.Jitter = 2 * m.Spread
	d.Loss, d.Variance, d.way = m.Loss, m.Variance, m.way
	return d
}
