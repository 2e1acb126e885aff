package heartbeat

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// In strict e = J/3 = 133 1/3 ms, so T = 9 - 0.15 - 0.3 - 0.133 = 8.416 s, less
// what is no ten milliseconds, and D <= 3 - 0.3 - 0.4 - 0.3 - 0.267 = 1.733 s.
// phi's threshold of 8 lies 5.612 deviations of J = 400 ms out: 8.41 - 1.5 -
// 2.245 = 4.665 s are left. phi-logistic's lies 5.223 out: 4.819 s. exponential:
// 8.41 = 2.435 x ln 10 x 1.5. missed: with four beats, D = 8.55/4 = 2.13 s, and
// 3 D - J = 6.01 s is too soon; with five, 1.71 s and 6.44 s.
func TestAdaptiveNumbers(t *testing.T) {
	const ms = time.Millisecond
	want := map[string]detect.Config{
		"missed":       detect.Missed{Interval: 1710 * ms, Count: 5},
		"chen":         detect.Chen{Interval: 1500 * ms, Margin: 6910 * ms},
		"bertier":      detect.Bertier{Interval: 1500 * ms, Pause: 6550 * ms},
		"phi":          detect.Phi{Interval: 1500 * ms, Threshold: 8, MinDeviation: 400 * ms, Pause: 4660 * ms},
		"phi-logistic": detect.PhiLogistic{Interval: 1500 * ms, Threshold: 8, MinDeviation: 400 * ms, Pause: 4810 * ms},
		"exponential":  detect.Exponential{Interval: 1500 * ms, Threshold: 2.434, Prior: 20},
	}
	policies, err := Policies(Strict())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		config, adaptive := want[p.Name]
		if !adaptive {
			continue
		}
		delete(want, p.Name)
		if p.Client != config || p.Server != config || config.(detect.Paced).WithInterval(p.Interval) != config {
			t.Errorf("%s: %+v every %v, want %+v", p.Name, p.Client, p.Interval, config)
		}
	}
	if len(want) > 0 {
		t.Errorf("no policies %v", want)
	}
}
