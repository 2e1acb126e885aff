package main

import (
	"fmt"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// subject is what the commands and addresses describe.
func (w *watchCmd) subject() (command.Kind, error) {
	kind := command.Kind{Upstream: w.Upstream, Listen: w.Listen, ServerPort: w.ServerPort}
	if len(w.Command) > 0 && w.Command[0] != "--" {
		return kind, usage("%q: want -- before the command", w.Command[0])
	}
	kind.Client = w.Command[min(1, len(w.Command)):]
	if w.Server || w.ServerPort != 0 {
		kind.Server, kind.Client = kind.Client, nil
		if i := slices.Index(kind.Server, w.Separator); i >= 0 {
			kind.Server, kind.Client = kind.Server[:i], kind.Server[i+1:]
			if len(kind.Client) == 0 {
				return kind, usage("--separator: want the client's command after %s", w.Separator)
			}
		}
		if len(kind.Server) == 0 {
			return kind, usage("--server: want its command after --")
		}
	}
	if len(kind.Client) > 0 && strings.HasPrefix(kind.Client[0], "-") {
		return kind, usage("client's command: %q is no program; where a -- belongs to a command, part the two by another word: --server --separator AND -- SERVER... AND CLIENT...", kind.Client[0])
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
func sidesUnderTest(named string, kind command.Kind) []heartbeat.Side {
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
func (w *watchCmd) check(kind command.Kind) error {
	if w.After != nil && (*w.After <= 0 || *w.After > longestLook) {
		return usage("--after: %v, want more than 0, at most %v", *w.After, longestLook)
	}
	if err := kind.Check(); err != nil {
		return usage("%w; see flatline watch --help", err)
	}
	if w.Interval <= 0 || w.Interval > 25*time.Hour {
		return usage("--interval: %v, want more than 0, at most 25h", w.Interval)
	}
	if !slices.Contains([]string{"", string(heartbeat.ClientSide), string(heartbeat.ServerSide), "both"}, w.Side) {
		return usage("--side: %q, want client, server or both", w.Side)
	}
	if w.Separator != "--" && len(kind.Server) == 0 {
		return usage("--separator: it parts the server's command from the client's, want --server too")
	}
	if err := w.canListen(); err != nil {
		return err
	}
	phases, err := checkPhases(w.Phases)
	if err != nil {
		return err
	}
	w.Phases = phases
	for _, n := range []struct {
		flag               string
		value, least, most int
	}{{"trials", w.Trials, 1, 1000}, {"retries", w.Retries, 0, 100}, {"parallel", w.Parallel, 1, 1000}} {
		if n.value < n.least || n.value > n.most {
			return usage("--%s: %d, want %d to %d", n.flag, n.value, n.least, n.most)
		}
	}
	if w.Network == "relay" {
		return usage("--network relay: it carries UDP, and hang-ups are what is watched here: want toxiproxy or kernel")
	}
	if w.Network == "kernel" && (w.Upstream != "" || w.Listen != "" || len(kind.Client) == 0 || len(kind.Server) == 0) {
		return usage("--network kernel: client and server run on hosts of their own, want commands for both: --server -- SERVER -- CLIENT; each is told the server's address")
	}
	if w.Parallel > 1 && (w.Listen != "" || w.ServerPort != 0) {
		return usage("--parallel: %d trials cannot share an address, want neither --listen nor --server-port", w.Parallel)
	}
	return nil
}

// canListen refuses an address that is no address of ours, or is taken.
func (w *watchCmd) canListen() error {
	if w.Listen == "" || w.Toxiproxy != "" {
		return nil
	}
	ln, err := net.Listen("tcp", w.Listen)
	if err != nil {
		return usage("--listen: %w", err)
	}
	return ln.Close()
}

// trials are those of the plan that the flags describe.
func (w *watchCmd) trials() ([]harness.Trial, error) {
	set, err := settings(w.Set)
	if err != nil {
		return nil, err
	}
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
	if err := w.look(chosen[0], policy, set); err != nil {
		return nil, err
	}
	phases, repeat := w.Phases, w.Trials
	if len(phases) == 0 {
		repeat = 1
		for i := range w.Trials {
			phases = append(phases, math.Round(float64(i)/float64(w.Trials)*1e4)/1e4)
		}
	}
	plan := harness.Plan{
		Scenarios: chosen, Policies: []heartbeat.Policy{policy}, Phases: phases, Repeat: repeat, Seed: *w.Seed,
		Command: w.again,
	}
	return withSet(plan, set)
}

// again is the command that runs a trial again.
func (w *watchCmd) again(t harness.Trial) string {
	words := []string{"watch", "--scenario", w.Scenario, "--observe", w.observe.String(), "--interval", w.Interval.String(),
		"--phases", fmt.Sprintf("%g", t.Phase), "--seed", fmt.Sprint(t.PlanSeed), "--out", filepath.Join(w.Out, "repeat")}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag, value)
		}
	}
	words = append(words, w.networkFlag.words()...)
	add("advertise", w.Advertise)
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
	if w.Separator != "--" {
		add("separator", w.Separator)
	}
	return program() + " " + scenarios.Quote(append(words, w.Command...)...)
}
