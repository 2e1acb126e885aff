package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// runCmd runs a plan.
type runCmd struct {
	planFlags
	networkFlag
	peersFlags
	Mode     heartbeat.Mode `default:"act" enum:"act,observe" placeholder:"MODE" help:"act, or observe: equal beats share a trial."`
	Phases   []float64      `placeholder:"P" help:"When to strike in the beat interval, 0 to 1."`
	Repeat   int            `default:"1" placeholder:"N" help:"How often to run each trial."`
	Retries  int            `default:"0" placeholder:"N" help:"How often to rerun what is inconclusive."`
	Parallel int            `default:"${parallel}" placeholder:"N" help:"Most trials at once. Default: ${parallel}."`
	Shard    harness.Shard  `placeholder:"I/N" help:"One of N parts, for as many machines: 2/3."`
	Out      string         `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	DryRun   bool           `help:"Say what would run, and write nothing."`
	outputFlags

	idled []string // what was named, and nothing runs of
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
	r.draw()
	trials, err := r.trials()
	if err != nil {
		return err
	}
	r.idled = r.idle(trials)
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
	n, end, err := r.connect(ctx, r.Advertise, trials)
	if err != nil {
		return err
	}
	defer func() { err = end(err) }()
	unlock, err := report.Lock(r.Out)
	if err != nil {
		return usage("--out: %w", err)
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := report.Prepare(r.Out); err != nil {
		return usage("--out: %w", err)
	}
	if err := report.PlanShard(r.Out, recordNames(trials), r.Shard); err != nil {
		return err
	}
	t := r.terminal(s)
	r.announce(t, trials, all)
	if len(trials) == 0 {
		return r.nothing(s, all)
	}
	runner := harness.Runner{Network: n, Out: r.Out, Parallel: r.Parallel, Retries: r.Retries}
	r.peersFlags.configure(&runner)
	return play(ctx, t, runner, trials, nil, func(gathered report.Report) error { return r.end(s, gathered, r.Out) })
}

// announce says what runs, and how long at most.
func (r *runCmd) announce(w io.Writer, trials []harness.Trial, all int) {
	if len(trials) == 0 {
		return
	}
	what := words.Plural(len(trials), "trial")
	if r.Shard.Of > 0 {
		what = fmt.Sprintf("shard %v: %d of %s", r.Shard, len(trials), words.Plural(all, "trial"))
	}
	if len(r.idled) > 0 {
		printProse(w, "Left out: "+strings.Join(r.idled, "; ")+".")
	}
	fmt.Fprintf(w, "%s, at most %v, seed %d\n", what, rough(wallTime(r.Parallel, nil, lengths(trials))), *r.Seed)
}

// nothing is the end of a run whose shard is empty, which is no failure: the
// trials are in the others.
func (r *runCmd) nothing(s streams, all int) error {
	if r.JSON {
		empty := report.Empty()
		empty.Summary.Shards = []harness.Shard{r.Shard}
		return printJSON(s.out, empty)
	}
	fmt.Fprintf(s.out, "shard %v is empty: other shards have the %s\n", r.Shard, words.Plural(all, "trial"))
	return nil
}

// checkPhases are the phases of a flag, in order, each once.
func checkPhases(phases []float64) ([]float64, error) {
	for _, p := range phases {
		if !(p >= 0 && p <= 1) { // NaN is neither
			return nil, usage("--phases: %g, want numbers from 0 to 1", p)
		}
	}
	slices.Sort(phases)
	return slices.Compact(phases), nil
}

// check refuses values that no plan can have.
func (r *runCmd) check() error {
	if err := r.peersFlags.check(r.elsewhereFlag); err != nil {
		return err
	}
	phases, err := checkPhases(r.Phases)
	if err != nil {
		return err
	}
	r.Phases = phases
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
	again := scenarios.Command{
		Where: append(r.networkFlag.words(), r.peersFlags.words()...),
		Out:   filepath.Join(r.Out, "repeat"), // the report that it is in should outlive it
	}
	return r.planned(harness.Plan{Phases: r.Phases, Repeat: r.Repeat, Mode: r.Mode}, again)
}
