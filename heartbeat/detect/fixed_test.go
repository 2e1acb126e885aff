package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestFixedConforms(t *testing.T) {
	detecttest.Suite{
		Config:   detect.Fixed{Timeout: 8550 * time.Millisecond},
		Interval: 2 * time.Second,
		Signs:    []detect.Kind{detect.Beat, detect.Echo, detect.Data, detect.Data + 1},
	}.Run(t)
}

func TestFixedDeadline(t *testing.T) {
	tests := []struct {
		name string
		run  func(d detect.Detector)
		want int64
	}{
		{name: "counts from the start", run: func(detect.Detector) {}, want: 1100},
		{name: "counts from the last beat", run: func(d detect.Detector) { d.Heard(detect.Beat, 0, 250) }, want: 1250},
		{name: "counts from the last echo", run: func(d detect.Detector) { d.Heard(detect.Echo, 0, 251) }, want: 1251},
		{name: "counts from the last data", run: func(d detect.Detector) { d.Heard(detect.Data, 0, 252) }, want: 1252},
		{name: "our beats are no sign of life", run: func(d detect.Detector) { d.Sent(0, 300) }, want: 1100},
		{
			name: "stalls add up", want: 1100 + 20 + 30,
			run: func(d detect.Detector) { d.Stalled(200, 220); d.Stalled(300, 330) },
		},
		{
			name: "a sign of life after a stall starts anew", want: 1500,
			run: func(d detect.Detector) { d.Stalled(200, 450); d.Heard(detect.Data, 0, 500) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := detect.Fixed{Timeout: 1000}.New()
			d.Start(100)
			tt.run(d)
			if got, ok := d.Deadline(); !ok || got != tt.want {
				t.Errorf("deadline %d (%v), want %d", got, ok, tt.want)
			}
		})
	}
}
