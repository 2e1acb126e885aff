package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// action is something that the lab does at an offset.
type action struct {
	at   int64
	wait func(ctx context.Context, at int64) error // until it is due, perhaps sooner; nil: until at
	do   func(ctx context.Context) error
}

// timeline carries out the scenario's faults and traffic. The client speaks beside the faults: one that has no session must not hold up a heal.
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
		return l.untilHungUp(ctx, end)
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
			continue
		}
		i := number
		number++
		actions = append(actions, action{at: on, do: func(ctx context.Context) error {
			l.say(State{Doing: string(step.Fault.Kind), Until: l.at(end)})
			return l.apply(ctx, i, step.Fault.Kind)
		}})
		if last > 0 {
			heal := action{at: on + int64(last), do: func(ctx context.Context) error {
				l.say(State{Doing: "healed", Until: l.at(end)})
				return l.undo(ctx, i, step.Fault.Kind)
			}}
			if l.expects(scenario.HangsUp) {
				heal.wait = l.untilHungUp
			}
			actions = append(actions, heal)
		}
	}
	return actions, nil
}

func (l *lab) apply(ctx context.Context, i int, kind scenario.Kind) error {
	if err := l.stillUp(ctx); err != nil {
		return err
	}
	if err := l.path.Apply(ctx, i); err != nil {
		return fmt.Errorf("apply %s: %w", kind, err)
	}
	strike, uncertainty, err := l.proof(ctx, i)
	if err != nil {
		return err
	}
	l.rec.Record(trace.Event{
		T: strike.On, Uncertainty: uncertainty, Side: trace.Network, What: trace.FaultOn, Kind: string(kind), Strike: &strike,
	})
	return nil
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

// afflict does what a fault of a peer does. It has no duration.
func (l *lab) afflict(f scenario.Fault) error {
	do := l.actor.Leave
	if f.Kind == scenario.Reset {
		do = l.actor.Reset
	}
	at := l.rec.Now()
	l.rec.Record(trace.Event{T: at, Side: trace.Network, What: trace.FaultOn, Kind: string(f.Kind)})
	if err := do(f.Side); err != nil {
		return fmt.Errorf("%s of the %s: %w", f.Kind, f.Side, err)
	}
	l.healed = at
	l.rec.Record(trace.Event{T: at, Side: trace.Network, What: trace.FaultOff, Kind: string(f.Kind)})
	return nil
}

// traffic are the actions that make the client speak.
func (l *lab) traffic() ([]action, error) {
	t := l.trial.Scenario.Traffic
	if t.Every == "" || l.actor == nil {
		return nil, nil
	}
	var spans [3]time.Duration
	for i, s := range []scenario.Span{t.Every, t.From, t.Until} {
		var err error
		if spans[i], err = s.Eval(l.trial.Scope); err != nil {
			return nil, err
		}
	}
	every, from, until := spans[0], spans[1], spans[2]
	if every <= 0 {
		return nil, fmt.Errorf("traffic every %v: want more than 0", every)
	}
	var actions []action
	for at := from; at <= until; at += every {
		actions = append(actions, action{at: l.planned + int64(at), do: l.speak})
	}
	return actions, nil
}

func (l *lab) waitsForRecovery() bool { return l.expects(scenario.Recovers) }

func (l *lab) expects(that scenario.Outcome) bool {
	return slices.ContainsFunc(l.trial.Scenario.Expect, func(e scenario.Expectation) bool {
		return e.That == that && e.AppliesTo(l.trial.Policy.Name)
	})
}

// recover makes the client say something in each session after the faults' end,
// until an answer comes on a session that beats, or until end.
func (l *lab) recover(ctx context.Context, end int64) error {
	from := l.healed
	if l.actor == nil {
		return l.recoverByWire(ctx, from, end)
	}
	ctx, done := context.WithCancel(ctx)
	limited, cancel := context.WithDeadline(ctx, l.at(end))
	defer cancel()
	var talking sync.WaitGroup
	talking.Go(func() { l.talk(limited, from) })
	defer talking.Wait()
	defer done()
	both := map[trace.Side]bool{}
	_, err := l.rec.Wait(limited, func(e trace.Event) bool {
		if e.What == trace.Heard && e.Kind == "data" && e.T >= from {
			both[e.Side] = true
		}
		return len(both) == 2
	})
	if err != nil && limited.Err() != nil && errors.Is(context.Cause(limited), context.DeadlineExceeded) {
		return nil // no recovery: for the judge to say
	}
	return err
}

// talk says something now, if there is a session, and in every new one.
func (l *lab) talk(ctx context.Context, from int64) {
	_ = l.actor.Say() // the old session may be gone: the next will do
	said := map[string]bool{}
	for {
		up, err := l.rec.Wait(ctx, func(e trace.Event) bool {
			return e.Side == heartbeat.ClientSide && e.What == trace.Up && e.T >= from && !said[e.Session]
		})
		if err != nil {
			return
		}
		said[up.Session] = true
		_ = l.speak(ctx) // a session that has ended again is followed by another
	}
}

// speak makes the client say something. Its application learns of a new session
// a moment after the trace does, so a client that cannot speak yet gets a second;
// one that still cannot has no session, which is for the judge to say.
func (l *lab) speak(ctx context.Context) error {
	for end := l.rec.Now() + int64(time.Second); l.actor.Say() != nil && l.rec.Now() < end; {
		if err := l.sleepUntil(ctx, l.rec.Now()+int64(5*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}
