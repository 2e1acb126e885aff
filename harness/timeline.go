package harness

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
)

// action is something that the lab does at an offset.
type action struct {
	at   int64
	wait func(ctx context.Context, at int64) error // until it is due, perhaps sooner; nil: until at
	do   func(ctx context.Context) error
}

// timeline carries out the scenario's faults and traffic. The client speaks beside
// the faults: one that has no session must not hold up a heal.
func (l *lab) timeline(ctx context.Context, end int64) error {
	faults, err := l.faults(end)
	if err != nil {
		return err
	}
	traffic, err := l.traffic()
	if err != nil {
		return err
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return l.act(ctx, faults, end) })
	both.Go(func() error { return l.act(ctx, traffic, end) })
	return both.Wait()
}

// act does the actions that are due until end.
func (l *lab) act(ctx context.Context, actions []action, end int64) error {
	slices.SortStableFunc(actions, func(a, b action) int { return cmp.Compare(a.at, b.at) })
	for _, a := range actions {
		if a.at > end {
			break
		}
		wait := a.wait
		if wait == nil {
			wait = l.sleepUntil
		}
		if err := wait(ctx, a.at); err != nil {
			return err
		}
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// observe waits until end, or until the recovery or the hang-ups that the
// scenario waits for.
func (l *lab) observe(ctx context.Context, end int64) error {
	switch {
	case l.waitsForRecovery(), l.expects(scenario.HangsUp) && l.healed > 0:
		return l.recover(ctx, end-l.saved)
	case l.expects(scenario.HangsUp):
		return l.untilHungUp(ctx, l.struck, end)
	default:
		return l.sleepUntil(ctx, end)
	}
}

// faults are the actions that apply and undo the scenario's faults.
func (l *lab) faults(end int64) ([]action, error) {
	var actions []action
	number := 0 // among the network's faults
	for _, step := range l.trial.Scenario.Faults {
		at, err := step.At.Eval(l.trial.Scope)
		if err != nil {
			return nil, err
		}
		last, err := step.For.Eval(l.trial.Scope)
		if err != nil {
			return nil, err
		}
		on := l.planned + int64(at)
		if step.Fault.Kind.OfPeer() {
			actions = append(actions, action{at: on, do: func(context.Context) error { return l.afflict(step.Fault) }})
			if last > 0 {
				actions = append(actions, action{at: on + int64(last), do: func(context.Context) error { return l.relieve(step.Fault) }})
			}
			continue
		}
		i := number
		number++
		var struck int64
		actions = append(actions, action{at: on, do: func(ctx context.Context) (err error) {
			l.tell(State{Doing: string(step.Fault.Kind), Until: l.at(end)})
			struck, err = l.apply(ctx, i, step.Fault.Kind)
			return err
		}})
		if last > 0 {
			heal := action{at: on + int64(last), do: func(ctx context.Context) error {
				l.tell(State{Doing: "healed", Until: l.at(end)})
				return l.undo(ctx, i, step.Fault.Kind)
			}}
			if l.expects(scenario.HangsUp) {
				heal.wait = func(ctx context.Context, at int64) error { return l.untilHungUp(ctx, struck, at) }
			}
			actions = append(actions, heal)
		}
	}
	return actions, nil
}

// apply applies a fault, and returns since when it is in effect.
func (l *lab) apply(ctx context.Context, i int, kind scenario.Kind) (on int64, err error) {
	if err := l.stillUp(ctx); err != nil {
		return 0, err
	}
	if err := l.path.Apply(ctx, i); err != nil {
		return 0, fmt.Errorf("apply %s: %w", kind, err)
	}
	strike, uncertainty, err := l.proof(ctx, i)
	if err != nil {
		return 0, err
	}
	l.struck = cmp.Or(l.struck, strike.On)
	l.rec.Record(trace.Event{
		T: strike.On, Uncertainty: uncertainty, Side: trace.Network, What: trace.FaultOn, Kind: string(kind), Strike: &strike,
	})
	return strike.On, nil
}

func (l *lab) undo(ctx context.Context, i int, kind scenario.Kind) error {
	if err := l.path.Undo(ctx, i); err != nil {
		return fmt.Errorf("undo %s: %w", kind, err)
	}
	strike, uncertainty, err := l.proof(ctx, i)
	if err != nil {
		return err
	}
	l.healed = strike.Off
	l.rec.Record(trace.Event{
		T: strike.Off, Uncertainty: uncertainty, Side: trace.Network, What: trace.FaultOff, Kind: string(kind), Strike: &strike,
	})
	return nil
}

// proof is the newest strike of fault i.
func (l *lab) proof(ctx context.Context, i int) (strike network.Strike, uncertainty int64, err error) {
	o, err := l.path.Observe(ctx)
	if err != nil {
		return strike, 0, fmt.Errorf("read the network's proof: %w", err)
	}
	for _, s := range slices.Backward(o.Strikes) {
		if s.Fault == i {
			return s, int64(o.Uncertainty), nil
		}
	}
	return strike, 0, fmt.Errorf("the network has no proof of fault %d", i+1)
}

func (l *lab) waitsForRecovery() bool { return l.expects(scenario.Recovers) }

func (l *lab) expects(that scenario.Outcome) bool {
	return slices.ContainsFunc(l.trial.Scenario.Expected(l.trial.Policy.Name, l.network.Name()), func(e scenario.Expectation) bool { return e.That == that })
}
