package expect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega/types"

	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

func took(d time.Duration) *time.Duration { return &d }

// trial is one in which the client detected after 7 s and recovered, and the
// server did neither, made a mistake, and ended because the client gave up.
func trial() judge.Record {
	phase := .25
	return judge.Record{
		Trial: "t", Scenario: "cable-pull", Policy: "fixed/strict", Trace: "traces/t.jsonl", Repeat: "flatline run t",
		Verdict: judge.Broken,
		Client:  judge.Measures{Phase: &phase, Detection: took(7 * time.Second), Recovery: took(time.Second)},
		Server:  judge.Measures{Mistakes: 1, End: took(8 * time.Second), Cause: "peer gave up on us"},
		Checks:  []judge.Check{{Side: heartbeat.ServerSide, Expected: "this", Actual: "that"}, {Expected: "held", Held: true}},
	}
}

func TestMatchers(t *testing.T) {
	window := heartbeat.Window{Lo: 6 * time.Second, Hi: 9 * time.Second}
	held := trial()
	held.Verdict = judge.Held
	idle := trial()
	idle.Client.Detection, idle.Server.Mistakes = nil, 0
	for _, row := range []struct {
		name    string
		matcher types.GomegaMatcher
		actual  any
		want    bool
		says    []string // in the failure's message
	}{
		{name: "in the window", matcher: expect.DetectWithin(window).On(heartbeat.ClientSide), want: true},
		{name: "bounds belong to it", matcher: expect.DetectWithin(heartbeat.Window{Lo: 7 * time.Second, Hi: 7 * time.Second}).On(heartbeat.ClientSide), want: true},
		{
			name: "too late", matcher: expect.DetectWithin(heartbeat.Window{Hi: 6 * time.Second}).On(heartbeat.ClientSide),
			says: []string{"cable-pull, fixed/strict, client at phase 0.25", "expected: detection within ..6s", "actual:   detected after 7s", "traces/t.jsonl", "flatline run t"},
		},
		{name: "both sides", matcher: expect.DetectWithin(window), says: []string{"server at phase unknown", "never detected"}},
		{name: "no detection", matcher: expect.NotDetect(), actual: idle, want: true},
		{
			name: "no detection, but a mistake", matcher: expect.NotDetect().On(heartbeat.ServerSide),
			says: []string{"expected: no detection", "actual:   suspected a live peer: 1 mistake"},
		},
		{name: "a detection", matcher: expect.NotDetect(), says: []string{"client", "detected after 7s"}},
		{name: "no mistake", matcher: expect.MakeNoMistake().On(heartbeat.ClientSide), want: true},
		{name: "a mistake", matcher: expect.MakeNoMistake(), says: []string{"server", "1 mistake"}},
		{name: "recovered", matcher: expect.Recover().On(heartbeat.ClientSide), want: true},
		{name: "not recovered", matcher: expect.Recover(), says: []string{"server", "never recovered"}},
		{name: "end", matcher: expect.EndBecause("peer gave up on us").On(heartbeat.ServerSide), want: true},
		{name: "other end", matcher: expect.EndBecause("peer left").On(heartbeat.ServerSide), says: []string{`ended because "peer gave up on us"`}},
		{name: "no end", matcher: expect.EndBecause("peer left").On(heartbeat.ClientSide), says: []string{"never ended"}},
		{name: "held", matcher: expect.Hold(), actual: held, want: true},
		{
			name: "broken", matcher: expect.Hold(),
			says: []string{"t: broken", "cable-pull, fixed/strict, server", "expected: this", "actual:   that", "traces/t.jsonl", "flatline run t"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.actual == nil {
				row.actual = trial()
			}
			got, err := row.matcher.Match(row.actual)
			if err != nil || got != row.want {
				t.Fatalf("got %v, %v; want %v", got, err, row.want)
			}
			if got {
				if !strings.Contains(row.matcher.NegatedFailureMessage(row.actual), "traces/t.jsonl") {
					t.Error("the negated failure does not name the trace")
				}
				return
			}
			for _, want := range row.says {
				if msg := row.matcher.FailureMessage(row.actual); !strings.Contains(msg, want) {
					t.Errorf("%q is not in:\n%s", want, msg)
				}
			}
		})
	}
}

func TestOtherTypesAreErrors(t *testing.T) {
	for _, m := range []types.GomegaMatcher{expect.Hold(), expect.Recover()} {
		for _, actual := range []any{nil, 7, (*judge.Record)(nil)} {
			if _, err := m.Match(actual); err == nil || !strings.Contains(err.Error(), "judge.Record") {
				t.Errorf("%T matching %T: %v", m, actual, err)
			}
		}
	}
}

// Where nothing was judged, nothing may be concluded: not even from silence.
func TestWhatWasNotJudgedIsAnError(t *testing.T) {
	for _, verdict := range []judge.Verdict{"", judge.Inconclusive, judge.NotMeasurable, judge.Failed, judge.Interrupted} {
		if _, err := expect.MakeNoMistake().Match(judge.Record{Trial: "t", Verdict: verdict, Reason: "because"}); err == nil ||
			!strings.Contains(err.Error(), "because") {
			t.Errorf("%q: %v", verdict, err)
		}
	}
}

func TestOnLeavesTheMatcherAsItWas(t *testing.T) {
	both := expect.Recover()
	both.On(heartbeat.ClientSide)
	if ok, err := both.Match(trial()); ok || err != nil {
		t.Errorf("the server, which did not recover, is forgotten: %v", err)
	}
}

func TestUncountedMistakesAreAnError(t *testing.T) {
	r := trial()
	r.Client.Uncounted = true
	if ok, err := expect.NotDetect().On(heartbeat.ClientSide).Match(r); ok || err != nil {
		t.Errorf("got %v, %v; want a detection, whatever else there was", ok, err)
	}
	r.Client.Detection = nil
	for _, m := range []*expect.Matcher{expect.MakeNoMistake(), expect.NotDetect()} {
		if ok, err := m.On(heartbeat.ClientSide).Match(r); ok || err == nil || !strings.Contains(err.Error(), "the client tells nothing") {
			t.Errorf("got %v, %v; want an error that says why", ok, err)
		}
	}
}

// The client's 7 s are 1 s from the window's lower bound.
func TestWhatAStallMayHaveChangedIsAnError(t *testing.T) {
	r := trial()
	m := expect.DetectWithin(heartbeat.Window{Lo: 6 * time.Second, Hi: 9 * time.Second}).On(heartbeat.ClientSide)
	r.Client.Doubt = time.Second
	if ok, err := m.Match(r); !ok || err != nil {
		t.Errorf("got %v, %v; want a match", ok, err)
	}
	r.Client.Doubt++
	if _, err := m.Match(r); err == nil || !strings.Contains(err.Error(), "the client detected after 7s, which may be wrong by 1s") {
		t.Errorf("got %v, want an error that says why", err)
	}
}
