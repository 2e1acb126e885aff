package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// display shows a run while it goes on.
type display interface {
	// update takes note of a trial's state; one call at a time.
	update(harness.State)
	// say prints a line; at any time before close.
	say(string)
	// close leaves the terminal to others. No other call may follow it.
	close()
}

func newDisplay(t terminal, p *progress) display {
	if t.live {
		return newBars(t, p)
	}
	return newLines(t, p)
}

// outcome is the line that a trial's end is worth.
func outcome(t terminal, rec *judge.Record) string {
	s := fmt.Sprintf("%s: %s, %.1fs", t.verdict(told(*rec), string(told(*rec))), report.Clean(rec.Trial), rec.Took.Seconds())
	if rec.Superseded {
		s += "; once more"
	}
	return s
}

// lines is the display where the cursor cannot be moved: a line for each trial
// that has ended, and one in every long silence, so that a log shows life.
type lines struct {
	t        terminal
	progress *progress
	mu       sync.Mutex
	done     chan struct{}
	stopped  sync.WaitGroup
}

// silence is how long a log may say nothing.
const silence = 10 * time.Second

func newLines(t terminal, p *progress) *lines {
	l := &lines{t: t, progress: p, done: make(chan struct{})}
	l.stopped.Go(func() {
		tick := time.NewTicker(silence)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				l.say(p.of("", now).verbose())
			case <-l.done:
				return
			}
		}
	})
	return l
}

func (l *lines) update(s harness.State) {
	l.progress.update(s, time.Now())
	if s.Record != nil {
		l.say(outcome(l.t, s.Record))
	}
}

func (l *lines) say(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.t, s)
}

func (l *lines) close() {
	close(l.done)
	l.stopped.Wait()
}
