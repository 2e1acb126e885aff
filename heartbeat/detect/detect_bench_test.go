package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// BenchmarkBeat is the cost of one beat and its echo to each detector, on the
// side that sends the beat, with the question for the deadline after each.
func BenchmarkBeat(b *testing.B) {
	for _, c := range []detect.Config{
		detect.Fixed{Timeout: 8550 * time.Millisecond},
		detect.EchoTimer{Timeout: 6750 * time.Millisecond},
		detect.Missed{Interval: 2 * time.Second, Count: 4},
		detect.Chen{Interval: 2 * time.Second, Margin: 6 * time.Second},
		detect.Bertier{Interval: 2 * time.Second, Pause: 6 * time.Second},
		detect.Phi{Interval: 2 * time.Second, Threshold: 8, MinDeviation: 100 * time.Millisecond},
		detect.PhiLogistic{Interval: 2 * time.Second, Threshold: 8, MinDeviation: 100 * time.Millisecond},
		detect.Exponential{Interval: 2 * time.Second, Threshold: 8},
	} {
		b.Run(c.Name(), func(b *testing.B) {
			d := c.New()
			d.Start(0)
			seq, now := uint64(0), int64(0)
			b.ReportAllocs()
			for b.Loop() {
				d.Sent(seq, now)
				d.Deadline()
				d.Heard(detect.Echo, seq, now+1000)
				d.Deadline()
				seq++
				now += int64(2 * time.Second)
			}
		})
	}
}
