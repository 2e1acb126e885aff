package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// canaries sends a byte from each side where the scenario asks for its fate, or
// where nobody beats and so nothing else proves the network's fault.
func (l *lab) canaries(ctx context.Context) error {
	if l.actor == nil || !l.trial.sendsCanaries() {
		return nil
	}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if err := l.canary(ctx, side); err != nil {
			return err
		}
	}
	return nil
}

func (t Trial) sendsCanaries() bool {
	asked := slices.ContainsFunc(t.Scenario.Expect, func(e scenario.Expectation) bool {
		return e.That == scenario.CanaryWithheld || e.That == scenario.CanaryArrives
	})
	broken := slices.ContainsFunc(t.Scenario.Faults, func(s scenario.Step) bool { return !s.Fault.Kind.OfPeer() })
	probe := t.Policy.Probe
	return asked || broken && (probe == heartbeat.ProbeNone || probe.AsksKernel())
}

func (l *lab) canary(ctx context.Context, side heartbeat.Side) error {
	sent := l.rec.Now()
	event := trace.Event{T: sent, Side: side, What: trace.Canary}
	if err := l.actor.Canary(side); err != nil {
		event.Cause, event.Detail = "not sent", err.Error()
		l.rec.Record(event)
		return nil
	}
	patience, cancel := context.WithTimeout(ctx, canaryPatience(l.trial.Policy))
	defer cancel()
	_, err := l.rec.Wait(patience, func(e trace.Event) bool {
		return e.Side == side.Peer() && e.What == trace.Heard && e.Kind == "data" && e.T >= sent
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	event.Cause, event.To = "arrived", l.rec.Now()
	if err != nil {
		event.Cause = "withheld"
	}
	l.rec.Record(event)
	return nil
}

// canaryPatience is how long a canary may be under way.
func canaryPatience(p heartbeat.Policy) time.Duration { return time.Second + 2*p.Profile.Delay }

// proofs records everything that the network saw. Faults that nobody undid end
// with the trial.
func (l *lab) proofs(ctx context.Context) error {
	l.proved = true
	o, err := l.path.Observe(ctx)
	if err != nil {
		return fmt.Errorf("read the network's proof: %w", err)
	}
	now := l.rec.Now()
	record := func(e trace.Event) {
		e.Side, e.Uncertainty = trace.Network, int64(o.Uncertainty)
		l.rec.Record(e)
	}
	for i, link := range o.Links {
		name := fmt.Sprintf("link %d", i+1)
		record(trace.Event{T: link.Born, Session: name, What: trace.Dial, Link: &link})
		for end, flow := range map[heartbeat.Side]network.Flow{heartbeat.ClientSide: link.Up, heartbeat.ServerSide: link.Down} {
			if flow.HungUp != network.Never {
				record(trace.Event{T: flow.HungUp, Session: name, What: trace.HangUp, Kind: string(end)})
			}
		}
	}
	for _, s := range o.Strikes {
		if s.Off == network.Never {
			kind := l.trial.Scenario.NetworkFaults()[s.Fault]
			record(trace.Event{T: now, What: trace.FaultOff, Kind: string(kind), Strike: &s})
		}
	}
	return nil
}

// salvage records what the network saw of a trial that did not come to its end.
func (l *lab) salvage(ctx context.Context) {
	if l.proved {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDown)
	defer cancel()
	_ = l.proofs(ctx) // the trial has its error
}
