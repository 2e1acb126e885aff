package tune

import (
	"math"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Family is a kind of detector with one parameter to turn.
type Family struct {
	Name string `json:"name"`
	// Knob is the parameter's name, as in the detector's Config.
	Knob string `json:"knob"`
	// Grid are values of it that span what is of use, from the least: times in
	// seconds, for beats that are interval apart.
	Grid func(interval time.Duration) []float64 `json:"-"`
	// Whole says that it counts, and has no values between.
	Whole bool `json:"-"`
	// Beside says what else could be turned, where the knob does not reach far.
	Beside string `json:"-"`
	// Turn is the detector for beats that are interval apart, with the parameter
	// set. More of it makes fewer mistakes, and later detections.
	Turn func(interval time.Duration, knob float64) detect.Config `json:"-"`
	// fit is the detectors of both sides that allow as long a silence as the
	// window leaves, for beats that are interval apart.
	fit func(d Demands, interval time.Duration) fitted
}

// Families are the detectors in the order of reports: those that don't learn,
// then those that do.
func Families() []Family {
	return []Family{
		{
			Name: "fixed", Knob: "timeout", Grid: beyond(1),
			Turn: func(_ time.Duration, s float64) detect.Config { return detect.Fixed{Timeout: seconds(s)} },
			fit:  fitFixed,
		},
		{
			Name: "missed", Knob: "count", Grid: counts, Whole: true,
			Turn: func(d time.Duration, n float64) detect.Config {
				return detect.Missed{Interval: d, Count: int(math.Round(n))}
			},
			fit: fitMissed,
		},
		{
			Name: "echo-timer", Knob: "timeout", Grid: beyond(0),
			Turn: func(_ time.Duration, s float64) detect.Config { return detect.EchoTimer{Timeout: seconds(s)} },
			fit:  fitEchoTimer,
		},
		{
			Name: "chen", Knob: "margin", Grid: beyond(0),
			Turn: func(d time.Duration, s float64) detect.Config {
				return detect.Chen{Interval: d, Margin: seconds(s)}
			},
			fit: fitChen,
		},
		{
			Name: "bertier", Knob: "pause", Grid: beyond(0),
			Turn: func(d time.Duration, s float64) detect.Config {
				return detect.Bertier{Interval: d, Pause: seconds(s)}
			},
			fit: fitBertier,
		},
		{
			Name: "phi", Knob: "threshold", Grid: thresholds, Beside: pauses,
			Turn: func(d time.Duration, level float64) detect.Config {
				return detect.Phi{Interval: d, Threshold: round(level), MinDeviation: d / 10}
			},
			fit: fitPhi(func(p detect.Phi) detect.Config { return p }),
		},
		{
			Name: "phi-logistic", Knob: "threshold", Grid: thresholds, Beside: pauses,
			Turn: func(d time.Duration, level float64) detect.Config {
				return detect.PhiLogistic{Interval: d, Threshold: round(level), MinDeviation: d / 10}
			},
			fit: fitPhi(func(p detect.Phi) detect.Config { return detect.PhiLogistic(p) }),
		},
		{
			Name: "exponential", Knob: "threshold", Grid: thresholds,
			Turn: func(d time.Duration, level float64) detect.Config {
				return detect.Exponential{Interval: d, Threshold: round(level)}
			},
			fit: fitExponential,
		},
	}
}

// pauses is what is beside a threshold that adapts too little.
const pauses = "; a pause, which belongs to the application, would help"

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Microsecond)
}

// round keeps a thousandth of a threshold.
func round(level float64) float64 { return math.Round(1000*level) / 1000 }

// beyond are times of n intervals, and up to 20 more.
func beyond(n float64) func(time.Duration) []float64 {
	return func(interval time.Duration) (out []float64) {
		for _, more := range []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9, 1.1, 1.5, 1.9, 2.1, 2.9, 3.1, 4.1, 5.1, 7.1, 10, 14, 20} {
			out = append(out, (n+more)*interval.Seconds())
		}
		return out
	}
}

func counts(time.Duration) (out []float64) {
	for n := range 20 {
		out = append(out, float64(n+1))
	}
	return out
}

func thresholds(time.Duration) (out []float64) {
	for level := 0.25; level < 300; level *= 1.5 {
		out = append(out, level)
	}
	return append(out, 300)
}
