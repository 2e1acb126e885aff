package main

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
)

// bars is the display on a terminal: a line for each trial that runs or, if they
// are too many for the screen, for each scenario that is not over yet; and one for
// the whole run below. What fails is said above them.
type bars struct {
	t        terminal
	progress *progress
	area     *mpb.Progress
	each     map[string]*mpb.Bar // by trial or by scenario
	byTrial  bool
	whole    *mpb.Bar
}

const (
	// steps is the length of a bar in mpb's terms: what it shows is a share.
	steps = 1000
	// others are the lines of a screen that are not trials'.
	others = 4
)

func newBars(t terminal, p *progress) *bars {
	b := &bars{t: t, progress: p, each: map[string]*mpb.Bar{}, byTrial: min(p.parallel, len(p.trials)) <= t.rows-others}
	width := 30
	if b.byTrial {
		width = 12
	}
	b.area = mpb.New(mpb.WithOutput(t.screen), mpb.WithWidth(width), mpb.WithRefreshRate(200*time.Millisecond))
	if !b.byTrial {
		for _, name := range p.names {
			b.each[name] = b.add(name, func(now time.Time) (float64, string) {
				l := p.of(name, now)
				return l.share, l.String()
			})
		}
	}
	b.whole = b.add("all", func(now time.Time) (float64, string) {
		l := p.of("", now)
		return l.share, l.verbose()
	})
	b.whole.SetPriority(len(p.trials) + 1)
	return b
}

// add adds a line; look says how far it is, 0 to 1, and what stands behind the
// bar.
func (b *bars) add(label string, look func(time.Time) (share float64, notes string)) *mpb.Bar {
	style := mpb.BarStyle().Build()
	filler := mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		share, _ := look(time.Now())
		s.Total, s.Current = steps, int64(steps*share)
		return style.Fill(w, s)
	})
	return b.area.MustAdd(steps, filler, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(label+" ", decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			_, notes := look(time.Now())
			return " " + notes
		})),
	)
}

func (b *bars) update(s harness.State) {
	now := time.Now()
	b.progress.update(s, now)
	if s.Record != nil {
		switch s.Record.Verdict {
		case judge.Broken, judge.Failed, judge.Inconclusive:
			b.say(outcome(b.t, s.Record))
		}
	}
	if b.byTrial {
		b.updateTrial(s)
		return
	}
	for name, bar := range b.each {
		if l := b.progress.of(name, now); l.ended == l.total {
			bar.SetCurrent(steps) // it is complete, and goes away
		}
	}
}

// updateTrial shows the trial's line while it runs.
func (b *bars) updateTrial(s harness.State) {
	bar := b.each[s.Trial]
	switch {
	case s.Record != nil && bar != nil:
		bar.SetCurrent(steps)
		delete(b.each, s.Trial)
	case s.Record == nil && bar == nil:
		bar = b.add(b.progress.label(s.Trial), func(now time.Time) (float64, string) { return b.progress.running(s.Trial, now) })
		bar.SetPriority(b.progress.place(s.Trial))
		b.each[s.Trial] = bar
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
