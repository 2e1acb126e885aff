package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// watchCmd puts any programs to the test, by the wire alone.
type watchCmd struct {
	Upstream   string         `placeholder:"HOST:PORT" help:"The server's address."`
	Listen     string         `placeholder:"HOST:PORT" help:"Where the client connects. Default: a free port."`
	Advertise  string         `hidden:"" placeholder:"HOST" help:"Where a Toxiproxy elsewhere reaches this process."`
	Server     bool           `help:"The command is the server's; a client's may follow."`
	Separator  string         `default:"--" placeholder:"WORD" help:"What stands between the two. Default: --."`
	ServerPort int            `placeholder:"PORT" help:"Where the server's command listens. Default: a free port, that it is told."`
	Scenario   string         `default:"cable-pull" placeholder:"NAME" help:"What happens. Default: cable-pull."`
	Window     *window        `placeholder:"LO..HI" help:"When to hang up: ..30s. Default: it is only timed."`
	Side       string         `placeholder:"SIDE" help:"client, server or both. Default: whose command it is."`
	Observe    *time.Duration `placeholder:"TIME" help:"Longest wait. Default: idle + 2m, or window + 10s."`
	After      *time.Duration `placeholder:"TIME" help:"From first bytes to strike. Default: 1s, or enter."`
	Interval   time.Duration  `default:"1s" placeholder:"TIME" help:"The beats', over which trials spread. Default: 1s."`
	Trials     int            `default:"1" placeholder:"N" help:"How many, with fresh processes; or per phase."`
	Phases     []float64      `placeholder:"P" help:"When to strike in the interval, 0 to 1. Default: evenly spread."`
	Set        []string       `sep:"none" placeholder:"NAME=TIME" help:"A scenario's parameter: idle=240s."`
	Seed       *uint64        `placeholder:"N" help:"Of all randomness. Default: random, printed."`
	Retries    int            `default:"0" placeholder:"N" help:"How often to rerun what is inconclusive."`
	Parallel   int            `default:"1" placeholder:"N" help:"Most trials at once. Default: 1."`
	networkFlag
	Out string `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	outputFlags
	Command []string `arg:"" optional:"" passthrough:"" help:"After --: the client's command, or the server's."`

	sides   []heartbeat.Side // that are put to the test
	observe time.Duration
}

// rare are the flags that the help only names: everybody knows them from run, or
// hardly anybody needs them.
func (*watchCmd) rare() []string {
	return []string{"phases", "seed", "retries", "parallel", "quiet", "json", "open", "server-port"}
}

// Help is shown below the command's summary.
func (*watchCmd) Help() string {
	return `{addr}, {host}, {port} and FLATLINE_ADDR, _HOST, _PORT say where to. Examples:

	flatline watch --upstream localhost:5672 --window ..30s -- npm run consumer
	flatline watch --server -- redis-server --port {port} -- redis-cli -p {port}

More, as of run: --phases, --seed, --retries, --parallel, --quiet, --json, --open; and --server-port.`
}

// Run is called by Kong.
func (w *watchCmd) Run(ctx context.Context, s streams) (err error) {
	kind, err := w.subject()
	if err != nil {
		return err
	}
	if err := w.check(kind); err != nil {
		return err
	}
	if w.Seed == nil {
		w.Seed = new(uint64(rand.Uint32()))
	}
	trials, err := w.trials()
	if err != nil {
		return err
	}
	n, end, err := w.connect(ctx, w.Advertise, trials)
	if err != nil {
		return err
	}
	defer func() { err = end(err) }()
	unlock, err := report.Lock(w.Out)
	if err != nil {
		return usage("--out: %w", err)
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := report.Prepare(w.Out); err != nil {
		return usage("--out: %w", err)
	}
	if err := report.Plan(w.Out, recordNames(trials)); err != nil {
		return err
	}
	t := w.terminal(s)
	if kind.Cue != nil {
		kind.Cue = onScreen(t, kind.Cue)
	}
	fmt.Fprintf(t, "%s of %s, at most %v once bytes go both ways%s, seed %d\n", words.Plural(len(trials), "trial"), w.Scenario,
		rough(wallTime(w.Parallel, nil, w.lengths(trials, kind))), eachTime(kind), *w.Seed)
	runner := harness.Runner{Network: n, Subject: kind, Out: w.Out, Parallel: w.Parallel, Retries: w.Retries}
	return play(ctx, t, runner, trials, func(s harness.State) string { return prompt(kind, s) }, func(gathered report.Report) error {
		if !w.JSON && !w.Quiet {
			printHangUps(t, gathered, w.Out)
		}
		return w.end(s, gathered, w.Out)
	})
}

// lengths are how long the trials take at most from when bytes have gone both
// ways or, where somebody gives the cue, from that.
func (w *watchCmd) lengths(trials []harness.Trial, kind command.Kind) []time.Duration {
	out := lengths(trials)
	for i := range out {
		if kind.Cue == nil {
			out[i] += cmp.Or(kind.After, command.UsualAfter)
		}
	}
	return out
}

func eachTime(kind command.Kind) string {
	if kind.Cue != nil {
		return " and you have pressed enter"
	}
	return ""
}

// prompt is what somebody at the keyboard has to do.
func prompt(kind command.Kind, s harness.State) string {
	switch {
	case s.Doing == harness.ComingUp && len(kind.Client) == 0:
		return "start the client now: it connects to " + s.Addr
	case s.Doing == harness.AwaitingCue && kind.Cue != nil:
		return "bytes have gone both ways: press enter to strike"
	default:
		return ""
	}
}
