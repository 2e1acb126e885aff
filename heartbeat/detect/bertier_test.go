package detect_test

import (
	"math"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestBertierConforms(t *testing.T) {
	detecttest.Suite{
		Config:   detect.Bertier{Interval: 2 * time.Second, Pause: 6 * time.Second, Samples: 32},
		Interval: 2 * time.Second,
		Signs:    silenceSigns,
	}.Run(t)
}

// With beats every 1000, a pause of 300, gamma .1, beta 1 and phi 4. EA is as
// in TestChenDeadline.
func TestBertierDeadline(t *testing.T) {
	config := detect.Bertier{Interval: 1000, Pause: 300}
	checkDeadlines(t, []row{
		{name: "from the start", config: config, run: func(detect.Detector) {}, want: 1000 + 300},
		{
			name: "one beat has no error", config: config, want: 1010 + 300,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10) },
		},
		{
			// error 1030 - 1010 - 0 = 20, delay 2, var 2, alpha 2 + 8
			name: "one error", config: config, want: 2020 + 10 + 300,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030) },
		},
		{
			// error 2009 - 2020 - 2 = -13, delay .7, var 2 + .1 (13 - 2) = 3.1,
			// alpha .7 + 12.4, rounded up; EA 10 + 19/3, rounded up, + 3000
			name: "two errors", config: config, want: 3017 + 14 + 300,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030, 2009) },
		},
		{
			// error 20, delay 10, var 10, alpha 20 + 10
			name: "other weights", want: 2020 + 30 + 300,
			config: detect.Bertier{Interval: 1000, Pause: 300, Gamma: .5, Beta: 2, Phi: 1},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 10, 1030) },
		},
		{
			// error 990 - 1010 = -20, delay -20, var 20, alpha -20 + 10
			name: "alpha may be negative", want: 2000 - 10 + 300,
			config: detect.Bertier{Interval: 1000, Pause: 300, Gamma: 1, Phi: .5},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 10, 990) },
		},
		{
			name: "without a pause, beats that end a suspicion are learned", want: 2020 + 10,
			config: detect.Bertier{Interval: 1000},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 10, 1030) },
		},
		{
			name: "a sender that skipped two beats: EA anew, alpha stays", config: config, want: 5030 + 10 + 300,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030, 4030) },
		},
		{
			// As one error, by the number.
			name: "a lost beat", config: config, want: 10 + 10 + 3000 + 10 + 300,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10); d.Heard(detect.Beat, 2, 2030) },
		},
		{
			// error -12, delay .8, var 3, alpha .8 + 12
			name: "the window slides: EA of 20 and 0", want: 3020 + 13 + 300,
			config: detect.Bertier{Interval: 1000, Pause: 300, Samples: 2},
			run:    func(d detect.Detector) { hear(d, detect.Beat, 10, 1030, 2010) },
		},
		{
			name: "the arrival after a stall is not learned", config: config, want: 3010 + 300,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10)
				d.Stalled(1005, 1105)
				d.Heard(detect.Beat, 1, 1105)
				d.Heard(detect.Beat, 2, 2010)
			},
		},
	})
}

func TestBertierRefuses(t *testing.T) {
	checkRefusals(t, []refusal{
		{config: detect.Bertier{}, want: "detector bertier: interval is 0s, want 1ns to 24h0m0s"},
		{config: detect.Bertier{Interval: 1, Pause: -1}, want: "detector bertier: pause is -1ns, want 0s to 24h0m0s"},
		{config: detect.Bertier{Interval: 1, Samples: 10001}, want: "detector bertier: samples is 10001, want 0 to 10000"},
		{config: detect.Bertier{Interval: 1, Gamma: 1.5}, want: "detector bertier: gamma is 1.5, want 0 to 1"},
		{config: detect.Bertier{Interval: 1, Beta: math.NaN()}, want: "detector bertier: beta is NaN, want 0 to 1000"},
		{config: detect.Bertier{Interval: 1, Phi: -4}, want: "detector bertier: phi is -4, want 0 to 1000"},
	})
}
