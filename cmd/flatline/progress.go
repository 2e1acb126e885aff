package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
)

// progress knows what runs, and how long still. It is safe for concurrent use.
type progress struct {
	parallel int
	names    []string       // the scenarios', in order
	index    map[string]int // of a trial, by its name

	mu     sync.Mutex
	trials []tracked
}

// tracked is a trial's place in the run. Before started is set it waits.
type tracked struct {
	scenario string
	longest  time.Duration
	started  time.Time
	until    time.Time // when it ends at the latest
	verdict  judge.Verdict
}

func newProgress(trials []harness.Trial, parallel int) *progress {
	p := &progress{parallel: parallel, index: map[string]int{}}
	for i, t := range trials {
		p.index[t.ID] = i
		p.trials = append(p.trials, tracked{scenario: t.Scenario.Name, longest: t.Longest()})
		if !slices.Contains(p.names, t.Scenario.Name) {
			p.names = append(p.names, t.Scenario.Name)
		}
	}
	return p
}

// update takes note of a state.
func (p *progress) update(s harness.State, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := s.Trial
	if _, known := p.index[name]; !known { // a later attempt has a name of its own
		name = name[:max(0, strings.LastIndex(name, ".try"))]
	}
	i, known := p.index[name]
	if !known {
		return
	}
	t := &p.trials[i]
	if t.started.IsZero() {
		t.started, t.until = now, now.Add(t.longest)
	}
	if !s.Until.IsZero() {
		t.until = s.Until
	}
	if s.Record == nil {
		return
	}
	if s.Record.Superseded {
		t.started = time.Time{} // once more
		return
	}
	t.verdict = s.Record.Verdict
}

// line is how far some trials have come.
type line struct {
	total, ended, running int
	verdicts              map[judge.Verdict]int
	share                 float64       // of their time that has passed, 0 to 1
	left                  time.Duration // at most
}

// of is the line of a scenario; "": of all.
func (p *progress) of(scenario string, now time.Time) line {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := line{verdicts: map[judge.Verdict]int{}}
	var busy, waiting []time.Duration
	var done, all time.Duration
	for _, t := range p.trials {
		if scenario != "" && t.scenario != scenario {
			continue
		}
		l.total++
		all += t.longest
		switch {
		case t.verdict != "":
			l.ended++
			l.verdicts[t.verdict]++
			done += t.longest
		case t.started.IsZero():
			waiting = append(waiting, t.longest)
		default:
			l.running++
			left := max(0, t.until.Sub(now))
			busy = append(busy, left)
			done += max(0, t.longest-left)
		}
	}
	l.share = done.Seconds() / all.Seconds()
	l.left = wallTime(p.parallel, busy, waiting)
	return l
}

// String is how far and how long still.
func (l line) String() string {
	if l.ended == l.total {
		return fmt.Sprintf("%d of %d", l.ended, l.total)
	}
	return fmt.Sprintf("%d of %d, %v left", l.ended, l.total, rough(l.left))
}

// verbose is String with what went wrong.
func (l line) verbose() string {
	words := []string{l.String()}
	for _, v := range []judge.Verdict{judge.Broken, judge.Failed, judge.Inconclusive, judge.Interrupted} {
		if l.verdicts[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", l.verdicts[v], v))
		}
	}
	return strings.Join(words, ", ")
}

// wallTime is how long trials take that run at most parallel at a time, each
// begun as soon as there is room: those that are busy, and those that wait.
func wallTime(parallel int, busy, waiting []time.Duration) time.Duration {
	slots := make([]time.Duration, min(max(parallel, len(busy)), len(busy)+len(waiting)))
	copy(slots, busy)
	for _, length := range waiting {
		next := 0
		for i, end := range slots {
			if end < slots[next] {
				next = i
			}
		}
		slots[next] += length
	}
	var last time.Duration
	for _, end := range slots {
		last = max(last, end)
	}
	return last
}

func lengths(trials []harness.Trial) []time.Duration {
	out := make([]time.Duration, len(trials))
	for i, t := range trials {
		out[i] = t.Longest()
	}
	return out
}
