package report

import (
	"reflect"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestQuantilesAreValuesOfTheSample(t *testing.T) {
	upTo := func(n int) []time.Duration {
		var out []time.Duration
		for i := n; i > 0; i-- {
			out = append(out, time.Duration(i))
		}
		return out
	}
	for _, row := range []struct {
		name   string
		sample []time.Duration
		want   *Quantiles
	}{
		{"none", nil, nil},
		{"one", []time.Duration{5}, &Quantiles{N: 1, P50: 5, P99: 5, Max: 5}},
		{"two", []time.Duration{9, 5}, &Quantiles{N: 2, P50: 5, P99: 9, Max: 9}},
		{"a hundred", upTo(100), &Quantiles{N: 100, P50: 50, P99: 99, Max: 100}},
		{"two hundred", upTo(200), &Quantiles{N: 200, P50: 100, P99: 198, Max: 200}},
	} {
		if got := quantiles(row.sample); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		name   string
		sample []time.Duration
		want   *Spread
	}{
		{"none", nil, nil},
		{"one", []time.Duration{5}, &Spread{N: 1, Min: 5, Median: 5, Max: 5}},
		{"three", []time.Duration{9, 5, 6}, &Spread{N: 3, Min: 5, Median: 6, Max: 9}},
		{"four", []time.Duration{9, 5, 6, 8}, &Spread{N: 4, Min: 5, Median: 6, Max: 9}},
	} {
		if got := NewSpread(row.sample); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
	if got, want := (&Spread{Min: 6812 * time.Millisecond, Median: 7001 * time.Millisecond, Max: 8431 * time.Millisecond}).String(), "6.812/7.001/8.431"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSummaryOfARun(t *testing.T) {
	s := gather(t, run()...).Summary
	want := Summary{
		Trials: 8,
		Verdicts: map[judge.Verdict]int{
			judge.Held: 5, judge.Broken: 1, judge.Failed: 1, judge.NotMeasurable: 1, judge.Inconclusive: 0, judge.Interrupted: 0,
		},
		// Of five trials with two and one with one; those of the failed and of
		// the superseded trial don't count.
		Expectations: Tally{Held: 10, Total: 11},
		Retried:      1,
		Stalls:       Stalls{N: 1, Longest: 50 * time.Millisecond},
		Detections: []Detection{
			{
				Profile: "strict", Window: heartbeat.Strict().Window, Side: heartbeat.ClientSide, N: 4,
				Earliest: Extreme{6812 * time.Millisecond, "cable-pull.fixed.strict.0.05"},
				Latest:   Extreme{8700 * time.Millisecond, "cable-pull.fixed.strict.0.95"},
			},
			{
				Profile: "strict", Window: heartbeat.Strict().Window, Side: heartbeat.ServerSide, N: 4,
				Earliest: Extreme{7001 * time.Millisecond, "cable-pull.fixed.strict.0.05"},
				Latest:   Extreme{9001 * time.Millisecond, "cable-pull.fixed.strict.0.95"},
			},
			{
				Profile: "standard", Window: heartbeat.Standard().Window, Side: heartbeat.ClientSide, N: 1,
				Earliest: Extreme{38 * time.Second, "cable-pull.fixed.standard.0.5"},
				Latest:   Extreme{38 * time.Second, "cable-pull.fixed.standard.0.5"},
			},
			{
				Profile: "standard", Window: heartbeat.Standard().Window, Side: heartbeat.ServerSide, N: 1,
				Earliest: Extreme{39 * time.Second, "cable-pull.fixed.standard.0.5"},
				Latest:   Extreme{39 * time.Second, "cable-pull.fixed.standard.0.5"},
			},
		},
		// Two sides of seven attempts.
		HarnessError: &Quantiles{N: 14, P50: 100 * time.Microsecond, P99: 200 * time.Microsecond, Max: 200 * time.Microsecond},
		TrialTime:    (7*17 + 50) * time.Second,
		Wall:         50 * time.Second,
		Ratio:        float64(7*17+50) / 50,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	for i, held := range []bool{true, false, true, true} {
		if got := s.Detections[i].Held(); got != held {
			t.Errorf("detections %d: held is %v, want %v", i, got, held)
		}
	}
}

// A side that never detects is no part of the extremes, and must not vanish.
func TestMissedDetectionIsNotHeld(t *testing.T) {
	r := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	r.Client.Detection = nil
	d := gather(t, r).Summary.Detections
	if len(d) != 2 || d[0].Missed != 1 || d[0].N != 0 || d[0].Held() || !d[1].Held() {
		t.Errorf("%+v", d)
	}
}

func TestMatrixOfARun(t *testing.T) {
	cells := gather(t, run()...).Matrix
	type row struct{ scenario, policy, verdict, client string }
	want := []row{
		{"cable-pull", "echo-timer/strict", "1 held", "7.100/7.100/7.100"},
		{"cable-pull", "fixed/strict", "1 of 3 broken", "6.812/7.500/8.700"},
		{"cable-pull", "keepalive/strict", "not measurable on toxiproxy: run it on kernel", "-"},
		{"cable-pull", "push/strict", "1 failed", "-"},
		{"cable-pull", "fixed/standard", "1 held", "38.000/38.000/38.000"},
		{"latency-step", "fixed/strict", "1 held", "-"}, // a mistake is no detection
	}
	var got []row
	for _, c := range cells {
		got = append(got, row{c.Scenario, c.Policy + "/" + c.Profile, c.Sentence(), c.Client.Detection.String()})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	fixed := cells[1].Server
	if fixed.Recovery == nil || fixed.Recovery.N != 3 || fixed.Recovery.Median != 1900*time.Millisecond || fixed.BytesPerHour != 28800 {
		t.Errorf("server under fixed: %+v, recovery %+v", fixed, fixed.Recovery)
	}
	if mistakes := cells[5].Client.Mistakes; mistakes != 1 {
		t.Errorf("%d mistakes, want 1", mistakes)
	}
}
