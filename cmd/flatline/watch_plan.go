package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

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
	return scenarios.Quote(append(words, w.Command...)...)
}
