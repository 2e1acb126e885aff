package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/process"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

var errNoReason = errors.New("without an error")

// tearDown bounds how long a subject may take to let go after its trial, unless its
// sides are processes: they take their time one after the other.
const (
	tearDown          = 5 * time.Second
	processesTearDown = 35 * time.Second
)

func tearDownOf(t Trial) time.Duration {
	if t.Scenario.OfProcesses() {
		return processesTearDown
	}
	return tearDown
}

// open opens the path and listens for the subject's server: on a path of hosts
// at its address, else at one of ours, which is the path's upstream. Where the
// subject brings its server, nobody listens.
func (l *lab) open(ctx context.Context, epoch time.Time) (ln net.Listener, err error) {
	hosts := network.HasHosts(l.network)
	ln = nobody{}
	if l.place.Upstream == "" && !hosts {
		if ln, err = l.listen(); err != nil {
			return nil, err
		}
	}
	setup, err := l.setup(epoch)
	if err == nil {
		l.path, err = l.network.Open(ctx, setup)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the network: %w", err), ln.Close())
	}
	if !hosts {
		return ln, nil
	}
	serve := l.place.Upstream == ""
	l.place.Upstream = l.path.Addr()
	if !serve {
		return ln, nil
	}
	err = network.On(network.WithPath(ctx, l.path), heartbeat.ServerSide, func() (err error) {
		ln, err = listenAt(l.path.Addr())
		return err
	})
	if err != nil {
		return nil, errors.Join(err, l.path.Close(ctx))
	}
	return ln, nil
}

// listen listens for the subject's server, at the path's upstream. With a host to
// advertise it listens everywhere, and is at that host for the network.
func (l *lab) listen() (net.Listener, error) {
	at := "127.0.0.1:0"
	if l.host != "" {
		at = ":0"
	}
	listens := listenAt
	if network.HasDatagrams(l.network) {
		listens = network.ListenPacket
	}
	ln, err := listens(at)
	if err != nil {
		return nil, err
	}
	l.place.Upstream = ln.Addr().String()
	if l.host != "" {
		_, port, _ := net.SplitHostPort(l.place.Upstream) // it is one of ours
		l.place.Upstream = net.JoinHostPort(l.host, port)
	}
	return ln, nil
}

func listenAt(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the server: %w", err)
	}
	return ln, nil
}

// nobody is the listener of a server that is not the lab's to start.
type nobody struct{ net.Listener }

func (nobody) Close() error { return nil }

// start runs the subject; the function that it returns stops it and the path,
// and says what would not stop.
func (l *lab) start(ctx context.Context, ln net.Listener) (stop func() error) {
	l.tell(State{Doing: ComingUp, Addr: l.path.Addr()})
	dialCtx, hangUp := context.WithCancel(ctx)
	served := make(chan struct{})
	l.dialled = make(chan struct{})
	if ln == (nobody{}) {
		close(served)
	} else {
		go func() {
			defer close(served)
			err := fmt.Errorf("the subject's server ended: %w", cmp.Or(l.subject.Serve(ln), errNoReason))
			l.returned(dialCtx, heartbeat.ServerSide, err)
		}()
	}
	go func() {
		defer close(l.dialled)
		defer l.left()
		err := cmp.Or(l.subject.Dial(dialCtx, l.path.Addr()), errNoReason)
		if l.placed == nil { // else it says itself who ended
			err = fmt.Errorf("the subject's client ended: %w", err)
		}
		l.returned(dialCtx, heartbeat.ClientSide, err)
	}()
	return func() error {
		hangUp()
		err := ln.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
		// Even after an interrupt the tear-down gets its time.
		limit := tearDownOf(l.trial)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
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
				err = errors.Join(err, subject.LateError{What: fmt.Sprintf("the subject's %s did not stop after the trial", part.name), Limit: limit})
			}
		}
		return err
	}
}

// returned notes that a side's function has, and in the trace if nobody asked it to.
// Of processes, exited does that.
func (l *lab) returned(ctx context.Context, side heartbeat.Side, why error) {
	if ctx.Err() == nil && l.placed == nil {
		l.rec.Record(trace.Event{T: l.rec.Now(), Side: side, What: trace.Exit, Detail: why.Error()})
	}
	l.ended <- why
}

// exited notes that a process has ended by itself.
func (l *lab) exited(side heartbeat.Side, how error) {
	l.rec.Record(trace.Event{T: l.rec.Now(), Side: side, What: trace.Exit, Detail: how.Error()})
	var crash process.CrashError
	if l.placed == nil || errors.As(how, &crash) { // it was to live; and whoever crashed has noticed nothing
		l.fail(how)
		select {
		case l.died <- how:
		default: // one reason will do
		}
	}
	select {
	case l.ended <- how:
	default: // nobody waits for an end any more
	}
	if side == heartbeat.ClientSide {
		l.left()
	}
}

// muteError says why a subject that does nothing on demand cannot show a
// scenario.
type muteError struct{ subject, want string }

func (e muteError) Error() string {
	return fmt.Sprintf("not measurable on subject %s: it does not act on demand, and the scenario wants %s", e.subject, e.want)
}

// isMute is a muteError where the scenario needs an Actor, or a Mortal, and the
// subject is none.
func (l *lab) isMute() error {
	if l.actor == nil && l.trial.Scenario.Traffic != (scenario.Traffic{}) {
		return muteError{l.kind.Name(), "it to talk"}
	}
	for _, step := range l.trial.Scenario.Faults {
		kind := step.Fault.Kind
		if kind.OfProcess() && l.mortal == nil || kind.OfPeer() && !kind.OfProcess() && l.actor == nil {
			return muteError{l.kind.Name(), fmt.Sprintf("%s of the %s", step.Fault.Kind, step.Fault.Side)}
		}
	}
	return nil
}
