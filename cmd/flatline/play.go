package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// play runs the trials and reports; end tells whoever wants to know, and is the
// exit. What was recorded is reported whatever happens. prompt is the line that a state is worth, if any; nil:
// none is.
func play(ctx context.Context, t terminal, runner harness.Runner, trials []harness.Trial, prompt func(harness.State) string, end func(report.Report) error) error {
	records, err := shown(ctx, t, runner, trials, prompt)
	return conclude(ctx, runner.Out, records, err, end)
}

// shown runs the trials, shows how they go, and returns their records; prompt as for
// play.
func shown(ctx context.Context, t terminal, runner harness.Runner, trials []harness.Trial, prompt func(harness.State) string) ([]judge.Record, error) {
	show := newDisplay(t, newProgress(trials, runner.Parallel))
	defer show.close()
	forget := onEnd(ctx, func() { show.say("interrupted: ending what runs; once more to stop at once") })
	defer forget()
	runner.Progress = func(s harness.State) {
		show.update(s)
		if prompt == nil {
			return
		}
		if line := prompt(s); line != "" {
			show.say(line)
		}
	}
	return runner.Run(ctx, trials)
}

// conclude reports what was recorded in dir, and what a run that ended with err,
// whatever that is, has in memory, and is the exit; end as for play: what was measured
// is told also where no report could be written.
func conclude(ctx context.Context, dir string, records []judge.Record, err error, end func(report.Report) error) error {
	gathered, lost := report.Conclude(dir, records...)
	var verdict error
	if gathered.Schema > 0 {
		verdict = end(gathered)
	}
	switch {
	case ctx.Err() != nil && lost == nil:
		return exit{exitInterrupted, fmt.Errorf("interrupted; %s has what there is", dir)}
	case ctx.Err() != nil:
		return exit{exitInterrupted, fmt.Errorf("interrupted; %w", lost)}
	case err != nil || lost != nil:
		return exit{exitFailed, errors.Join(err, lost)}
	default:
		return verdict
	}
}

// onEnd calls do when ctx ends. Once forget has returned, it is over or will
// not happen.
func onEnd(ctx context.Context, do func()) (forget func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		do()
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// planned is how many records the trials will leave.
func planned(trials []harness.Trial) (n int) {
	for _, t := range trials {
		n += 1 + len(t.Also)
	}
	return n
}
