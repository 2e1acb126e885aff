package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

func policy(tb testing.TB, p heartbeat.Profile, name string) heartbeat.Policy {
	tb.Helper()
	all, err := heartbeat.Policies(p)
	if err != nil {
		tb.Fatal(err)
	}
	for _, policy := range all {
		if policy.Name == name {
			return policy
		}
	}
	tb.Fatalf("no policy %s", name)
	return heartbeat.Policy{}
}

var jittery = sim.Model{Delivery: sim.TCP, Delay: sim.Delay{Law: sim.Normal, Latency: 50 * time.Millisecond, Jitter: 10 * time.Millisecond}}

const million = 1_000_000

// BenchmarkYear is a year of one pair, without a fault.
func BenchmarkYear(b *testing.B) {
	const year = 365 * 24 * time.Hour
	for _, name := range []string{"echo-timer", "fixed", "phi"} {
		b.Run(name+"-standard", func(b *testing.B) {
			s := sim.Setup{Policy: policy(b, heartbeat.Standard(), name), Mode: heartbeat.Act, Model: jittery, Life: year, Seed: 7}
			for b.Loop() {
				if r, err := sim.Run(context.Background(), s); err != nil || r.Virtual < year {
					b.Fatal(err, r.Virtual)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/year")
		})
	}
}

// BenchmarkTenMillionBeats is what beats cost, with their echoes, while nobody
// records them: through the sessions of policy fixed, whose sides observe, and
// with all other detectors told of the same echoes.
func BenchmarkTenMillionBeats(b *testing.B) {
	fixed := policy(b, heartbeat.Strict(), "fixed")
	all := []sim.Detectors{}
	for _, c := range []detect.Config{
		detect.EchoTimer{Timeout: 6750 * time.Millisecond},
		detect.Missed{Interval: 2 * time.Second, Count: 4},
		detect.Chen{Interval: 2 * time.Second, Margin: 6 * time.Second},
		detect.Bertier{Interval: 2 * time.Second, Pause: 6 * time.Second},
		detect.Phi{Interval: 2 * time.Second, Threshold: 8, MinDeviation: 100 * time.Millisecond},
		detect.PhiLogistic{Interval: 2 * time.Second, Threshold: 8, MinDeviation: 100 * time.Millisecond},
		detect.Exponential{Interval: 2 * time.Second, Threshold: 8},
	} {
		all = append(all, sim.Detectors{Client: c})
	}
	for _, row := range []struct {
		name  string
		watch []sim.Detectors
	}{{"fixed", nil}, {"all-detectors", all}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			s := sim.Setup{Policy: fixed, Mode: heartbeat.Observe, Model: jittery, Watch: row.watch, Life: 10 * million * fixed.Interval, Seed: 7}
			for b.Loop() {
				r, err := sim.Run(context.Background(), s)
				if err != nil || r.Beats < 10*million {
					b.Fatal(err, r.Beats)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/10M-beats")
		})
	}
}
