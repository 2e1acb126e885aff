package detect_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

// Any valid parameters, from a beat every millisecond to one a day.
func TestAnyParameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for i := range 40 {
		duration := func() time.Duration { return time.Millisecond << rng.IntN(27) }
		interval, threshold, samples := duration(), 300*rng.Float64(), 2+rng.IntN(50)
		phi := detect.Phi{
			Interval: interval, Threshold: threshold, Samples: samples,
			MinDeviation: max(duration(), interval/1000), Pause: duration(),
		}
		for _, c := range []detect.Config{
			detect.Missed{Interval: interval, Count: 1 + rng.IntN(255)},
			detect.Chen{Interval: interval, Margin: duration(), Samples: samples - 1},
			detect.Bertier{
				Interval: interval, Pause: duration(), Samples: samples - 1,
				Gamma: rng.Float64(), Beta: 1000 * rng.Float64(), Phi: 1000 * rng.Float64(),
			},
			phi,
			detect.PhiLogistic(phi),
			detect.Exponential{Interval: interval, Threshold: threshold, Samples: samples - 1, Prior: rng.IntN(samples)},
		} {
			t.Run(fmt.Sprintf("%s %d", c.Name(), i), func(t *testing.T) {
				if err := c.Validate(); err != nil {
					t.Fatal(err)
				}
				detecttest.Suite{Config: c, Interval: interval, Threshold: threshold}.Histories(t)
			})
		}
	}
}

// A peer that has just been heard is not suspected, however late and irregular
// its beats are; but for Bertier, whose margin may be negative.
func TestHeardIsTrusted(t *testing.T) {
	interval := 100 * time.Millisecond
	for _, c := range []detect.Config{
		detect.Missed{Interval: interval, Count: 1},
		detect.Chen{Interval: interval, Margin: time.Nanosecond, Samples: 2},
		detect.Chen{Interval: interval, Margin: interval, Samples: 3},
		detect.Chen{Interval: interval, Margin: 10 * interval},
		detect.Phi{Interval: interval, Threshold: 1, Samples: 2, MinDeviation: time.Millisecond},
		detect.PhiLogistic{Interval: interval, Threshold: 1, Samples: 2, MinDeviation: time.Millisecond},
		detect.Exponential{Interval: interval, Threshold: .1, Samples: 1},
	} {
		rng := rand.New(rand.NewPCG(13, 0))
		d := c.New()
		d.Start(0)
		var seq uint64
		var now int64
		for range 20_000 {
			now += rng.Int64N(int64(interval) << rng.IntN(5))
			seq += 1 + rng.Uint64N(2)*rng.Uint64N(4)
			d.Heard(detect.Beat, seq, now)
			if at, _ := d.Deadline(); at <= now {
				t.Fatalf("%+v: deadline %d just after beat %d at %d; %s", c, at, seq, now, d.Explain())
			}
		}
	}
}

// By hand: the first silence that each allows is what its parameters say.
func TestPatience(t *testing.T) {
	const second = time.Second
	for _, row := range []struct {
		c    detect.Config
		want time.Duration
	}{
		{detect.Fixed{Timeout: 5 * second}, 5 * second},
		{detect.Missed{Interval: second, Count: 3}, 3 * second},
		{detect.Chen{Interval: second, Margin: 2 * second}, 3 * second},
		{detect.EchoTimer{Timeout: 5 * second}, 0}, // of our own beats, and none was sent
	} {
		if got := detect.Patience(row.c); got != row.want {
			t.Errorf("%s allows %v, want %v", row.c.Name(), got, row.want)
		}
	}
}
