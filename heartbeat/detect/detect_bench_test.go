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
