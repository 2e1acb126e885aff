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
}

// fewest arrivals tell a variance.
const fewest = 20

// Measure reads a capture to its end. Its clock may run at another rate than the
// sender's: what is left of a straight line through the arrivals is delay.
func Measure(r *capture.Reader) (Measured, error) {
	var numbers, late []float64 // late: arrivals less what the interval makes of their numbers
	for {
		events, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Measured{}, err
		}
		for _, e := range events {
			if e.What == trace.Heard {
				numbers = append(numbers, float64(e.Seq))
				late = append(late, float64(e.T-int64(e.Seq)*int64(r.Interval))/1e9)
			}
		}
	}
	if len(numbers) < fewest {
		return Measured{}, fmt.Errorf("it has %d arrivals, want at least %d to tell how delays differ", len(numbers), fewest)
	}
	offset, slope := stat.LinearRegression(numbers, late, nil, false)
	for i := range late {
		late[i] -= offset + slope*numbers[i]
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	sent := numbers[len(numbers)-1] - numbers[0] + 1
	longest := 0.0
	for i := 1; i < len(numbers); i++ {
		longest = max(longest, numbers[i]-numbers[i-1]-1)
	}
	m := Measured{
		Interval: r.Interval, Arrivals: len(late), Longest: int(longest), Assumed: r.Assumed(),
		Spread:   time.Duration((slices.Max(late) - slices.Min(late)) * 1e9).Round(time.Microsecond),
		Variance: stat.PopVariance(late, nil),
		Loss:     1 - float64(len(numbers))/sent,
	}
	// About sent p^n runs are n long or longer.
	m.Bursts = longest > 1 && sent*math.Pow(m.Loss, longest) < 0.01
	return m, nil
}

// Apply makes the demands' network what was measured. delay is the largest one-way
// delay, if it is known; 0: the least delay is taken for none, so that the
// largest is the spread.
func (m Measured) Apply(d Demands, delay time.Duration) Demands {
	d.Profile.Delay = max(delay, m.Spread)
	d.Profile.Jitter = 2 * m.Spread
	d.Loss, d.Variance = m.Loss, m.Variance
	return d
}
