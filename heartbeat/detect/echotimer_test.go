package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestEchoTimerConforms(t *testing.T) {
	detecttest.Suite{
		Config:    detect.EchoTimer{Timeout: 6750 * time.Millisecond},
		Interval:  2 * time.Second,
		Signs:     []detect.Kind{detect.Echo},
		FromBeats: true,
	}.Run(t)
}

func TestEchoTimerDeadline(t *testing.T) {
	const never = -1
	beats := func(d detect.Detector, at ...int64) {
		for seq, at := range at {
			d.Sent(uint64(seq), at)
		}
	}
	tests := []struct {
		name string
		run  func(d detect.Detector)
		want int64
	}{
		{name: "no beat, no deadline", run: func(detect.Detector) {}, want: never},
		{name: "counts from the oldest beat", run: func(d detect.Detector) { beats(d, 200, 300) }, want: 1200},
		{
			name: "an echo answers its beat", want: 1300,
			run: func(d detect.Detector) { beats(d, 200, 300); d.Heard(detect.Echo, 0, 310) },
		},
		{
			name: "an echo answers all beats up to its own", want: 1400,
			run: func(d detect.Detector) { beats(d, 200, 300, 400); d.Heard(detect.Echo, 1, 410) },
		},
		{
			name: "no deadline while all is answered", want: never,
			run: func(d detect.Detector) { beats(d, 200, 300); d.Heard(detect.Echo, 1, 310) },
		},
		{
			name: "the timer starts again with the next beat", want: 1500,
			run: func(d detect.Detector) { beats(d, 200); d.Heard(detect.Echo, 0, 210); d.Sent(1, 500) },
		},
		{
			name: "neither beats nor data are an answer", want: 1200,
			run: func(d detect.Detector) {
				beats(d, 200)
				d.Heard(detect.Beat, 0, 210)
				d.Heard(detect.Data, 0, 220)
			},
		},
		{
			name: "an old echo answers nothing", want: 1400,
			run: func(d detect.Detector) {
				beats(d, 200, 300, 400)
				d.Heard(detect.Echo, 1, 410)
				d.Heard(detect.Echo, 0, 420)
			},
		},
		{
			name: "a number may be missing", want: 1300,
			run: func(d detect.Detector) { beats(d, 200); d.Sent(1<<63, 300); d.Heard(detect.Echo, 5, 310) },
		},
		{
			name: "a beat sent in a stall waited for its rest only", want: 1200 + 50,
			run: func(d detect.Detector) { beats(d, 200); d.Stalled(150, 250) },
		},
		{
			name: "a stall moves the later beats too", want: 1300 + 50,
			run: func(d detect.Detector) {
				beats(d, 200, 300)
				d.Stalled(350, 400)
				d.Heard(detect.Echo, 0, 410)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := detect.EchoTimer{Timeout: 1000}.New()
			d.Start(100)
			tt.run(d)
			got, ok := d.Deadline()
			if !ok {
				got = never
			}
			if got != tt.want {
				t.Errorf("deadline %d, want %d", got, tt.want)
			}
		})
	}
}
