package judge_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// missing is a detector with an interval: fixed, of three of them.
type missing struct{ detect.Fixed }

func (missing) WithInterval(d time.Duration) detect.Config {
	return missing{detect.Fixed{Timeout: 3 * d}}
}

func TestOnBeats(t *testing.T) {
	fixed := detect.Fixed{Timeout: time.Minute}
	candidates, leftOut := judge.OnBeats([]heartbeat.Policy{
		{Name: "a", Client: fixed, Server: missing{}},
		{Name: "b", Client: detect.EchoTimer{Timeout: time.Second}, Server: fixed},
		{Name: "c"},
		{Name: "d", Client: detect.Fixed{}},
	}, 2*time.Second)
	if len(candidates) != 2 ||
		candidates[0].Detector.Config != detect.Config(fixed) || strings.Join(candidates[0].Policies, " ") != "a b" ||
		candidates[1].Detector.Config != detect.Config(missing{detect.Fixed{Timeout: 6 * time.Second}}) {
		t.Errorf("candidates %+v", candidates)
	}
	want := []string{
		"Left out, having no detector: c.",
		"The client's detector of policy b, echo-timer, is left out: beats alone never make it suspect anyone.",
		"The client's detector of policy d is left out: detector fixed: timeout is 0s, want 1ns to 24h0m0s.",
	}
	if strings.Join(leftOut, "\n") != strings.Join(want, "\n") {
		t.Errorf("left out:\n%s\nwant:\n%s", strings.Join(leftOut, "\n"), strings.Join(want, "\n"))
	}
}

// source has a batch of events, then err.
type source struct {
	events []trace.Event
	err    error
}

func (s *source) Next() ([]trace.Event, error) {
	if s.events == nil {
		return nil, s.err
	}
	events := s.events
	s.events = nil
	return events, nil
}

func (s *source) Last() int64 { return 30 }

// Beats at 5, 15 and 30, timeout 10: mistaken from 25 to 30, and 10 more would be
// left.
func TestArrivals(t *testing.T) {
	candidates := []judge.Candidate{{Detector: detect.Named{Config: detect.Fixed{Timeout: 10}}}}
	events := heard(5, 15, 30)
	for i := range events {
		events[i].Side = ""
	}
	results, err := judge.Arrivals(&source{events, io.EOF}, candidates)
	if err != nil {
		t.Fatal(err)
	}
	wantQuality(t, results[0].Quality, "alive 30 mistakes 1 T_M 5 longest 5 T_MR - closest 0 T_D - left 10")
	broken := errors.New("broken")
	if _, err := judge.Arrivals(&source{events, broken}, candidates); !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error", err)
	}
}
