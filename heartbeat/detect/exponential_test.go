package detect_test

import (
	"math"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestExponentialConforms(t *testing.T) {
	for _, threshold := range []float64{1, 8, 300} {
		detecttest.Suite{
			Config:    detect.Exponential{Interval: 2 * time.Second, Threshold: threshold},
			Interval:  2 * time.Second,
			Signs:     silenceSigns,
			Threshold: threshold,
		}.Run(t)
	}
}

// Threshold 8 allows 8 ln(10) = 18.420680743952 means.
func TestExponentialDeadline(t *testing.T) {
	config := detect.Exponential{Interval: time.Second, Threshold: 8}
	one := detect.Exponential{Interval: time.Second, Threshold: 8, Samples: 1}
	checkDeadlines(t, []row{
		{name: "from the start", config: config, run: func(detect.Detector) {}, want: 18_420_680_744},
		{
			name: "the first arrival ends no interval", config: config, want: 100*ms + 18_420_680_744,
			run: func(d detect.Detector) { hear(d, detect.Beat, 100*ms) },
		},
		{
			// (1 + .5) / 2 = .75 s
			name: "one interval", config: config, want: 500*ms + 13_815_510_558,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 500*ms) },
		},
		{
			// (4 + .5) / 5 = .9 s
			name: "four were assumed", want: 500*ms + 16_578_612_670,
			config: detect.Exponential{Interval: time.Second, Threshold: 8, Prior: 4},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 0, 500*ms) },
		},
		{
			name: "the window slides", config: one, want: 500*ms + 9_210_340_372,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 500*ms) },
		},
		{
			name: "all at one instant, as if a nanosecond apart", config: one, want: 19,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 0) },
		},
		{
			name: "an interval with a suspicion in it is not learned", config: one, want: 20_000*ms + 18_420_680_744,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 20_000*ms) },
		},
		{
			// 10 ln(10) = 23.02585092994046 days are allowed
			name: "an interval of five days is not learned", want: 5*86_400_000*ms + 1_989_433_520_346_856,
			config: detect.Exponential{Interval: 24 * time.Hour, Threshold: 10, Samples: 1},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 0, 5*86_400_000*ms) },
		},
		{
			name: "two intervals after a stall are not learned", config: one, want: 2000*ms + 18_420_680_744,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 0)
				d.Stalled(1000*ms, 1100*ms)
				d.Heard(detect.Beat, 1, 1100*ms)
				d.Heard(detect.Beat, 2, 2000*ms)
			},
		},
	})
}

// A mean of 1 s: after 1 s, phi is 1 / ln(10).
func TestExponentialLevel(t *testing.T) {
	d := detect.Exponential{Interval: time.Second, Threshold: 8}.New()
	d.Start(0)
	if got := d.(detect.Leveler).Level(1000 * ms); math.Abs(got-0.4342944819) > 1e-9 {
		t.Errorf("level %v, want 0.4342944819", got)
	}
}

func TestExponentialRefuses(t *testing.T) {
	checkRefusals(t, []refusal{
		{config: detect.Exponential{Threshold: 8}, want: "detector exponential: interval is 0s, want 1ns to 24h0m0s"},
		{config: detect.Exponential{Interval: 1}, want: "detector exponential: threshold is 0, want more than 0 and at most 300"},
		{
			config: detect.Exponential{Interval: 1, Threshold: 8, Samples: -1},
			want:   "detector exponential: samples is -1, want 0 to 10000",
		},
		{
			config: detect.Exponential{Interval: 1, Threshold: 8, Samples: 5, Prior: 6},
			want:   "detector exponential: prior is 6, want 0 to 5",
		},
	})
}
