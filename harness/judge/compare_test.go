package judge_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// stored is the history as a file, its events as they stand.
func (h *history) stored() io.ReadSeeker {
	h.t.Helper()
	var file bytes.Buffer
	out := json.NewEncoder(&file)
	if err := out.Encode(h.trace.Header); err != nil {
		h.t.Fatal(err)
	}
	for _, e := range h.trace.Events {
		if err := out.Encode(e); err != nil {
			h.t.Fatal(err)
		}
	}
	return bytes.NewReader(file.Bytes())
}

// policy is that of begin with other timeouts.
func (h *history) policy(name string, client, server time.Duration) heartbeat.Policy {
	p := h.trace.Header.Policy
	p.Name, p.Client, p.Server = name, detect.Fixed{Timeout: client}, detect.Fixed{Timeout: server}
	return p
}

// The client's last echo came at 2.02 s, the server's last beat at 2.01 s; the
// cable was pulled at 3 s, until 14 s. So a timeout T detects T - 0.98 s and
// T - 0.99 s after. With T = 1.5 s it was mistaken before: the client from 1.52
// to 2.02 s, the server from 1.51 to 2.01 s. With T = 1.999 s the client would
// have found the echo of 2.02 s, 1 ms after its deadline, as it looked again.
func TestComparePoliciesOnATrace(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects}))
	h.trace.Header.Mode = heartbeat.Observe
	h.cut(3, 14)
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.Canary})
	lucky := h.policy("lucky", 1999*time.Millisecond, 0)
	lucky.Server = nil
	results, err := judge.Compare(h.stored(), []heartbeat.Policy{
		lucky,
		h.policy("slow", 5*time.Second, 7*time.Second),
		h.policy("quick", 3*time.Second, 7*time.Second),
		h.policy("hasty", 1500*time.Millisecond, 1500*time.Millisecond),
	})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		side      trace.Side
		detector  detect.Config
		policies  string
		detection time.Duration
		mistakes  int
	}
	want := []row{
		{"client", detect.Fixed{Timeout: 1999 * time.Millisecond}, "lucky", 1019 * time.Millisecond, 0},
		{"client", detect.Fixed{Timeout: 5 * time.Second}, "slow", 4020 * time.Millisecond, 0},
		{"client", detect.Fixed{Timeout: 3 * time.Second}, "quick", 2020 * time.Millisecond, 0},
		{"client", detect.Fixed{Timeout: 1500 * time.Millisecond}, "hasty", 520 * time.Millisecond, 1},
		{"server", detect.Fixed{Timeout: 7 * time.Second}, "slow quick", 6010 * time.Millisecond, 0},
		{"server", detect.Fixed{Timeout: 1500 * time.Millisecond}, "hasty", 510 * time.Millisecond, 1},
	}
	var got []row
	for _, r := range results {
		if r.Detection == nil {
			t.Fatalf("%s: %s detected nothing", r.Side, r.Detector.Name())
		}
		got = append(got, row{r.Side, r.Detector.Config, strings.Join(r.Policies, " "), *r.Detection, r.Mistakes})
		// From 14 s on it may still be late by 300 + 150 ms; alive are 0 to 3 s, and the rest until 20 s.
		if want := 3*time.Second + 5550*time.Millisecond; r.Alive != want {
			t.Errorf("alive %v, want %v", r.Alive, want)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A stall is recorded once it is over, after what was sent in it. The client's
// stood still from 3 to 13 s: its deadline is at 20.57 s, after the end.
func TestCompareTakesEventsInOrderOfTime(t *testing.T) {
	h := begin(t, scenario.Scenario{Name: "calm"})
	h.add(trace.Event{T: ns(12), Side: "client", What: trace.Sent, Kind: "beat", Seq: 2})
	h.add(trace.Event{T: ns(3), To: ns(13), Side: "client", What: trace.Stall})
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.Canary})
	results, err := judge.Compare(h.stored(), []heartbeat.Policy{h.trace.Header.Policy})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Side != "client" || r.Mistakes != 0 {
		t.Errorf("%s: %d mistakes, want none", r.Side, r.Mistakes)
	}
	wantTime(t, "left", results[0].Left, 570*time.Millisecond)
}

func TestATraceIsRefusedWithTheReason(t *testing.T) {
	for _, row := range []struct {
		name   string
		mode   heartbeat.Mode
		change func(*heartbeat.Policy)
		want   string // "": it fits
	}{
		{name: "own, acting", mode: heartbeat.Act, change: func(*heartbeat.Policy) {}},
		{name: "own by another name", mode: heartbeat.Act, change: func(p *heartbeat.Policy) { p.Name = "x" }},
		{name: "another detector, observing", mode: heartbeat.Observe, change: func(p *heartbeat.Policy) { p.Client = nil }},
		{
			name: "another detector, acting", mode: heartbeat.Act,
			change: func(p *heartbeat.Policy) { p.Client = detect.Fixed{Timeout: 1} },
			want:   "acted on its own detectors' verdict, and ended there: only fixed/strict can judge it",
		},
		{
			name: "interval", mode: heartbeat.Observe, change: func(p *heartbeat.Policy) { p.Interval++ },
			want: "its beat interval is 2.000000001s, the trace's is 2s",
		},
		{
			name: "probe", mode: heartbeat.Observe, change: func(p *heartbeat.Policy) { p.Probe = heartbeat.ProbePush },
			want: "its probe is push, the trace's is echo",
		},
		{
			name: "direction", mode: heartbeat.Observe, change: func(p *heartbeat.Policy) { p.Beats = heartbeat.FromBoth },
			want: "its beats are from both, the trace's from client",
		},
		{
			name: "no detector", mode: heartbeat.Observe, change: func(p *heartbeat.Policy) { p.Client, p.Server = nil, nil },
			want: "it has no detector",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled())
			h.trace.Header.Mode = row.mode
			p := h.trace.Header.Policy
			row.change(&p)
			results, err := judge.Compare(h.stored(), []heartbeat.Policy{p})
			switch {
			case row.want == "" && (err != nil || len(results) == 0):
				t.Errorf("%d results, %v", len(results), err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}

func TestASilentSubjectCannotBeCompared(t *testing.T) {
	h := begin(t, pulled())
	h.trace.Events = nil
	h.cut(3, 14)
	if _, err := judge.Compare(h.stored(), []heartbeat.Policy{h.trace.Header.Policy}); err == nil || !strings.Contains(err.Error(), "no side with a detector tells") {
		t.Errorf("got %v", err)
	}
}
