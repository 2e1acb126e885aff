package harness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

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
