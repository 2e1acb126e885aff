package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// watchCmd puts any programs to the test, by the wire alone.
type watchCmd struct {
	Upstream   string         `placeholder:"HOST:PORT" help:"The server's address."`
	Listen     string         `placeholder:"HOST:PORT" help:"Where the client connects. Default: a free port, that it is told."`
	Server     bool           `help:"The command is the server's; a client's may follow after another --."`
	ServerPort int            `placeholder:"PORT" help:"Where the server's command listens. Default: a free port, that it is told."`
	Scenario   string         `default:"cable-pull" placeholder:"NAME" help:"What happens. Default: cable-pull."`
	Window     *window        `placeholder:"LO..HI" help:"When to hang up after it: ..30s. Default: it is only timed."`
	Side       string         `enum:",client,server,both" default:"" placeholder:"SIDE" help:"Who is put to the test: client, server or both. Default: whose commands there are, or the client."`
	Observe    time.Duration  `placeholder:"TIME" help:"Longest wait for a hang-up. Default: 2m, and 10s more than the window."`
	After      *time.Duration `placeholder:"TIME" help:"From the first bytes both ways to the strike. Default: 1s, or when you press enter."`
	Interval   time.Duration  `default:"1s" placeholder:"TIME" help:"Over which trials spread their strikes; best the beat interval. Default: 1s."`
	Trials     int            `default:"1" placeholder:"N" help:"How many trials, each with a fresh process."`
	Phases     []float64      `placeholder:"P" help:"When to strike in the interval, 0 to 1. Default: evenly spread."`
	Set        []string       `sep:"none" placeholder:"NAME=TIME" help:"A scenario's parameter: idle=240s."`
	Seed       *uint64        `placeholder:"N" help:"Of all randomness. Default: random, printed."`
	Retries    int            `default:"0" placeholder:"N" help:"How often to rerun what is inconclusive."`
	Parallel   int            `default:"1" placeholder:"N" help:"Most trials at once. Default: 1."`
	Out        string         `default:"reports" placeholder:"DIR" help:"Report's folder; an old one goes. Default: reports."`
	outputFlags
	Command []string `arg:"" optional:"" passthrough:"" help:"After --: the client's command, or the server's."`

	sides []heartbeat.Side // that are put to the test
}

// Help is shown below the command's summary.
func (*watchCmd) Help() string {
	return `A command is told its address by FLATLINE_ADDR, FLATLINE_HOST, FLATLINE_PORT, and by {addr}, {host}, {port} in its arguments. Examples:

	flatline watch --upstream localhost:5672 --window ..30s -- npm run consumer
	flatline watch --server -- redis-server --port {port} -- redis-cli -h {host} -p {port} subscribe x
	flatline watch --listen 127.0.0.1:5000 --upstream localhost:5672`
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
	unlock, err := report.Lock(w.Out)
	if err != nil {
		return usage("--out: %w", err)
	}
	defer func() { err = cmp.Or(err, unlock()) }()
	if err := report.Prepare(w.Out); err != nil {
		return usage("--out: %w", err)
	}
	t := w.told(s)
	fmt.Fprintf(t, "%s of %s, at most %v, seed %d\n", plural(len(trials), "trial"), w.Scenario, rough(wallTime(w.Parallel, nil, lengths(trials))), *w.Seed)
	runner := harness.Runner{Subject: kind, Out: w.Out, Parallel: w.Parallel, Retries: w.Retries}
	return play(ctx, t, runner, trials, func(s harness.State) string { return prompt(kind, s) }, func(gathered report.Report) error {
		if !w.JSON && !w.Quiet {
			printWatched(t, gathered, w.Out)
		}
		return w.end(s, gathered, w.Out)
	})
}

// prompt is what somebody at the keyboard has to do.
func prompt(kind subject.Command, s harness.State) string {
	switch {
	case s.Doing == harness.ComingUp && len(kind.Client) == 0:
		return "start the client now: it connects to " + s.Addr
	case s.Doing == harness.AwaitingCue && kind.Cue != nil:
		return "bytes have gone both ways: press enter to strike"
	default:
		return ""
	}
}
