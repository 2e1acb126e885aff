package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestMissedConforms(t *testing.T) {
	detecttest.Suite{
		Config:   detect.Missed{Interval: 2 * time.Second, Count: 3},
		Interval: 2 * time.Second,
		Signs:    silenceSigns,
	}.Run(t)
}

// Three intervals of 100 are allowed.
func TestMissedDeadline(t *testing.T) {
	config := detect.Missed{Interval: 100, Count: 3}
	checkDeadlines(t, []row{
		{name: "from the start", config: config, run: func(detect.Detector) {}, want: 300},
		{name: "from a beat", config: config, run: func(d detect.Detector) { hear(d, detect.Beat, 50) }, want: 350},
		{
			name: "from any sign of life", config: config, want: 390,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 50)
				hear(d, detect.Echo, 60)
				hear(d, detect.Data, 90)
			},
		},
		{
			name: "a gap is no matter", config: config, want: 390,
			run: func(d detect.Detector) { hear(d, detect.Beat, 50); d.Heard(detect.Beat, 1<<20, 90) },
		},
		{
			name: "a repeated beat is no news", config: config, want: 360,
			run: func(d detect.Detector) { hear(d, detect.Beat, 50, 60); d.Heard(detect.Beat, 1, 90) },
		},
		{
			name: "an overtaken beat is no news", config: config, want: 360,
			run: func(d detect.Detector) { hear(d, detect.Beat, 50, 60); d.Heard(detect.Beat, 0, 90) },
		},
		{
			name: "a number that cannot be is no news", config: config, want: 350,
			run: func(d detect.Detector) { hear(d, detect.Beat, 50); d.Heard(detect.Beat, 1<<20+1, 90) },
		},
		{
			name: "beats and echoes are numbered apart", config: config, want: 390,
			run: func(d detect.Detector) { hear(d, detect.Beat, 50, 60); d.Heard(detect.Echo, 0, 90) },
		},
		{
			name: "the first number may be any", config: config, want: 390,
			run: func(d detect.Detector) { d.Heard(detect.Beat, 1<<63, 90) },
		},
	})
}

func TestMissedRefuses(t *testing.T) {
	checkRefusals(t, []refusal{
		{config: detect.Missed{Count: 3}, want: "detector missed: interval is 0s, want 1ns to 24h0m0s"},
		{config: detect.Missed{Interval: 25 * time.Hour, Count: 3}, want: "detector missed: interval is 25h0m0s, want 1ns to 24h0m0s"},
		{config: detect.Missed{Interval: 1}, want: "detector missed: count is 0, want 1 to 255"},
		{config: detect.Missed{Interval: 1, Count: 256}, want: "detector missed: count is 256, want 1 to 255"},
	})
}
