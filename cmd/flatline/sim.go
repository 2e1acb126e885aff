package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/file"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// simCmd simulates trials.
type simCmd struct {
	NetworkModel string `default:"lan" placeholder:"NAME" help:"lan (default), wan, mobile, or one of your own."`
	Networks     string `placeholder:"FILE" help:"Network models of your own, in YAML."`
	planFlags
	Mode   heartbeat.Mode `default:"observe" enum:"act,observe" placeholder:"MODE" help:"observe, or act on a suspicion."`
	Trials int            `default:"1000" placeholder:"N" help:"Of each scenario and policy. Default: 1000."`
	Life   time.Duration  `default:"10m" placeholder:"TIME" help:"Peace before each fault, to count mistakes in: 10m."`
	Phases []float64      `placeholder:"P" help:"When to strike, 0 to 1. Default: all over the interval."`
	Out    string         `placeholder:"DIR" help:"Report's folder: one trial of each phase, recorded."`
	JSON   bool           `name:"json" help:"Print JSON, and nothing else."`
	Equal  *equal         `placeholder:"WHAT" help:"Compare detectors tuned to mistakes=1/day, or detection=9s."`
}

// Help is shown below the command's summary.
func (*simCmd) Help() string {
	return `Example: flatline sim --network-model mobile --scenario cable-pull`
}

// Run is called by Kong.
func (c *simCmd) Run(ctx context.Context, s streams, given *kong.Context) (err error) {
	model, err := c.model()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Equal != nil {
		return c.equals(ctx, s, model, given)
	}
	c.draw()
	trials, leftOut, err := c.samples(ctx, model)
	if err != nil {
		return err
	}
	var recorded []harness.Trial
	if c.Out != "" {
		if recorded, err = c.recorded(); err != nil {
			return err
		}
		unlock, err := c.prepare()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	var w, asides io.Writer = newTerminal(s.out), s.out
	if c.JSON {
		w, asides = io.Discard, s.err
	}
	if leftOut != "" {
		printProse(asides, leftOut)
	}
	times := ""
	if c.Trials > 1 {
		times = words.Count(c.Trials) + " times "
	}
	printProse(w, fmt.Sprintf("%s%s, %v before each fault, seed %d, on the network %s", times, words.Plural(planned(trials), "trial"), c.Life, *c.Seed, model))
	var kept report.Report
	if c.Out != "" { // first, so that it is there whenever the rest is interrupted
		if kept, err = c.record(ctx, model, recorded); err != nil {
			return err
		}
	}
	results, err := c.simulate(ctx, w, model, trials)
	if err == nil && c.Out != "" {
		err = c.told(w, kept)
	}
	if c.JSON {
		err = errors.Join(printJSON(s.out, results), err)
	}
	return err
}

// prepare locks the report's folder, and makes it ready.
func (c *simCmd) prepare() (unlock func() error, err error) {
	unlock, err = report.Lock(c.Out)
	if err != nil {
		return nil, usage("--out: %w", err)
	}
	if err := report.Prepare(c.Out); err != nil {
		return nil, errors.Join(usage("--out: %w", err), unlock())
	}
	return unlock, nil
}

// model is the network model that was asked for.
func (c *simCmd) model() (sim.Model, error) {
	own, err := load("networks", c.Networks, file.Networks)
	if err != nil {
		return sim.Model{}, err
	}
	chosen, err := choose("network-model", "network model", slices.Concat(file.BuiltInNetworks(), own), func(m sim.Model) string { return m.Name }, []string{c.NetworkModel})
	if err != nil {
		return sim.Model{}, err
	}
	return chosen[0], nil
}

// mostTrials bounds the detection times that are kept: 16 MB for each policy.
const mostTrials = 1_000_000

// check refuses values that no simulation can have.
func (c *simCmd) check() error {
	if c.Trials < 1 || c.Trials > mostTrials {
		return usage("--trials: %d, want 1 to %d", c.Trials, mostTrials)
	}
	if c.Life < 0 || c.Life > 100*365*24*time.Hour {
		return usage("--life: %v, want 0s to 876000h, a century", c.Life)
	}
	phases, err := checkPhases(c.Phases)
	c.Phases = phases
	return err
}

// samples are the trials to simulate: one for all phases; and a line on those that
// are left out, if any. Each is tried once, on a network that may let nothing
// through.
func (c *simCmd) samples(ctx context.Context, model sim.Model) (trials []harness.Trial, leftOut string, err error) {
	trials, err = c.planned(harness.Plan{Phases: []float64{0.5}, Mode: c.Mode}, scenarios.Command{})
	if err != nil {
		return nil, "", err
	}
	if idle := c.idle(trials); len(idle) > 0 {
		return nil, "", usage("nothing to simulate of %s", strings.Join(idle, "; "))
	}
	trials, out := simulable(trials, model)
	if err := c.needs(trials, out); err != nil {
		return nil, "", err
	}
	for _, t := range trials {
		_, err := sim.Run(ctx, t.Sample(model, c.Phases, 0, c.Trials))
		if never, ok := errors.AsType[sim.NeverUpError](err); ok {
			return nil, "", usage("%s under %s on network model %s: %w", t.Scenario.Name, t.Policy.Key(), model.Name, never)
		}
	}
	return trials, out.line(planned(trials)), nil
}

// recorded are the trials of the report, as flatline run would have them.
func (c *simCmd) recorded() ([]harness.Trial, error) {
	again := scenarios.Command{Network: c.NetworkModel, Networks: c.Networks, Out: filepath.Join(c.Out, "repeat")}
	return c.planned(harness.Plan{Phases: c.Phases, Mode: c.Mode}, again)
}

// simulate measures all trials, and prints a table as soon as a profile's, in a
// scenario, are through.
func (c *simCmd) simulate(ctx context.Context, w io.Writer, model sim.Model, trials []harness.Trial) (all []simulated, err error) {
	var group []simulated
	done := 0
	for i, t := range trials {
		sum, err := sim.RunMany(ctx, c.Trials, func(n int) sim.Setup {
			s := t.Sample(model, c.Phases, scattered(n, c.Trials), c.Trials)
			s.Life = c.Life
			return s
		})
		done += sum.Trials
		if sum.Trials > 0 {
			for p, policy := range slices.Concat([]heartbeat.Policy{t.Policy}, t.Also) {
				sides := sum.Sides
				if p > 0 {
					sides = sum.Watched[p-1]
				}
				group = append(group, newSimulated(t, policy, model, sum.Trials, sides))
			}
		}
		last := i == len(trials)-1 || trials[i+1].Scenario.Name != t.Scenario.Name || trials[i+1].Policy.Profile != t.Policy.Profile
		if (last || err != nil) && len(group) > 0 {
			printSimulated(w, group)
			all, group = append(all, group...), nil
		}
		switch {
		case ctx.Err() != nil:
			cut := fmt.Errorf("interrupted after %s of %s simulated trials", words.Count(done), words.Count(c.Trials*len(trials)))
			if c.Out != "" {
				cut = fmt.Errorf("%w; %s has the recorded ones, all of them", cut, c.Out)
			}
			return all, exit{exitInterrupted, cut}
		case err != nil:
			return all, err
		}
	}
	fmt.Fprintln(w)
	printProse(w, simLegend)
	return all, nil
}

// scattered is the i-th of n numbers from 0, each once, in an order in which any
// beginning is spread over all of them: trials that are interrupted have struck at
// all phases.
func scattered(i, n int) int {
	step := max(1, int(float64(n)*(math.Sqrt(5)-1)/2)) // the golden section
	for gcd(step, n) != 1 {
		step++
	}
	return int(uint64(i) * uint64(step) % uint64(n))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// record records the trials, and writes the usual report.
func (c *simCmd) record(ctx context.Context, model sim.Model, trials []harness.Trial) (report.Report, error) {
	if err := report.Plan(c.Out, recordNames(trials)); err != nil {
		return report.Report{}, err
	}
	_, failed := harness.Runner{Out: c.Out, Virtual: &model}.Run(ctx, trials)
	gathered, err := report.Conclude(c.Out)
	if failed != nil && ctx.Err() != nil {
		return gathered, exit{exitInterrupted, errors.Join(fmt.Errorf("interrupted; %s has what there is", c.Out), err)}
	}
	return gathered, errors.Join(failed, err)
}

// told says where the report is, and what it comes to.
func (c *simCmd) told(w io.Writer, kept report.Report) error {
	fmt.Fprintln(w)
	printLine(newTerminal(w), "", fmt.Sprintf("%s, a recorded trial for each phase: %s", filepath.Join(c.Out, report.HTMLFile), kept.Headline()))
	return outputFlags{Quiet: true}.end(streams{io.Discard, w}, kept, c.Out)
}
