package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// play runs the trials and reports; tell tells the terminal. What was recorded is
// reported whatever happens. prompt is the line that a state is worth, if any; nil:
// none is.
func play(ctx context.Context, t terminal, runner harness.Runner, trials []harness.Trial, prompt func(harness.State) string, tell func(report.Report)) error {
	show := newDisplay(t, newProgress(trials, runner.Parallel))
	forget := onEnd(ctx, func() { show.say("interrupted: ending what runs; once more to stop at once") })
	runner.Progress = func(s harness.State) {
		show.update(s)
		if prompt == nil {
			return
		}
		if line := prompt(s); line != "" {
			show.say(line)
		}
	}
	_, err := runner.Run(ctx, trials)
	forget()
	show.close()

	gathered, lost := report.Gather(runner.Out)
	if lost == nil {
		gathered.Summary.Missing = max(0, len(trials)-gathered.Summary.Trials)
		lost = gathered.Write(runner.Out)
	}
	if lost == nil {
		tell(gathered)
	}
	switch {
	case ctx.Err() != nil && lost == nil:
		return exit{exitInterrupted, fmt.Errorf("interrupted; %s has what there is", runner.Out)}
	case ctx.Err() != nil:
		return exit{exitInterrupted, fmt.Errorf("interrupted; %w", lost)}
	case err != nil || lost != nil:
		return exit{exitFailed, errors.Join(err, lost)}
	case gathered.ExitCode() != 0:
		return exit{gathered.ExitCode(), nil}
	default:
		return nil
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

// printSummary prints what a reader wants to know first, last.
func printSummary(t terminal, gathered report.Report, out string, seed uint64) {
	s := gathered.Summary
	fmt.Fprintf(t, "\n%s\n", t.verdict(leading(gathered), s.Headline()))
	if s.Verdicts[judge.Inconclusive] > 0 {
		fmt.Fprintln(t, "inconclusive is neither held nor broken: this machine was too busy to tell; --retries 2 runs such trials again")
	}
	fmt.Fprintf(t, "sum of trial times %v, wall %v, ratio %.1f", s.TrialTime.Round(time.Second), s.Wall.Round(time.Second), s.Ratio)
	if e := s.HarnessError; e != nil {
		fmt.Fprintf(t, "; harness error p99 %v, largest %v", e.P99.Round(time.Microsecond), e.Max.Round(time.Microsecond))
	}
	fmt.Fprintf(t, "; seed %d\nreport:", seed)
	for _, name := range []string{report.MarkdownFile, report.JSONFile, report.JUnitFile} {
		fmt.Fprintf(t, " %s", filepath.Join(out, name))
	}
	fmt.Fprintln(t)
}

// leading is the verdict that decides the headline's colour.
func leading(r report.Report) judge.Verdict {
	switch r.ExitCode() {
	case 0:
		return judge.Held
	case 1:
		return judge.Broken
	default:
		return judge.Inconclusive
	}
}
