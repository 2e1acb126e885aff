package harness

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// comeUp bounds how long a subject may take until both sides have heard each
// other, beside the time of a few round trips.
const comeUp = 10 * time.Second

// ready waits until both sides have heard each other, and returns the instant
// that the phase counts from: the client's last heard echo; with one-way beats
// the receiver's last heard beat; without beats the client's coming up.
func (l *lab) ready(ctx context.Context) (heard int64, err error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	go func() { // a subject that ends already never comes up
		select {
		case err := <-l.ended:
			giveUp(err)
		case <-ctx.Done():
		}
	}()
	limit := cmp.Or(l.place.ComeUp, comeUp+6*l.trial.Policy.Profile.Delay)
	soon, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the two sides did not hear each other within %v", limit))
	defer cancel()
	heard, err = l.upAndHeard(soon)
	if err != nil || l.placed == nil {
		return heard, err
	}
	l.say(State{Doing: AwaitingCue, Addr: l.path.Addr()})
	if err := l.placed.Cue(ctx); err != nil {
		return 0, cmp.Or(context.Cause(ctx), err)
	}
	return l.rec.Now(), nil
}

// upAndHeard waits for what the subject shows: its events, or else the wire.
func (l *lab) upAndHeard(ctx context.Context) (heard int64, err error) {
	if l.actor == nil {
		return l.readyByWire(ctx)
	}
	sides := []heartbeat.Side{heartbeat.ServerSide, heartbeat.ClientSide} // the client's instant is the last, and counts
	for _, side := range sides {
		up, err := l.rec.Wait(ctx, func(e trace.Event) bool { return e.Side == side && e.What == trace.Up })
		if err != nil {
			return 0, context.Cause(ctx)
		}
		heard = up.T
	}
	for _, side := range sides {
		if !hears(l.trial.Policy, side) {
			continue
		}
		sign, err := l.rec.Wait(ctx, func(e trace.Event) bool {
			return e.Side == side && e.What == trace.Heard && (e.Kind == "echo" || e.Kind == "beat")
		})
		if err != nil {
			return 0, context.Cause(ctx)
		}
		heard = sign.T
	}
	return heard, nil
}

// hears says whether side hears beats or echoes under a policy.
func hears(p heartbeat.Policy, side heartbeat.Side) bool {
	return p.Probe == heartbeat.ProbeEcho || p.Probe == heartbeat.ProbePush && p.Beats.Includes(side.Peer())
}
