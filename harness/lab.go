package harness

import (
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
	say     func(State) // progress

	rec      *trace.Recorder
	subject  subject.Subject
	actor    subject.Actor  // nil: the subject tells nothing
	placed   subject.Placed // nil: the lab starts both sides
	place    subject.Place
	path     network.Path
	output   func(process string) (io.WriteCloser, error) // see subject.Setup
	ended    chan error                                   // an end of the subject's functions that nobody asked for
	dialled  chan struct{}                                // closed once Dial has returned
	watching sync.WaitGroup                               // see watchTimers
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
	defer func() { t, _ = l.rec.Close() }()

	l.subject, err = l.kind.New(subject.Setup{
		Policy: l.trial.Policy, Mode: l.trial.Mode, Epoch: epoch, Record: l.rec.Record, Output: l.output,
	})
	if err != nil {
		return t, fmt.Errorf("make subject %s: %w", l.kind.Name(), err)
	}
	l.actor, _ = l.subject.(subject.Actor)
	if err := l.needsActor(); err != nil {
		return t, err
	}
	if l.placed, _ = l.subject.(subject.Placed); l.placed != nil {
		l.place = l.placed.Place()
	}
	ln, err := listen(&l.place)
	if err != nil {
		return t, err
	}
	setup, err := l.setup(epoch)
	if err != nil {
		return t, errors.Join(err, ln.Close())
	}
	if l.path, err = l.network.Open(ctx, setup); err != nil {
		return t, errors.Join(fmt.Errorf("open the network: %w", err), ln.Close())
	}

	stop := l.start(ctx, ln)
	playing, done := context.WithCancel(ctx)
	err = l.play(playing)
	done()
	l.watching.Wait()
	if _, lost := l.rec.Close(); lost != nil { // the tear-down is no part of the history
		err = errors.Join(err, lost)
	}
	return t, errors.Join(err, stop())
}

// play is the trial proper, between the subject's start and its stop.
func (l *lab) play(ctx context.Context) error {
	heard, err := l.ready(ctx)
	if err != nil {
		return err
	}
	if l.expects(scenario.HangsUp) {
		l.watchTimers(ctx)
	}
	interval := l.trial.Scope["D"]
	l.planned = heard + int64(l.trial.Phase*float64(interval))
	observe, err := l.trial.Scenario.Observe.Eval(l.trial.Scope)
	if err != nil {
		return err
	}
	end := l.planned + int64(observe)
	l.say(State{Doing: "waiting for its phase", Until: l.at(end)})
	if err := l.timeline(ctx, end); err != nil {
		return err
	}
	if err := l.observe(ctx, end); err != nil {
		return err
	}
	l.rec.Record(trace.Event{T: l.rec.Now(), Side: trace.Harness, What: trace.End})
	l.say(State{Doing: "reading proofs"})
	if err := l.canaries(ctx); err != nil {
		return err
	}
	return l.proofs(ctx)
}

func (l *lab) header(epoch time.Time) trace.Header {
	t := l.trial
	return trace.Header{
		Schema: trace.Schema, Trial: t.ID, Scenario: t.Scenario, Params: t.Scope, Policy: t.Policy,
		Window: t.Window(), Mode: t.Mode, Network: l.network.Name(), Subject: l.kind.Name(),
		Phase: t.Phase, Seed: t.Seed, Interval: t.Policy.Interval, Epoch: epoch,
		Versions: versions(l.network),
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
		f := network.Fault{Kind: step.Fault.Kind, Mode: step.Fault.Mode, Toward: step.Fault.Toward}
		if f.Idle, err = step.Fault.Idle.Eval(l.trial.Scope); err != nil {
			return s, err
		}
		if f.Delay, err = l.delay(step.Fault.Delay); err != nil {
			return s, err
		}
		s.Faults = append(s.Faults, f)
	}
	return s, nil
}

func (l *lab) delay(d scenario.Delay) (network.Delay, error) {
	latency, err := d.Latency.Eval(l.trial.Scope)
	if err != nil {
		return network.Delay{}, err
	}
	jitter, err := d.Jitter.Eval(l.trial.Scope)
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
