package main

import (
	"cmp"
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
	label    string
	longest  time.Duration
	started  time.Time
	until    time.Time // when it ends at the latest
	state    harness.State
	verdict  judge.Verdict
}

func newProgress(trials []harness.Trial, parallel int) *progress {
	p := &progress{parallel: parallel, index: map[string]int{}}
	met := map[string]int{}
	for i, t := range trials {
		p.index[t.ID] = i
		label := fmt.Sprintf("%s %s at %g", t.Scenario.Name, t.Policy.Key(), t.Phase)
		if met[label]++; met[label] > 1 {
			label += fmt.Sprintf(", no. %d", met[label])
		}
		p.trials = append(p.trials, tracked{scenario: t.Scenario.Name, longest: t.Longest(), label: label})
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
	t := p.find(s.Trial)
	if t == nil {
		return
	}
	t.state = s
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

// find is the trial of that name, which a later attempt has with a suffix; nil:
// there is none.
func (p *progress) find(name string) *tracked {
	if i := p.place(name); i >= 0 {
		return &p.trials[i]
	}
	return nil
}

// place is find's, as a number; -1: there is none.
func (p *progress) place(name string) int {
	if i, known := p.index[name]; known {
		return i
	}
	if i, known := p.index[name[:max(0, strings.LastIndex(name, ".try"))]]; known {
		return i
	}
	return -1
}

// label is what a trial is, in words.
func (p *progress) label(name string) string {
	if t := p.find(name); t != nil {
		return t.label
	}
	return name
}

// running is how far a trial is, 0 to 1, what it does and how long still.
func (p *progress) running(name string, now time.Time) (share float64, notes string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.find(name)
	if t == nil || t.started.IsZero() {
		return 0, ""
	}
	left := max(0, t.until.Sub(now))
	words := []string{t.state.Doing}
	switch client, server := t.state.Client, t.state.Server; {
	case client == "" && server == "":
	case client == server:
		words = append(words, "both sides "+client)
	default:
		words = append(words, "client "+cmp.Or(client, "unknown"), "server "+cmp.Or(server, "unknown"))
	}
	notes = fmt.Sprintf("%3.0fs left: %s", left.Seconds(), strings.Join(words, ", "))
	return max(0, 1-left.Seconds()/t.longest.Seconds()), notes
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
