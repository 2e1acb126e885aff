package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// runCmd runs a plan.
type runCmd struct {
	Scenario []string `placeholder:"NAME" help:"Scenarios to run. Default: all."`
	Policy   []string `placeholder:"NAME" help:"Policies to run them under. Default: all."`
	profileFlags
	fileFlags
	Mode     heartbeat.Mode `default:"act" enum:"act,observe" placeholder:"MODE" help:"act, or observe: equal beats share a trial."`
	Set      []string       `sep:"none" placeholder:"NAME=TIME" help:"A scenario's parameter: idle=240s."`
	Phases   []float64      `placeholder:"P" help:"When to strike in the beat interval, 0 to 1."`
	Repeat   int            `default:"1" placeholder:"N" help:"How often to run each trial."`
	Seed     *uint64        `placeholder:"N" help:"Of all randomness. Default: random, printed."`
	Retries  int            `default:"0" placeholder:"N" help:"How often to rerun what is inconclusive."`
	Parallel int            `default:"${parallel}" placeholder:"N" help:"Most trials at once. Default: ${parallel}."`
	Out      string         `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	DryRun   bool           `help:"Say what would run, and write nothing."`
}

// Help is shown below the command's summary.
func (*runCmd) Help() string {
	return `Example: flatline run --profile strict --scenario cable-pull,idle-drop`
}

// Run is called by Kong.
func (r *runCmd) Run(ctx context.Context, stdout io.Writer) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Seed == nil {
		r.Seed = new(uint64(rand.Uint32())) // short enough to be typed
	}
	trials, err := r.trials()
	if err != nil {
		return err
	}
	if !r.DryRun {
		if err := report.Prepare(r.Out); err != nil {
			return usage("--out: %w", err)
		}
	}
	fmt.Fprintf(stdout, "%s, at most %v, seed %d\n",
		plural(len(trials), "trial"), rough(wallTime(r.Parallel, nil, lengths(trials))), *r.Seed)
	if r.DryRun {
		printTrials(stdout, trials)
		return nil
	}
	return r.play(ctx, newTerminal(stdout), trials)
}

// check refuses values that no plan can have.
func (r *runCmd) check() error {
	for _, p := range r.Phases {
		if !(p >= 0 && p <= 1) { // NaN is neither
			return usage("--phases: %g, want numbers from 0 to 1", p)
		}
	}
	slices.Sort(r.Phases)
	r.Phases = slices.Compact(r.Phases)
	for _, n := range []struct {
		flag               string
		value, least, most int
	}{{"repeat", r.Repeat, 1, 1000}, {"retries", r.Retries, 0, 100}, {"parallel", r.Parallel, 1, 20000}} {
		if n.value < n.least || n.value > n.most {
			return usage("--%s: %d, want %d to %d", n.flag, n.value, n.least, n.most)
		}
	}
	return nil
}

// trials are those of the plan that the flags describe.
func (r *runCmd) trials() ([]harness.Trial, error) {
	set, err := settings(r.Set)
	if err != nil {
		return nil, err
	}
	own, err := r.ownPolicies()
	if err != nil {
		return nil, err
	}
	policies, err := r.policies(own, r.Policy)
	if err != nil {
		return nil, err
	}
	all, err := r.scenarios(own, policies)
	if err != nil {
		return nil, err
	}
	chosen, err := choose("scenario", "scenario", all, func(s scenario.Scenario) string { return s.Name }, r.Scenario)
	if err != nil {
		return nil, err
	}
	again := scenarios.Command{
		Set: set, Policies: r.Policies, Scenarios: r.Scenarios,
		Out: filepath.Join(r.Out, "repeat"), // the report that it is in should outlive it
	}
	plan := harness.Plan{
		Scenarios: chosen, Policies: policies, Phases: r.Phases, Repeat: r.Repeat, Seed: *r.Seed, Mode: r.Mode,
		Command: again.Line,
	}
	if _, err := plan.Trials(); err != nil {
		return nil, usage("%w; see flatline list", err)
	}
	plan.Set = set
	trials, err := plan.Trials()
	if err != nil {
		return nil, usage("--set: %w", err)
	}
	return trials, nil
}

// play runs the trials and reports. What was recorded is reported whatever
// happens.
func (r *runCmd) play(ctx context.Context, t terminal, trials []harness.Trial) error {
	show := newDisplay(t, newProgress(trials, r.Parallel))
	forget := onEnd(ctx, func() { show.say("interrupted: ending what runs; once more to stop at once") })
	runner := harness.Runner{Out: r.Out, Parallel: r.Parallel, Retries: r.Retries, Progress: show.update}
	_, err := runner.Run(ctx, trials)
	forget()
	show.close()

	gathered, lost := report.Gather(r.Out)
	if lost == nil {
		gathered.Summary.Missing = max(0, planned(trials)-gathered.Summary.Trials)
		lost = gathered.Write(r.Out)
	}
	if lost == nil {
		r.tell(t, gathered)
	}
	switch {
	case ctx.Err() != nil && lost == nil:
		return exit{exitInterrupted, fmt.Errorf("interrupted; %s has what there is", r.Out)}
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

// planned is how many records the trials will leave.
func planned(trials []harness.Trial) (n int) {
	for _, t := range trials {
		n += 1 + len(t.Also)
	}
	return n
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

// tell prints what a reader wants to know first, last.
func (r *runCmd) tell(t terminal, gathered report.Report) {
	printMatrix(t, gathered.Matrix)
	printFailures(t, gathered, r.Out)
	s := gathered.Summary
	fmt.Fprintf(t, "\n%s\n", t.verdict(leading(gathered), s.Headline()))
	if s.Verdicts[judge.Inconclusive] > 0 {
		fmt.Fprintln(t, "inconclusive is neither held nor broken: this machine was too busy to tell; --retries 2 runs such trials again")
	}
	fmt.Fprintf(t, "sum of trial times %v, wall %v, ratio %.1f", s.TrialTime.Round(time.Second), s.Wall.Round(time.Second), s.Ratio)
	if e := s.HarnessError; e != nil {
		fmt.Fprintf(t, "; harness error p99 %v, largest %v", e.P99.Round(time.Microsecond), e.Max.Round(time.Microsecond))
	}
	fmt.Fprintf(t, "; seed %d\nreport:", *r.Seed)
	for _, name := range []string{report.HTMLFile, report.MarkdownFile, report.JSONFile, report.JUnitFile} {
		fmt.Fprintf(t, " %s", filepath.Join(r.Out, name))
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
