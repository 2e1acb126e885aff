package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
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
	Command    []string       `arg:"" optional:"" passthrough:"" help:"After --: the client's command, or the server's."`

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
func (w *watchCmd) Run(ctx context.Context, stdout io.Writer) error {
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
	if err := report.Prepare(w.Out); err != nil {
		return usage("--out: %w", err)
	}
	t := newTerminal(stdout)
	fmt.Fprintf(t, "%s of %s, at most %v, seed %d\n", plural(len(trials), "trial"), w.Scenario, rough(wallTime(w.Parallel, nil, lengths(trials))), *w.Seed)
	runner := harness.Runner{Subject: kind, Out: w.Out, Parallel: w.Parallel, Retries: w.Retries}
	return play(ctx, t, runner, trials, func(s harness.State) string { return prompt(kind, s) }, func(gathered report.Report) {
		printWatched(t, gathered, w.Out)
		if len(trials) > 1 {
			printMatrix(t, gathered.Matrix)
		}
		printFailures(t, gathered, w.Out)
		printSummary(t, gathered, w.Out, *w.Seed)
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

// subject is what the commands and addresses describe.
func (w *watchCmd) subject() (subject.Command, error) {
	kind := subject.Command{Upstream: w.Upstream, Listen: w.Listen, ServerPort: w.ServerPort}
	if len(w.Command) > 0 && w.Command[0] != "--" {
		return kind, usage("%q: want -- before the command", w.Command[0])
	}
	kind.Client = w.Command[min(1, len(w.Command)):]
	if w.Server || w.ServerPort != 0 {
		kind.Server, kind.Client = kind.Client, nil
		if i := slices.Index(kind.Server, "--"); i >= 0 {
			kind.Server, kind.Client = kind.Server[:i], kind.Server[i+1:]
		}
		if len(kind.Server) == 0 {
			return kind, usage("--server: want its command after --")
		}
	}
	switch {
	case w.After != nil:
		kind.After = *w.After
	case len(kind.Client) == 0:
		kind.Cue = pressEnter
	}
	if len(kind.Client) == 0 {
		kind.ComeUp = time.Hour // somebody has to start it
	}
	w.sides = sidesUnderTest(w.Side, kind)
	return kind, nil
}

// sidesUnderTest are those that the user named, or else brought commands for;
// without any, the client.
func sidesUnderTest(named string, kind subject.Command) []heartbeat.Side {
	switch {
	case named == string(heartbeat.ClientSide), named == "" && len(kind.Server) == 0:
		return []heartbeat.Side{heartbeat.ClientSide}
	case named == string(heartbeat.ServerSide), named == "" && len(kind.Server) > 0 && len(kind.Client) == 0:
		return []heartbeat.Side{heartbeat.ServerSide}
	default:
		return []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	}
}

// check refuses values that no trial can have.
func (w *watchCmd) check(kind subject.Command) error {
	if err := kind.Check(); err != nil {
		return usage("%w; see flatline watch --help", err)
	}
	if w.Observe == 0 {
		w.Observe = 2 * time.Minute
		if w.Window != nil {
			w.Observe = max(w.Observe, w.Window.Hi+10*time.Second)
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"observe", w.Observe}, {"interval", w.Interval}} {
		if d.value <= 0 || d.value > 25*time.Hour {
			return usage("--%s: %v, want more than 0, at most 25h", d.flag, d.value)
		}
	}
	if w.After != nil && *w.After <= 0 {
		return usage("--after: %v, want more than 0", *w.After)
	}
	if w.Window != nil && w.Window.Hi+time.Second > w.Observe {
		return usage("--observe: %v, want a second more than the window's upper bound at least: %v", w.Observe, w.Window.Hi+time.Second)
	}
	for _, n := range []struct {
		flag               string
		value, least, most int
	}{{"trials", w.Trials, 1, 1000}, {"retries", w.Retries, 0, 100}, {"parallel", w.Parallel, 1, 1000}} {
		if n.value < n.least || n.value > n.most {
			return usage("--%s: %d, want %d to %d", n.flag, n.value, n.least, n.most)
		}
	}
	if w.Parallel > 1 && (w.Listen != "" || w.ServerPort != 0) {
		return usage("--parallel: %d trials cannot share an address, want neither --listen nor --server-port", w.Parallel)
	}
	return nil
}

// trials are those of the plan that the flags describe.
func (w *watchCmd) trials() ([]harness.Trial, error) {
	set, err := settings(w.Set)
	if err != nil {
		return nil, err
	}
	if _, twice := set["observe"]; twice {
		return nil, usage("--set: observe is --observe")
	}
	set["observe"] = scenario.Span(w.Observe.String())
	chosen, err := choose("scenario", "scenario", scenarios.ByWire(w.sides...), func(s scenario.Scenario) string { return s.Name }, []string{w.Scenario})
	if err != nil {
		return nil, err
	}
	var asked heartbeat.Window
	if w.Window != nil {
		asked = w.Window.Window
	}
	policy := harness.Foreign("watched", asked)
	policy.Interval = w.Interval
	phases := w.Phases
	if len(phases) == 0 {
		for i := range w.Trials {
			phases = append(phases, math.Round((float64(i)+0.5)/float64(w.Trials)*1e4)/1e4)
		}
	}
	plan := harness.Plan{
		Scenarios: chosen, Policies: []heartbeat.Policy{policy}, Phases: phases, Set: set, Seed: *w.Seed,
		Command: w.again,
	}
	trials, err := plan.Trials()
	if err != nil {
		return nil, usage("%w", err)
	}
	return trials, nil
}

// again is the command that runs a trial again.
func (w *watchCmd) again(t harness.Trial) string {
	words := []string{"flatline", "watch", "--scenario", w.Scenario, "--observe", w.Observe.String(), "--interval", w.Interval.String(),
		"--phases", fmt.Sprintf("%g", t.Phase), "--seed", fmt.Sprint(t.PlanSeed), "--out", filepath.Join(w.Out, "repeat")}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag, value)
		}
	}
	add("upstream", w.Upstream)
	add("listen", w.Listen)
	add("side", w.Side)
	if w.Window != nil {
		add("window", w.Window.String())
	}
	if w.After != nil {
		add("after", w.After.String())
	}
	if w.ServerPort != 0 {
		add("server-port", fmt.Sprint(w.ServerPort))
	}
	for _, s := range w.Set {
		add("set", s)
	}
	if w.Server {
		words = append(words, "--server")
	}
	return strings.TrimSpace(scenarios.Quote(append(words, w.Command...)...))
}
