package report

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
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
		{"four", []time.Duration{9, 5, 6, 8}, &Spread{N: 4, Min: 5, Median: 7, Max: 9}},
		{"two", []time.Duration{7299 * time.Millisecond, 6625 * time.Millisecond}, &Spread{N: 2, Min: 6625 * time.Millisecond, Median: 6962 * time.Millisecond, Max: 7299 * time.Millisecond}},
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
				Profile: "strict", Window: heartbeat.Strict().Window, Side: heartbeat.ServerSide, N: 4, Broken: 1,
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
	r.Client.Detection, r.Checks[0].Held = nil, false
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

// The bound that counts is the one that a detection came nearest to.
func TestStripNamesTheNearerBound(t *testing.T) {
	for _, row := range []struct {
		client          time.Duration
		value, distance string
	}{
		{6100 * time.Millisecond, "6.100 s", "0.100 s inside 6s"},
		{8800 * time.Millisecond, "8.800 s", "0.200 s inside 9s"},
		{5900 * time.Millisecond, "5.900 s", "0.100 s outside 6s"},
	} {
		r := gather(t, cablePull("fixed", 0.5, row.client, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second))
		n := r.strip()[3]
		if n.What != "Worst client, strict" || n.Value != row.value || !strings.HasPrefix(n.Detail, row.distance) {
			t.Errorf("%v: %+v", row.client, n)
		}
	}
}

// A scenario may expect a detection at another time than the window says: what breaks
// that is not green.
func TestStripKnowsOfOtherWindows(t *testing.T) {
	r := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	r.Checks[0].Held, r.Checks[0].Expected = false, "detection within 8s..9s of the fault"
	strip := gather(t, with(r, judge.Broken, r.Checks[0].Sentence())).strip()
	if n := strip[3]; !n.Bad || !strings.HasSuffix(n.Detail, "; 1 not when the scenario expects it") {
		t.Errorf("the client: %+v", n)
	}
	if n := strip[4]; !n.Good || strings.Contains(n.Detail, "expects") {
		t.Errorf("the server: %+v", n)
	}
}

// The card of the network names each thing once.
func TestStripNamesEachNetworkOnce(t *testing.T) {
	one, two := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	one.Mode, two.Mode = heartbeat.Act, heartbeat.Act
	if n := gather(t, one, two).strip()[1]; n.Value != "toxiproxy" || n.Detail != "subject pair, mode act" {
		t.Errorf("%+v", n)
	}
	two.Subject = "processes"
	if n := gather(t, one, two).strip()[1]; n.Value != "toxiproxy" || n.Detail != "subjects pair, processes, mode act" {
		t.Errorf("%+v", n)
	}
}

// A card is green for what held, and for nothing else.
func TestStripIsGreenForWhatHeldOnly(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	unfinished := with(cablePull("push", 0.5, 7*time.Second, 7*time.Second), judge.Interrupted, "the run was interrupted")
	for _, row := range []struct {
		name    string
		records []judge.Record
		want    string // Ran, Network, Expectations, and the worst of each side
	}{
		{"held", []judge.Record{held}, ",,good,good,good"},
		{"broken", []judge.Record{cablePull("fixed", 0.5, 7*time.Second, 10*time.Second)}, ",,bad,good,bad"},
		{"interrupted", []judge.Record{unfinished}, ",,"},
		{"failed", []judge.Record{with(held, judge.Failed, "no sockets")}, ",,"},
		{"interrupted in the middle", []judge.Record{held, unfinished}, ",,,good,good"},
	} {
		var got []string
		for _, n := range gather(t, row.records...).strip() {
			got = append(got, n.Class())
		}
		if got := strings.Join(got, ","); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// Trials that share a trace ran once: their time and stalls count once.
func TestSharedTrialsCountOnce(t *testing.T) {
	ran := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	ran.Stalls = []judge.Stall{{Side: "harness", At: time.Second, For: 20 * time.Millisecond}}
	shared := cablePull("chen", 0.5, 7*time.Second, 7*time.Second)
	shared.Shares, shared.Trace, shared.Stalls = ran.Trial, ran.Trace, ran.Stalls
	s := gather(t, ran, shared).Summary
	if s.Trials != 2 || s.TrialTime != 17*time.Second || s.Stalls.N != 1 || s.HarnessError.N != 2 || s.Ratio != 1 {
		t.Errorf("%+v, harness error %+v", s, s.HarnessError)
	}
}

// A session's end has a time of its own where it is expected, and only there.
func TestEndsAreMeasured(t *testing.T) {
	closes := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	closes.Scenario = "peer-closes"
	closes.Client.Detection, closes.Client.End = nil, new(30*time.Millisecond)
	closes.Server.End = new(7 * time.Second)
	closes.Checks[0].That = scenario.Ends
	r := gather(t, closes)
	if c := r.Matrix[0]; c.Client.End.String() != "0.030/0.030/0.030" || c.Client.Detection != nil || c.Server.End != nil || c.Server.Detection == nil {
		t.Errorf("%+v", c)
	}
	if d := r.pageData().Cells[0].Client.End; len(d) != 3 || d[0] != 0.03 {
		t.Errorf("the page has %v", d)
	}
	for page, want := range map[string]bool{r.Markdown(): true, gather(t, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)).Markdown(): false} {
		if got := strings.Contains(page, "| Client end, s | Server end, s |"); got != want {
			t.Errorf("columns of ends: %v, want %v:\n%s", got, want, page)
		}
	}
	if page := r.Markdown(); !strings.Contains(page, "| 0.030/0.030/0.030 | - |") {
		t.Error(page)
	}
}

// The matrix says of what the trials ran on no more than tells its rows apart.
func TestWhatIsTheSameOfAllCellsIsNotRepeated(t *testing.T) {
	one, two, three := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	two.Subject, three.Network = "processes", "kernel"
	for _, row := range []struct {
		records []judge.Record
		want    []string
	}{
		{[]judge.Record{one}, []string{""}},
		{[]judge.Record{one, two}, []string{"subject pair", "subject processes"}},
		{[]judge.Record{one, two, three}, []string{"toxiproxy, subject pair", "toxiproxy, subject processes", "kernel, subject pair"}},
	} {
		var got []string
		for _, c := range gather(t, row.records...).pageData().Cells {
			got = append(got, c.Differs)
		}
		slices.Sort(got)
		slices.Sort(row.want)
		if !slices.Equal(got, row.want) {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
