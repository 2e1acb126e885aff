package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/flatline-go/flatline/harness"
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
	Shard    harness.Shard  `placeholder:"I/N" help:"One of N parts, for as many machines: 2/3."`
	Out      string         `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	DryRun   bool           `help:"Say what would run, and write nothing."`
	outputFlags
}

// Help is shown below the command's summary.
func (*runCmd) Help() string {
	return `Example: flatline run --profile strict --scenario cable-pull,idle-drop`
}

// Run is called by Kong.
func (r *runCmd) Run(ctx context.Context, s streams) (err error) {
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
	all := len(trials)
	trials = slices.DeleteFunc(trials, func(t harness.Trial) bool { return !r.Shard.Has(t.ID) })
	if r.DryRun {
		if r.JSON {
			return usage("--json and --dry-run: want one of them; what did not run has no report")
		}
		r.announce(s.out, trials, all)
		printTrials(s.out, trials)
		return nil
	}
	unlock, err := report.Lock(r.Out)
	if err != nil {
		return usage("--out: %w", err)
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := report.Prepare(r.Out); err != nil {
		return usage("--out: %w", err)
	}
	t := r.told(s)
	r.announce(t, trials, all)
	if len(trials) == 0 {
		return r.nothing(s, all)
	}
	runner := harness.Runner{Out: r.Out, Parallel: r.Parallel, Retries: r.Retries}
	return play(ctx, t, runner, trials, nil, func(gathered report.Report) error { return r.end(s, gathered, r.Out) })
}

// announce says what runs, and how long at most.
func (r *runCmd) announce(w io.Writer, trials []harness.Trial, all int) {
	if len(trials) == 0 {
		return
	}
	what := plural(len(trials), "trial")
	if r.Shard.Of > 0 {
		what = fmt.Sprintf("shard %v: %d of %s", r.Shard, len(trials), plural(all, "trial"))
	}
	fmt.Fprintf(w, "%s, at most %v, seed %d\n", what, rough(wallTime(r.Parallel, nil, lengths(trials))), *r.Seed)
}

// nothing is the end of a run whose shard is empty, which is no failure: the
// trials are in the others.
func (r *runCmd) nothing(s streams, all int) error {
	if r.JSON {
		return printJSON(s.out, report.Empty())
	}
	fmt.Fprintf(s.out, "shard %v is empty: other shards have the %s\n", r.Shard, plural(all, "trial"))
	return nil
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
