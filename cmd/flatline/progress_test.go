package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

func TestWallTime(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		name          string
		parallel      int
		busy, waiting []time.Duration
		want          time.Duration
	}{
		{name: "nothing", parallel: 4, want: 0},
		{name: "all at once", parallel: 4, waiting: []time.Duration{3 * s, 5 * s, s}, want: 5 * s},
		{name: "one at a time", parallel: 1, waiting: []time.Duration{3 * s, 5 * s, s}, want: 9 * s},
		{name: "two at a time", parallel: 2, waiting: []time.Duration{3 * s, 5 * s, s, 2 * s}, want: 6 * s},
		{name: "behind a busy one", parallel: 1, busy: []time.Duration{2 * s}, waiting: []time.Duration{3 * s}, want: 5 * s},
		{name: "beside a busy one", parallel: 2, busy: []time.Duration{2 * s}, waiting: []time.Duration{3 * s}, want: 3 * s},
		{name: "only busy ones", parallel: 1, busy: []time.Duration{2 * s, 4 * s}, want: 4 * s},
	} {
		if got := wallTime(row.parallel, row.busy, row.waiting); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

// The script of a run of two trials, one at a time, the first of which stalls.
func TestProgressOfARun(t *testing.T) {
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	s := scenarios.CablePull()
	s.Phases = []float64{0.25, 0.75}
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: policies[:1]}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	first, second := trials[0], trials[1]
	p := newProgress(trials, 1)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended := func(v judge.Verdict, superseded bool) *judge.Record {
		return &judge.Record{Verdict: v, Superseded: superseded}
	}
	for _, step := range []struct {
		name  string
		after time.Duration
		state harness.State
		want  line
	}{
		{
			name: "the first comes up", state: harness.State{Trial: first.ID},
			want: line{total: 2, running: 1, left: first.Longest() + second.Longest()},
		},
		{
			name: "it knows its end", after: time.Second,
			state: harness.State{Trial: first.ID, Until: now.Add(11 * time.Second)},
			want:  line{total: 2, running: 1, left: 10*time.Second + second.Longest()},
		},
		{
			name: "it stalls", after: time.Second,
			state: harness.State{Trial: first.ID, Record: ended(judge.Inconclusive, true)},
			want:  line{total: 2, left: first.Longest() + second.Longest()},
		},
		{
			name: "it runs again", after: time.Second, state: harness.State{Trial: first.ID + ".try2"},
			want: line{total: 2, running: 1, left: first.Longest() + second.Longest()},
		},
		{
			name: "it holds", after: time.Second,
			state: harness.State{Trial: first.ID + ".try2", Record: ended(judge.Held, false)},
			want:  line{total: 2, ended: 1, left: second.Longest(), verdicts: map[judge.Verdict]int{judge.Held: 1}},
		},
		{
			name: "the second breaks", after: time.Second,
			state: harness.State{Trial: second.ID, Record: ended(judge.Broken, false)},
			want:  line{total: 2, ended: 2, verdicts: map[judge.Verdict]int{judge.Held: 1, judge.Broken: 1}},
		},
	} {
		now = now.Add(step.after)
		p.update(step.state, now)
		got := p.of("cable-pull", now)
		if got.share < 0 || got.share > 1 {
			t.Errorf("%s: share %v", step.name, got.share)
		}
		if all := p.of("", now); !reflect.DeepEqual(all, got) {
			t.Errorf("%s: all %+v, the only scenario %+v", step.name, all, got)
		}
		got.share = 0
		if step.want.verdicts == nil {
			step.want.verdicts = map[judge.Verdict]int{}
		}
		if !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s:\n%+v, want\n%+v", step.name, got, step.want)
		}
	}
	if got, want := p.of("", now).verbose(), "2 of 2, 1 broken"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := p.of("", now).share; got != 1 {
		t.Errorf("share %v at the end", got)
	}
}

// What the line of a running trial says, and how much of its time has passed.
func TestProgressOfATrial(t *testing.T) {
	p := newProgress([]harness.Trial{{ID: "a", Scenario: scenario.Scenario{Name: "cable-pull"}, Policy: heartbeat.Policy{Name: "fixed"}, Phase: 0.5}}, 1)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p.trials[0].longest = 20 * time.Second
	if got, want := p.label("a.try2"), "cable-pull fixed/ at 0.5"; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
	for _, row := range []struct {
		name  string
		state harness.State
		share float64
		notes string
	}{
		{name: "coming up", state: harness.State{Doing: "coming up"}, share: 0, notes: " 20s left: coming up"},
		{name: "both up", state: harness.State{Doing: "cable-pull", Client: "up", Server: "up", Until: now.Add(15 * time.Second)}, share: 0.25, notes: " 15s left: cable-pull, both sides up"},
		{name: "one suspects", state: harness.State{Doing: "cable-pull", Client: "up", Server: "suspecting", Until: now.Add(5 * time.Second)}, share: 0.75, notes: "  5s left: cable-pull, client up, server suspecting"},
		{name: "one was never seen", state: harness.State{Doing: "healed", Server: "up", Until: now}, share: 1, notes: "  0s left: healed, client unknown, server up"},
		{name: "late", state: harness.State{Doing: "healed", Until: now.Add(-time.Second)}, share: 1, notes: "  0s left: healed"},
	} {
		row.state.Trial = "a"
		p.update(row.state, now)
		if share, notes := p.running("a", now); share != row.share || notes != row.notes {
			t.Errorf("%s: %v, %q, want %v, %q", row.name, share, notes, row.share, row.notes)
		}
	}
}
