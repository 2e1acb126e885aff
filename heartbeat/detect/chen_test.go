package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/detect/detecttest"
)

func TestChenConforms(t *testing.T) {
	detecttest.Suite{
		Config:   detect.Chen{Interval: 2 * time.Second, Margin: 6550 * time.Millisecond, Samples: 32},
		Interval: 2 * time.Second,
		Signs:    silenceSigns,
	}.Run(t)
}

// With beats every 1000 and a margin of 500, and offsets A_i - 1000 s_i from
// the first arrival on: EA(l+1) = first arrival + mean offset + 1000 (l+1).
func TestChenDeadline(t *testing.T) {
	config := detect.Chen{Interval: 1000, Margin: 500}
	two := detect.Chen{Interval: 1000, Margin: 500, Samples: 2}
	patient := detect.Chen{Interval: 1000, Margin: 5000}
	checkDeadlines(t, []row{
		{name: "from the start", config: config, run: func(detect.Detector) {}, want: 1000 + 500},
		{
			name: "one beat", config: config, want: 1010 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10) },
		},
		{
			name: "the mean of offsets 0 and 20", config: config, want: 10 + 10 + 2000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030) },
		},
		{
			name: "of 0, 20 and 5, rounded up", config: config, want: 10 + 9 + 3000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030, 2015) },
		},
		{
			name: "of 0, -20 and -5, rounded up", config: config, want: 10 - 8 + 3000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 990, 2005) },
		},
		{
			name: "the window slides: of 20 and 5", config: two, want: 10 + 13 + 3000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030, 2015) },
		},
		{
			name: "numbers need not begin at 0", config: config, want: 10 + 10 + 2000 + 500,
			run: func(d detect.Detector) { d.Heard(detect.Beat, 1<<63, 10); d.Heard(detect.Beat, 1<<63+1, 1030) },
		},
		{
			name: "another sign of life moves the deadline on", config: config, want: 1010 + 500 + 190 + 5,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10)
				hear(d, detect.Echo, 200)
				hear(d, detect.Data, 205)
			},
		},
		{
			name: "echoes are learned if they are first", config: config, want: 10 + 10 + 2000 + 500,
			run: func(d detect.Detector) {
				hear(d, detect.Echo, 10)
				hear(d, detect.Beat, 20)
				d.Heard(detect.Echo, 1, 1030)
			},
		},
		{
			name: "a lost beat: of 0 and 20, by the number", config: patient, want: 10 + 10 + 4000 + 5000,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10); d.Heard(detect.Beat, 3, 3030) },
		},
		{
			name: "a suspicion that loss has caused: of 0, 20 and 20", config: config, want: 10 + 14 + 5000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1030); d.Heard(detect.Beat, 4, 4030) },
		},
		{
			name: "late by less than an interval: of 0 and 600", config: config, want: 10 + 300 + 2000 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1610) },
		},
		{
			name: "late by an interval: not learned", config: patient, want: 10 + 2000 + 5000,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 2010) },
		},
		{
			name: "the second in a row: anew", config: patient, want: 3010 + 1000 + 5000,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 2010, 3010) },
		},
		{
			name: "two with one in time between: not learned", config: patient, want: 10 + 4000 + 5000,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10, 2010)
				d.Heard(detect.Beat, 2, 2010)
				d.Heard(detect.Beat, 3, 4010)
			},
		},
		{
			name: "late by one nanosecond less than the margin: not learned", config: patient, want: 10 + 2000 + 5000,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 6009) },
		},
		{
			name: "late by the margin: anew", config: patient, want: 6010 + 1000 + 5000,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 6010) },
		},
		{
			name: "a sender that skipped two beats: anew", config: config, want: 5010 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 1010, 4010) },
		},
		{
			name: "held up, then at once: the last one counts", config: config, want: 4990 + 500,
			run: func(d detect.Detector) { hear(d, detect.Beat, 10, 3990, 3990, 3990) },
		},
		{
			// The stall moves the deadline from 1510 to 1610, beat 1 from
			// there by 1105 - 110; beat 2 is on the grid again.
			name: "the arrival after a stall is a sign of life", config: config, want: 1610 + 995,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10)
				d.Stalled(1005, 1105)
				d.Heard(detect.Beat, 1, 1105)
			},
		},
		{
			name: "that is not learned", config: config, want: 3010 + 500,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10)
				d.Stalled(1005, 1105)
				d.Heard(detect.Beat, 1, 1105)
				d.Heard(detect.Beat, 2, 2010)
			},
		},
		{
			name: "nor are all three that a stall of 2.1 intervals held up", config: config, want: 5010 + 500,
			run: func(d detect.Detector) {
				hear(d, detect.Beat, 10)
				d.Stalled(1005, 3105)
				for seq := range uint64(3) {
					d.Heard(detect.Beat, seq+1, 3105)
				}
				d.Heard(detect.Beat, 4, 4010)
			},
		},
	})
}

// On the grid, two beats of three lost: after each that arrives the deadline is
// that of a peer that lost none.
func TestChenIsNotShiftedByLoss(t *testing.T) {
	all, some := detect.Chen{Interval: 1000, Margin: 3500}.New(), detect.Chen{Interval: 1000, Margin: 3500}.New()
	for _, d := range []detect.Detector{all, some} {
		d.Start(0)
	}
	for seq := range uint64(100) {
		at := int64(seq)*1000 + 50
		all.Heard(detect.Beat, seq, at)
		if seq%3 == 0 {
			some.Heard(detect.Beat, seq, at)
		}
		a, _ := all.Deadline()
		b, _ := some.Deadline()
		if lost := int64(seq%3) * 1000; a-b != lost {
			t.Fatalf("after beat %d: deadline %d with loss and %d without, want %d less", seq, b, a, lost)
		}
	}
}

func TestChenRefuses(t *testing.T) {
	checkRefusals(t, []refusal{
		{config: detect.Chen{Margin: 1}, want: "detector chen: interval is 0s, want 1ns to 24h0m0s"},
		{config: detect.Chen{Interval: 1}, want: "detector chen: margin is 0s, want 1ns to 24h0m0s"},
		{config: detect.Chen{Interval: 1, Margin: 1, Samples: -1}, want: "detector chen: samples is -1, want 0 to 10000"},
	})
}

func TestChenExplains(t *testing.T) {
	d := detect.Chen{Interval: time.Second, Margin: 6 * time.Second}.New()
	d.Start(0)
	hear(d, detect.Beat, 10*ms, 1030*ms)
	want := "chen: silent since 1.030s, next expected at 2.020s by 2 arrivals, margin 6s"
	if got := d.Explain(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
