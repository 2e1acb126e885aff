package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Setup is one trial to simulate.
type Setup struct {
	Policy heartbeat.Policy
	Mode   heartbeat.Mode
	// Model is the network; the zero Model is what a live trial's is.
	Model Model
	// Scenario is what happens, its spans resolved by Scope; the zero Scenario:
	// nothing does, and the trial ends with Life.
	Scenario scenario.Scenario
	Scope    scenario.Scope
	// Phase is where in the beat interval the scenario strikes: 0, just after the
	// client heard an echo, to 1, just before it would hear the next. Above, in
	// a later interval.
	Phase float64
	// Life is how long the sides live in peace before that; 0: the scenario
	// strikes in the first interval, as in a live trial.
	Life time.Duration
	// Seed is that of everything random. The delays of a scenario's own law are
	// those of a live trial of the same seed.
	Seed uint64
	// Watch are more detectors, each for itself beside the policy's own, which
	// are told of the same arrivals. Only where both sides observe: a session
	// that ends has nothing more to tell.
	Watch []Detectors
	// Stalls are times in which a side's own loop stands still. Those of one side
	// that overlap are one.
	Stalls []Stall
	// Canary is how long to wait for the byte that each side sends after the
	// observation, to see whether it arrives; 0: none is sent. Recorded trials only.
	Canary time.Duration
}

// Detectors are one for each side; nil: none.
type Detectors struct{ Client, Server detect.Config }

// Stall is a time in which a side's own loop stands still: what arrives meanwhile
// is heard at its end.
type Stall struct {
	Side heartbeat.Side
	At   time.Duration // from the strike; 0 or more
	For  time.Duration // more than 0
}

// merged are the stalls in order, and those of one side that overlap as one.
func merged(stalls []Stall) (out []Stall) {
	for _, s := range slices.SortedStableFunc(slices.Values(stalls), func(a, b Stall) int { return cmp.Compare(a.At, b.At) }) {
		i := slices.IndexFunc(out, func(o Stall) bool { return o.Side == s.Side && s.At <= o.At+o.For })
		if i < 0 {
			out = append(out, s)
			continue
		}
		out[i].For = max(out[i].For, s.At+s.For-out[i].At)
	}
	return out
}

const mostPhase = 1000

// validate says what is wrong with the setup, if anything.
func (s *Setup) validate() error {
	if err := s.Policy.Validate(); err != nil {
		return err
	}
	if err := s.Model.Validate(); err != nil {
		return err
	}
	if err := s.Model.Supports(s.Policy, s.Scenario); err != nil {
		return err
	}
	switch {
	case !(s.Phase >= 0 && s.Phase <= mostPhase): // NaN is neither
		return fmt.Errorf("phase is %g, want 0 to %d", s.Phase, mostPhase)
	case s.Life < 0:
		return fmt.Errorf("life is %v, want 0 or more", s.Life)
	case len(s.Watch) > 0 && s.Mode != heartbeat.Observe:
		return errors.New("detectors can only watch sessions that observe: one that acts ends at its own verdict")
	}
	for _, w := range s.Watch {
		for _, c := range []detect.Config{w.Client, w.Server} {
			if c == nil {
				continue
			}
			if err := c.Validate(); err != nil {
				return err
			}
		}
	}
	for _, stall := range s.Stalls {
		if stall.Side.Peer() == "" || stall.At < 0 || stall.For <= 0 {
			return fmt.Errorf("stall %+v: want a side, an instant of 0 or later and a duration of more than 0", stall)
		}
	}
	return nil
}

// faults are the kinds that a simulated network and its peers have. Losses,
// doubles and overtaking are the Model's.
var faults = []scenario.Kind{
	scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop, scenario.Latency, scenario.Leave, scenario.Reset,
}

func elsewhere(at scenario.Place) string {
	if at == "" {
		return ""
	}
	return fmt.Sprintf(" at %q", at)
}

// Supports is nil if the model can show the scenario under the policy, else an
// error whose text says why not and where it can be had.
func (m Model) Supports(p heartbeat.Policy, s scenario.Scenario) error {
	if p.Probe.AsksKernel() {
		return errors.New("there is no kernel in virtual time that the probe could ask: run it on kernel")
	}
	switch p.Probe {
	case heartbeat.ProbeEcho, heartbeat.ProbePush, heartbeat.ProbeNone:
	default:
		return fmt.Errorf("there is no code in virtual time for the probe %q: run it live", p.Probe)
	}
	for _, e := range s.Expect {
		if e.That == scenario.HangsUp || e.That == scenario.StaysUp {
			return fmt.Errorf("%s is about subjects that tell nothing, and ours tells all: run it live", e.That)
		}
	}
	for _, step := range s.Faults {
		f := step.Fault
		if f.Kind.OfProcess() {
			return fmt.Errorf("virtual time has no processes, and so no %s: run it live", f.Kind)
		}
		if !slices.Contains(faults, f.Kind) || f.Where != "" && f.Where != scenario.AtClient {
			return fmt.Errorf("virtual time has no %s%s: run it on kernel or relay", f.Kind, elsewhere(f.Where))
		}
		if m.Delivery == UDP && (f.Kind == scenario.Reset || f.Mode == scenario.DropResetAtIdle || f.Mode == scenario.DropResetOnSend) {
			return fmt.Errorf("over %s nobody learns of a reset: want a model of delivery %s", UDP, TCP)
		}
	}
	return nil
}

// planned is a fault with its time resolved.
type planned struct {
	fault  scenario.Fault
	number int // among the network's faults
	at     time.Duration
	lasts  time.Duration // 0: to the end
}

// script is a scenario with its spans resolved.
type script struct {
	faults  []planned
	network []network.Fault // those of the network
	delay   network.Delay
	says    []time.Duration // when the client speaks
	observe time.Duration
}

// resolve is the scenario of a setup.
func (s *Setup) resolve() (script, error) {
	var out script
	var failed error
	eval := func(span scenario.Span) time.Duration {
		d, err := span.Eval(s.Scope)
		failed = errors.Join(failed, err)
		return d
	}
	delay := func(d scenario.Delay) network.Delay {
		return network.Delay{Latency: eval(d.Latency), Jitter: eval(d.Jitter), Law: d.Law}
	}
	sc := s.Scenario
	out.delay, out.observe = delay(sc.Delay), eval(sc.Observe)
	for _, step := range sc.Faults {
		p := planned{fault: step.Fault, number: len(out.network), at: eval(step.At), lasts: eval(step.For)}
		out.faults = append(out.faults, p)
		if f := step.Fault; !f.Kind.OfPeer() {
			out.network = append(out.network, network.Fault{
				Kind: f.Kind, Mode: f.Mode, Toward: f.Toward, Idle: eval(f.Idle), Delay: delay(f.Delay),
			})
		}
	}
	if t := sc.Traffic; t.Every != "" {
		every, from, until := eval(t.Every), eval(t.From), eval(t.Until)
		if failed == nil && every <= 0 {
			return out, fmt.Errorf("traffic every %v: want more than 0", every)
		}
		for at := from; failed == nil && at <= until; at += every {
			out.says = append(out.says, at)
		}
	}
	return out, failed
}
