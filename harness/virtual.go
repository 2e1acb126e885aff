package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
)

// virtual runs a trial in virtual time. It is no network.Network: those carry
// sockets, and wait.
type virtual struct {
	trial Trial
	model sim.Model
}

// virtualEpoch is the wall clock at the beginning of every trial, so that a seed
// decides all bytes of a trace.
var virtualEpoch = time.Unix(0, 0).UTC()

func (v virtual) unmeasurable() error {
	if err := v.model.Supports(v.trial.Policy, v.trial.Scenario); err != nil {
		return fmt.Errorf("not measurable on %s: %w", sim.Name, err)
	}
	return v.trial.nothingToShow()
}

func (v virtual) header(time.Time) trace.Header {
	return v.trial.header(virtualEpoch, sim.Name, subject.Pair{}.Name(), versions(sim.Name+", "+v.model.String()))
}

func (v virtual) run(ctx context.Context, out io.Writer, _ *watchdog) (trace.Trace, error) {
	events, err := sim.Record(ctx, v.trial.Simulated(v.model))
	t := trace.Trace{Header: v.header(virtualEpoch), Events: events}
	if !t.Ended() { // it ended with the error
		var last int64
		for _, e := range events {
			last = max(last, e.T)
		}
		t.Events = append(t.Events, trace.Event{T: last, Side: trace.Harness, What: trace.End})
	}
	err = errors.Join(err, trace.Write(out, t))
	trace.Sort(t.Events)
	return t, err
}

// Simulated is the trial for package sim, on a network of that model.
func (t Trial) Simulated(m sim.Model) sim.Setup {
	s := sim.Setup{
		Policy: t.Policy, Mode: t.Mode, Model: m, Scenario: t.Scenario, Scope: t.Scope, Phase: t.Phase, Seed: t.Seed,
	}
	if t.sendsCanaries() {
		s.Canary = canaryPatience(t.Policy)
	}
	return s
}

// Sample is the i-th of n simulations of the trial, for package sim: with a seed
// of its own, and struck at one of phases or, if there are none, at a phase of its
// own, spread evenly over the beat interval. Policies that share the trial watch.
func (t Trial) Sample(m sim.Model, phases []float64, i, n int) sim.Setup {
	t.Phase = (float64(i) + 0.5) / float64(n)
	if len(phases) > 0 {
		t.Phase = phases[i%len(phases)]
	}
	t.Seed = seed(t.PlanSeed, fmt.Sprintf("%s/%s/%d", m.Name, t.ID, i))
	s := t.Simulated(m)
	for _, p := range t.Also {
		s.Watch = append(s.Watch, sim.Detectors{Client: p.Client, Server: p.Server})
	}
	return s
}
