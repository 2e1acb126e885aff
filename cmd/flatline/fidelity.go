package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/kernel"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/scenarios"
)

// fidelityCmd holds the proxy against the kernel.
type fidelityCmd struct {
	Policy []string `placeholder:"NAME" help:"Policies to compare. Default: all."`
	profileFlags
	Phases  []float64 `placeholder:"P" help:"When to strike in the beat interval, 0 to 1."`
	Stock   bool      `help:"A third column: what Toxiproxy's own toxics tell."`
	Seed    *uint64   `placeholder:"N" help:"Of all randomness. Default: random, printed."`
	Retries int       `default:"2" placeholder:"N" help:"How often to rerun what is inconclusive. Default: 2."`
	Out     string    `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	outputFlags
}

// Help is shown below the command's summary.
func (*fidelityCmd) Help() string {
	return `Runs the same cable pulls on toxiproxy and on kernel, and says how far apart the detection times are. Example: flatline fidelity --profile strict --stock`
}

// Run is called by Kong.
func (f *fidelityCmd) Run(ctx context.Context, s streams) error {
	if f.Retries < 0 || f.Retries > 100 {
		return usage("--retries: %d, want 0 to 100", f.Retries)
	}
	phases, err := checkPhases(f.Phases)
	if err != nil {
		return err
	}
	f.Phases = phases
	if f.Seed == nil {
		f.Seed = new(uint64(rand.Uint32()))
	}
	plans, err := f.plans("")
	if err != nil {
		return err
	}
	if err := kernel.Enter(); err != nil {
		return err
	}
	return f.compare(ctx, s, plans)
}

// compare runs the trials of all networks, and reports.
func (f *fidelityCmd) compare(ctx context.Context, s streams, plans []onNetwork) (err error) {
	unlock, err := report.Lock(f.Out)
	if err != nil {
		return usage("--out: %w", err)
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := report.Prepare(f.Out); err != nil {
		return usage("--out: %w", err)
	}
	var all []harness.Trial
	for _, p := range plans {
		all = append(all, p.trials...)
	}
	if err := report.Plan(f.Out, recordNames(all)); err != nil {
		return err
	}
	t := f.terminal(s)
	records, err := f.play(ctx, t, plans)
	return conclude(ctx, f.Out, records, err, func(gathered report.Report) error {
		if !f.Quiet && !f.JSON {
			printFidelity(t, gathered)
		}
		return cmp.Or(disagreement(fidelity.Table(gathered.Records)), f.end(s, gathered, f.Out))
	})
}

// play runs the trials of each network, and once more what was doubtful, until ctx
// ends.
func (f *fidelityCmd) play(ctx context.Context, t terminal, plans []onNetwork) (all []judge.Record, err error) {
	for _, p := range plans {
		fmt.Fprintf(t, "%s on %s, at most %v, seed %d\n", words.Plural(len(p.trials), "trial"), p.name, rough(wallTime(harness.DefaultParallel, nil, lengths(p.trials))), *f.Seed)
		// One network after the other: on a busy machine they would disturb each
		// other, and not alike.
		records, err := f.on(ctx, t, p)
		if all = append(all, records...); err != nil || ctx.Err() != nil {
			return all, err
		}
	}
	for n := range f.Retries {
		gathered, err := report.Gather(f.Out)
		if err != nil {
			return all, err
		}
		records, err := f.again(ctx, t, fidelity.Table(gathered.Records), n+1)
		if all = append(all, records...); err != nil || ctx.Err() != nil {
			return all, err
		}
	}
	return all, nil
}

// again runs once more what doubtful rows rest on.
func (f *fidelityCmd) again(ctx context.Context, t terminal, rows []fidelity.Row, n int) (all []judge.Record, err error) {
	plans, err := f.plans(fmt.Sprintf("-again%d", n))
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		if p.trials = fidelity.Again(rows, p.trials); len(p.trials) == 0 || p.name == fidelity.Stock {
			continue
		}
		fmt.Fprintf(t, "%s on %s once more: the machine stood still\n", words.Plural(len(p.trials), "trial"), p.name)
		records, err := f.on(ctx, t, p)
		if all = append(all, records...); err != nil || ctx.Err() != nil {
			return all, err
		}
	}
	return all, nil
}

// disagreement is the exit if the networks are further apart than they may be, or
// if it could not be told.
func disagreement(rows []fidelity.Row) error {
	if rows := fidelity.Of(fidelity.Differs, rows); len(rows) > 0 {
		return exit{1, fmt.Errorf("%v; in all %d rows differ", rows[0], len(rows))}
	}
	if rows := fidelity.Of(fidelity.Doubtful, rows); len(rows) > 0 {
		return exit{exitFailed, fmt.Errorf("this machine stood still for too long to tell of %d rows, such as %v", len(rows), rows[0])}
	}
	return nil
}

// onNetwork are the trials of a network.
type onNetwork struct {
	name   string
	start  func() (network.Network, error)
	trials []harness.Trial
}

func (f *fidelityCmd) plans(suffix string) (plans []onNetwork, err error) {
	policies, err := f.policies(nil, f.Policy)
	if err != nil {
		return nil, err
	}
	plans = []onNetwork{
		{name: fidelity.Proxy, start: func() (network.Network, error) { return toxiproxy.New() }},
		{name: fidelity.Kernel, start: func() (network.Network, error) { return kernel.New() }},
	}
	if f.Stock {
		plans = append(plans, onNetwork{name: fidelity.Stock, start: func() (network.Network, error) { return toxiproxy.NewStockCables() }})
	}
	for i := range plans {
		plan := fidelity.Plan(plans[i].name, scenarios.Fidelity(), policies, *f.Seed)
		plan.Phases, plan.Network = f.Phases, plan.Network+suffix
		if plans[i].trials, err = plan.Trials(); err != nil {
			return nil, usage("%w", err)
		}
	}
	return plans, nil
}

// on runs the trials of one network.
func (f *fidelityCmd) on(ctx context.Context, t terminal, p onNetwork) ([]judge.Record, error) {
	n, err := p.start()
	if err != nil {
		return nil, fmt.Errorf("start the network %s: %w", p.name, err)
	}
	runner := harness.Runner{Network: n, Out: f.Out, Retries: f.Retries}
	records, err := shown(ctx, t, runner, p.trials, nil)
	return records, errors.Join(err, n.Close())
}

// printFidelity prints the tables, and the lies.
func printFidelity(t terminal, r report.Report) {
	for _, shown := range fidelity.Show(r.Fidelity) {
		fmt.Fprintf(t, "\n%s, s\n", shown.Measure)
		tab := newTable(t, texts(shown.Head)...)
		for _, cells := range shown.Cells {
			tab.AppendRow(texts(cells))
		}
		tab.Render()
		for _, note := range shown.Notes {
			fmt.Fprintln(t, note)
		}
	}
	if len(r.Lies) > 0 {
		fmt.Fprintln(t, "\nStock toxics tell")
	}
	for _, lie := range r.Lies {
		fmt.Fprintf(t, "- %v\n", lie)
	}
}

func texts(words []string) (cells []any) {
	for _, w := range words {
		cells = append(cells, w)
	}
	return cells
}
