package detect_test

import (
	"math"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestPhiConforms(t *testing.T) {
	for _, threshold := range []float64{1e-9, 8, 300} {
		pause := 3 * time.Second
		if threshold < 1 {
			pause = 30 * time.Minute // it suspects at once, but for this
		}
		config := detect.Phi{Interval: 2 * time.Second, Threshold: threshold, MinDeviation: 100 * time.Millisecond, Pause: pause}
		suite := detecttest.Suite{Config: config, Interval: 2 * time.Second, Signs: silenceSigns, Threshold: threshold}
		suite.Run(t)
		suite.Config = detect.PhiLogistic(config)
		suite.Run(t)
	}
}

// The deadline is last heard + mean + pause + z sd. By tables of the normal
// distribution, z is 1.2815515655 where P = .1 (phi 1), and 5.6120012442 where
// P = 1e-8. The assumed intervals of .75 s and 1.25 s have the mean 1 s and the
// deviation .25 s.
func TestPhiDeadline(t *testing.T) {
	one := detect.Phi{Interval: time.Second, Threshold: 1, MinDeviation: time.Millisecond}
	two := one // forgets the assumed intervals
	two.Samples = 2
	eight := two
	eight.Threshold = 8
	paused := eight
	paused.Pause = 3 * time.Second
	checkDeadlines(t, []row{
		{name: "phi 1 from the start", config: one, run: func(detect.Detector) {}, want: 1_320_387_892},
		{name: "phi 8 from the start", config: eight, run: func(detect.Detector) {}, want: 2_403_000_312},
		{name: "the pause is added", config: paused, run: func(detect.Detector) {}, want: 5_403_000_312},
		{
			name: "the first arrival ends no interval", config: one, want: 100*ms + 1_320_387_892,
			run: func(d detect.Detector) { hear(d, detect.Beat, 100*ms) },
		},
		{
			// Three samples: -.25, .25 and .3: mean .1, deviation
			// sqrt(.215/3 - .01) = .2483277404
			name: "one interval, of 1.3 s", config: one, want: 1300*ms + 1_100_000_000 + 318_244_805,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 1300*ms) },
		},
		{
			name: "the window slides: .9 s and 1.1 s", config: two, want: 2000*ms + 1_128_155_157,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 900*ms, 2000*ms) },
		},
		{
			name: "the deviation has a floor", config: two, want: 2400*ms + 1_200_000_000 + 1_281_552,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 1200*ms, 2400*ms) },
		},
		{
			// 1.25 s and 2 s: mean 1.625 s, deviation .375 s
			name: "a lost beat makes a long interval", config: eight, want: 2000*ms + 1_625_000_000 + 2_104_500_467,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0); d.Heard(detect.Beat, 2, 2000*ms) },
		},
		{
			name: "an interval with a suspicion in it is not learned", config: two, want: 5000*ms + 1_320_387_892,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 5000*ms) },
		},
		{
			name: "nor is one that ends at the deadline", config: two, want: 2 * 1_320_387_892,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 1_320_387_892) },
		},
		{
			// 1.25 s and 1.320387891 s: mean 1.2851939455 s, deviation
			// .0351939455 s
			name: "one that ends before it is", config: two, want: 1_320_387_891 + 1_330_296_802,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 1_320_387_891) },
		},
		{
			// 1.25 s and 1 s: mean 1.125 s, deviation .125 s
			name: "so is the one after a suspicion", config: two, want: 6000*ms + 1_125_000_000 + 160_193_946,
			run: func(d detect.Detector) { hear(d, detect.Beat, 0, 5000*ms, 6000*ms) },
		},
		{
			name: "whatever ended the suspicion", config: two, want: 5000*ms + 1_320_387_892,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 0)
				hear(d, detect.Data, 4900*ms)
				d.Heard(detect.Beat, 1, 5000*ms)
			},
		},
		{
			name: "two intervals after a stall are not learned", config: two, want: 2000*ms + 1_320_387_892,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 0)
				d.Stalled(1000*ms, 1100*ms)
				d.Heard(detect.Beat, 1, 1100*ms)
				d.Heard(detect.Beat, 2, 2000*ms)
			},
		},
		{
			// -.25 was left by the third: .25 and 0: mean .125, deviation .125
			name: "the third is", config: two, want: 3000*ms + 1_125_000_000 + 160_193_946,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 0)
				d.Stalled(1000*ms, 1100*ms)
				d.Heard(detect.Beat, 1, 1100*ms)
				d.Heard(detect.Beat, 2, 2000*ms)
				d.Heard(detect.Beat, 3, 3000*ms)
			},
		},
		{
			name: "other signs of life are not learned", config: two, want: 1300*ms + 1_128_155_157 + 700*ms,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 0, 900*ms)
				hear(d, detect.Echo, 1000*ms, 1300*ms)
				d.Heard(detect.Beat, 2, 2000*ms)
			},
		},
		{
			// x = ln(10^1 - 1) = 2.1972245773 = y (1.5976 + .070566 y^2) at
			// y = 1.2822153
			name: "logistic, phi 1", config: detect.PhiLogistic(one), want: 1_320_553_837,
			run: func(detect.Detector) {},
		},
	})
}

// Six deviations of .1 s after the mean of 1 s. Q(6) = 9.8659e-10, so phi is
// 9.0059; logistic, x = 6 (1.5976 + .070566 36) = 24.827856, phi = x / ln 10.
func TestPhiLevel(t *testing.T) {
	config := detect.Phi{Interval: time.Second, Threshold: 20, Samples: 2, MinDeviation: time.Millisecond}
	tests := []struct {
		config detect.Config
		after  int64 // since the last sign of life
		want   float64
	}{
		{config: config, after: 1000 * ms, want: 0.30103},
		{config: config, after: 1600 * ms, want: 9.00586},
		{config: config, after: 400 * ms, want: 4.28471e-10},
		{config: detect.PhiLogistic(config), after: 1000 * ms, want: 0.30103},
		{config: detect.PhiLogistic(config), after: 1600 * ms, want: 10.78260},
		{config: detect.PhiLogistic(config), after: 400 * ms, want: 7.16446e-12},
	}
	for _, tt := range tests {
		d := tt.config.New()
		d.Start(0)
		hear(d, detect.Beat, 0, 900*ms, 2000*ms)
		got := d.(detect.Leveler).Level(2000*ms + tt.after)
		if math.Abs(got-tt.want) > 1e-5*tt.want {
			t.Errorf("%s: level %v after %v, want %v", tt.config.Name(), got, time.Duration(tt.after), tt.want)
		}
	}
}

func TestPhiRefuses(t *testing.T) {
	valid := detect.Phi{Interval: 1, Threshold: 8, MinDeviation: 1}
	with := func(change func(*detect.Phi)) detect.Phi {
		c := valid
		change(&c)
		return c
	}
	checkRefusals(t, []refusal{
		{config: with(func(c *detect.Phi) { c.Interval = 0 }), want: "detector phi: interval is 0s, want 1ns to 24h0m0s"},
		{config: with(func(c *detect.Phi) { c.Threshold = 0 }), want: "detector phi: threshold is 0, want more than 0 and at most 300"},
		{config: with(func(c *detect.Phi) { c.Threshold = 301 }), want: "detector phi: threshold is 301, want more than 0 and at most 300"},
		{
			config: with(func(c *detect.Phi) { c.Threshold = math.NaN() }),
			want:   "detector phi: threshold is NaN, want more than 0 and at most 300",
		},
		{config: with(func(c *detect.Phi) { c.Samples = 1 }), want: "detector phi: samples is 1, want 0 or 2 to 10000"},
		{config: with(func(c *detect.Phi) { c.Samples = -2 }), want: "detector phi: samples is -2, want 0 to 10000"},
		{config: with(func(c *detect.Phi) { c.MinDeviation = 0 }), want: "detector phi: min deviation is 0s, want 1ns to 24h0m0s"},
		{config: with(func(c *detect.Phi) { c.Pause = -1 }), want: "detector phi: pause is -1ns, want 0s to 24h0m0s"},
		{config: detect.PhiLogistic{}, want: "detector phi-logistic: interval is 0s, want 1ns to 24h0m0s"},
	})
}

func TestPhiExplains(t *testing.T) {
	config := detect.Phi{Interval: time.Second, Threshold: 8, Samples: 2, MinDeviation: time.Millisecond, Pause: 3 * time.Second}
	d := detect.PhiLogistic(config).New()
	d.Start(0)
	hear(d, detect.Beat, 0, 900*ms, 2000*ms)
	want := "phi-logistic: silent since 2.000s, mean 1s and deviation 100ms of 2 intervals, pause 3s, threshold 8"
	if got := d.Explain(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
