package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

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
	s := fmt.Sprintf("%s: %s, %.1fs", t.verdict(rec.Verdict, string(rec.Verdict)), report.Clean(rec.Trial), rec.Took.Seconds())
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

// bars is the display on a terminal: a bar for each scenario that is not over
// yet, and one for the whole run below. What fails is said above them.
type bars struct {
	t        terminal
	progress *progress
	area     *mpb.Progress
	each     map[string]*mpb.Bar
	whole    *mpb.Bar
}

// steps is the length of a bar in mpb's terms: what it shows is a share.
const steps = 1000

func newBars(t terminal, p *progress) *bars {
	b := &bars{
		t: t, progress: p, each: map[string]*mpb.Bar{},
		area: mpb.New(mpb.WithOutput(t.Writer), mpb.WithWidth(30), mpb.WithRefreshRate(200*time.Millisecond)),
	}
	for _, name := range p.names {
		b.each[name] = b.add(name, name, line.String)
	}
	b.whole = b.add("all", "", line.verbose)
	return b
}

func (b *bars) add(label, scenario string, notes func(line) string) *mpb.Bar {
	look := mpb.BarStyle().Build()
	filler := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		s.Total, s.Current = steps, int64(steps*b.progress.of(scenario, time.Now()).share)
		return look.Fill(w, s)
	})
	return b.area.MustAdd(steps, filler, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(label+" ", decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + notes(b.progress.of(scenario, time.Now())) })),
	)
}

func (b *bars) update(s harness.State) {
	now := time.Now()
	b.progress.update(s, now)
	if s.Record == nil {
		return
	}
	switch s.Record.Verdict {
	case judge.Broken, judge.Failed, judge.Inconclusive:
		b.say(outcome(b.t, s.Record))
	}
	for name, bar := range b.each {
		if l := b.progress.of(name, now); l.ended == l.total {
			bar.SetCurrent(steps) // it is complete, and goes away
		}
	}
}

func (b *bars) say(s string) {
	// A key that was pressed has moved the cursor, and mpb only moves it up.
	_, _ = fmt.Fprint(b.t, "\r")
	_, _ = fmt.Fprintln(b.area, s)
}

func (b *bars) close() {
	for _, bar := range b.each {
		bar.Abort(true)
	}
	b.whole.Abort(true)
	b.area.Wait()
}
