package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
)

// lab runs one trial: it builds the path, starts the subject, waits until both
// sides have heard each other and the phase has come, strikes, observes, and
// leaves nothing behind.
type lab struct {
	trial   Trial
	network network.Network
	kind    subject.Kind
	host    string      // Runner.Advertise
	say     func(State) // progress; see tell
	told    told

	rec      *trace.Recorder
	subject  subject.Subject
	actor    subject.Actor  // nil: the subject tells nothing
	mortal   subject.Mortal // nil: its sides are no processes
	placed   subject.Placed // nil: the lab starts both sides
	place    subject.Place
	path     network.Path
	output   func(process string) (io.WriteCloser, error) // see subject.Setup
	ended    chan error                                   // an end of the subject's functions or processes that nobody asked for
	died     chan error                                   // likewise, of a process that was to live
	gone     chan struct{}                                // closed once no client is there that could come back
	dialled  chan struct{}                                // closed once Dial has returned
	left     func()                                       // closes gone, once
	fail     context.CancelCauseFunc                      // ends the trial
	proved   bool                                         // what the network saw is recorded
	until    int64                                        // when the observation ended; 0: it has not
	watching sync.WaitGroup                               // see watchTimers and tellSides
	struck   int64                                        // when the first fault was about to
	planned  int64                                        // the instant of the strike, which the timeline counts from
	healed   int64                                        // when the newest fault ended
	saved    int64                                        // how much sooner than planned, as there was nothing left to wait for
}

// run returns the trial's trace, written to out as it happened. An error means
// that the harness could not run it; the trace is then what there is.
func (l *lab) run(ctx context.Context, out io.Writer, watch *watchdog) (t trace.Trace, err error) {
	epoch := time.Now()
	l.rec, err = trace.NewRecorder(out, l.header(epoch))
	if err != nil {
		return trace.Trace{}, err
	}
	defer watch.add(l.rec)()
	defer func() { t, _ = l.end() }()

	l.ended = make(chan error, 4)
	l.died = make(chan error, 1)
	l.gone = make(chan struct{})
	l.left = sync.OnceFunc(func() { close(l.gone) })
	playing, done := context.WithCancelCause(ctx)
	defer done(nil)
	l.fail = done
	l.subject, err = l.kind.New(subject.Setup{
		Policy: l.trial.Policy, Mode: l.trial.Mode, Epoch: epoch, Record: l.rec.Record, Output: l.output, Exited: l.exited,
		Datagrams: network.HasDatagrams(l.network),
	})
	if err != nil {
		return t, fmt.Errorf("make subject %s: %w", l.kind.Name(), err)
	}
	l.actor, _ = l.subject.(subject.Actor)
	l.mortal, _ = l.subject.(subject.Mortal)
	if err := l.isMute(); err != nil {
		return t, err
	}
	if l.placed, _ = l.subject.(subject.Placed); l.placed != nil {
		l.place = l.placed.Place()
		defer l.placed.Left()
	}
	ln, err := l.open(ctx, epoch)
	if err != nil {
		return t, err
	}
	ctx = network.WithPath(ctx, l.path)
	stop := l.start(ctx, ln)
	playing = network.WithPath(playing, l.path)
	l.watching.Go(func() { l.tellSides(playing) })
	if err = l.play(playing); err != nil {
		err = cmp.Or(context.Cause(playing), err) // of a trial that has failed, why
		l.observed()
		l.salvage(ctx)
	}
	done(nil)
	l.watching.Wait()
	if _, lost := l.end(); lost != nil { // the tear-down is no part of the history
		err = errors.Join(err, lost)
	}
	if stopped := stop(); !isGone(err) || !isGone(stopped) { // it does not go twice
		err = errors.Join(err, stopped)
	}
	select {
	case how := <-l.died: // perhaps only as it was asked to end
		return t, cmp.Or(err, how)
	default:
		return t, err
	}
}

// isGone says that the network has gone by itself.
func isGone(err error) bool {
	var gone *network.GoneError
	return errors.As(err, &gone)
}

// observed notes the end of the observation, if nothing has ended it before.
func (l *lab) observed() { l.until = cmp.Or(l.until, l.rec.Now()) }

// end ends the trace, once.
func (l *lab) end() (trace.Trace, error) {
	l.observed()
	l.rec.End(l.until)
	return l.rec.Close()
}

// play is the trial proper, between the subject's start and its stop.
func (l *lab) play(ctx context.Context) error {
	heard, err := l.ready(ctx)
	if err != nil {
		return err
	}
	if l.expects(scenario.HangsUp) && !network.HasHosts(l.network) { // else their kernels' timers do what they do
		l.watchTimers(ctx)
	}
	interval := l.trial.Scope["D"]
	l.planned = heard + int64(l.trial.Phase*float64(interval))
	observe, err := l.trial.Scenario.Observe.Eval(l.trial.Scope)
	if err != nil {
		return err
	}
	end := l.planned + int64(observe)
	l.tell(State{Doing: "waiting for its phase", Until: l.at(end)})
	if err := l.timeline(ctx, end); err != nil {
		return err
	}
	if err := l.observe(ctx, end); err != nil {
		return err
	}
	l.observed()
	l.tell(State{Doing: "reading proofs"})
	if err := l.canaries(ctx); err != nil {
		return err
	}
	return l.proofs(ctx)
}

func (l *lab) header(epoch time.Time) trace.Header {
	return l.trial.header(epoch, l.network.Name(), l.kind.Name(), versions(l.network.Version()))
}

func (t Trial) header(epoch time.Time, network, subject string, versions map[string]string) trace.Header {
	return trace.Header{
		Schema: trace.Schema, Trial: t.ID, Scenario: t.Scenario, Params: t.Scope, Policy: t.Policy,
		Window: t.Window(), Mode: t.Mode, Network: network, Subject: subject,
		Phase: t.Phase, Seed: t.Seed, Interval: t.Policy.Interval, Epoch: epoch,
		Versions: versions,
	}
}

// setup is the path that the scenario needs.
func (l *lab) setup(epoch time.Time) (network.Setup, error) {
	s := network.Setup{Name: l.trial.ID, Upstream: l.place.Upstream, Listen: l.place.Listen, Epoch: epoch, Seed: l.trial.Seed}
	var err error
	if s.Delay, err = l.delay(l.trial.Scenario.Delay); err != nil {
		return s, err
	}
	for _, step := range l.trial.Scenario.Faults {
		if step.Fault.Kind.OfPeer() {
			continue
		}
		f := network.Fault{Kind: step.Fault.Kind, Mode: step.Fault.Mode, Percent: step.Fault.Percent, Burst: step.Fault.Burst, Toward: step.Fault.Toward, Where: step.Fault.Where}
		for _, d := range []struct {
			span scenario.Span
			to   *time.Duration
		}{{step.Fault.Idle, &f.Idle}, {step.Fault.Out, &f.Out}, {step.Fault.Every, &f.Every}} {
			if *d.to, err = d.span.Eval(l.trial.Scope); err != nil {
				return s, err
			}
		}
		if f.Delay, err = l.delay(step.Fault.Delay); err != nil {
			return s, err
		}
		s.Faults = append(s.Faults, f)
	}
	return s, nil
}

func (l *lab) delay(d scenario.Delay) (network.Delay, error) { return l.trial.delay(d) }

func (t Trial) delay(d scenario.Delay) (network.Delay, error) {
	latency, err := d.Latency.Eval(t.Scope)
	if err != nil {
		return network.Delay{}, err
	}
	jitter, err := d.Jitter.Eval(t.Scope)
	return network.Delay{Latency: latency, Jitter: jitter, Law: d.Law}, err
}

// at is the wall clock's reading at an offset.
func (l *lab) at(offset int64) time.Time {
	return time.Now().Add(time.Duration(offset - l.rec.Now()))
}

// sleepUntil waits for an offset, or for the context.
func (l *lab) sleepUntil(ctx context.Context, offset int64) error {
	timer := time.NewTimer(time.Duration(offset - l.rec.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
