package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
)

var errNoReason = errors.New("without an error")

// tearDown bounds how long a subject may take to let go after its trial.
const tearDown = 5 * time.Second

// listen listens for the subject's server, and makes that the place's upstream,
// unless the subject brings one: then nobody listens.
func listen(place *subject.Place) (net.Listener, error) {
	if place.Upstream != "" {
		return nobody{}, nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the server: %w", err)
	}
	place.Upstream = ln.Addr().String()
	return ln, nil
}

// nobody is the listener of a server that is not the lab's to start.
type nobody struct{ net.Listener }

func (nobody) Close() error { return nil }

// start runs the subject; the function that it returns stops it and the path,
// and says what would not stop.
func (l *lab) start(ctx context.Context, ln net.Listener) (stop func() error) {
	l.say(State{Doing: ComingUp, Addr: l.path.Addr()})
	dialCtx, hangUp := context.WithCancel(ctx)
	l.ended = make(chan error, 2)
	served := make(chan struct{})
	l.dialled = make(chan struct{})
	if ln == (nobody{}) {
		close(served)
	} else {
		go func() {
			defer close(served)
			l.ended <- fmt.Errorf("the subject's server ended: %w", cmp.Or(l.subject.Serve(ln), errNoReason))
		}()
	}
	go func() {
		defer close(l.dialled)
		err := cmp.Or(l.subject.Dial(dialCtx, l.path.Addr()), errNoReason)
		if l.placed == nil { // else it says itself who ended
			err = fmt.Errorf("the subject's client ended: %w", err)
		}
		l.ended <- err
	}()
	return func() error {
		hangUp()
		err := ln.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
		// Even after an interrupt the tear-down gets its time.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDown)
		defer cancel()
		if l.placed != nil { // its processes end while their connections are whole: who lost one may leave others behind
			select {
			case <-l.dialled:
			case <-ctx.Done():
			}
		}
		err = errors.Join(err, l.path.Close(ctx))
		for _, part := range []struct {
			name string
			done chan struct{}
		}{{"client", l.dialled}, {"server", served}} {
			select {
			case <-part.done: // however it ended, it ended
			case <-ctx.Done():
				err = errors.Join(err, fmt.Errorf("the subject's %s did not stop within %v after the trial", part.name, tearDown))
			}
		}
		return err
	}
}

// muteError says why a subject that does nothing on demand cannot show a
// scenario.
type muteError struct{ subject, want string }

func (e muteError) Error() string {
	return fmt.Sprintf("not measurable on subject %s: it does not act on demand, and the scenario wants %s", e.subject, e.want)
}

// needsActor is a muteError where the scenario needs an Actor, and the subject
// is none.
func (l *lab) needsActor() error {
	if l.actor != nil {
		return nil
	}
	if l.trial.Scenario.Traffic != (scenario.Traffic{}) {
		return muteError{l.kind.Name(), "it to talk"}
	}
	for _, step := range l.trial.Scenario.Faults {
		if step.Fault.Kind.OfPeer() {
			return muteError{l.kind.Name(), fmt.Sprintf("%s of the %s", step.Fault.Kind, step.Fault.Side)}
		}
	}
	return nil
}
