package harness

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
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
			giveUp(l.unanswered(ctx, err))
		case <-ctx.Done():
		}
	}()
	limit := l.comeUp()
	soon, cancel := context.WithTimeoutCause(ctx, limit, subject.LateError{What: "the two sides did not hear each other", Limit: limit})
	defer cancel()
	heard, err = l.upAndHeard(soon)
	if err != nil || l.placed == nil {
		return heard, err
	}
	l.tell(State{Doing: AwaitingCue, Addr: l.path.Addr()})
	if err := l.placed.Cue(ctx); err != nil {
		return 0, cmp.Or(context.Cause(ctx), err)
	}
	return l.rec.Now(), nil
}

// unanswered is err, of a subject that has ended before it was up, and that
// nobody answers at its upstream, if so.
func (l *lab) unanswered(ctx context.Context, err error) error {
	if l.placed == nil {
		return err
	}
	if refused := l.dialUpstream(ctx); refused != nil {
		return fmt.Errorf("%w; nobody answers at the upstream, %s: %w", err, l.place.Upstream, refused)
	}
	return err
}

// comeUp is how long the subject may take.
func (l *lab) comeUp() time.Duration {
	return cmp.Or(l.place.ComeUp, comeUpOf(l.trial))
}

// comeUpOf is how long a subject may take that does not say it. Processes have to
// start, too.
func comeUpOf(t Trial) time.Duration {
	limit := comeUp + 6*t.Policy.Profile.Delay
	if t.Scenario.OfProcesses() {
		limit += 20 * time.Second
	}
	return limit
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
		if !l.trial.Policy.Hears(side) {
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
