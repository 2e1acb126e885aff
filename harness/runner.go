package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/subject"
)

// Runner runs trials. The zero Runner runs our own pair through a Toxiproxy in
// this process and keeps no files. A Runner may run several plans, also at
// once.
type Runner struct {
	// Network carries the trials; nil: a Toxiproxy of the Runner's own, for as
	// long as Run lasts.
	Network network.Network
	// Subject is put under test; nil: subject.Pair.
	Subject subject.Kind
	// Out is the folder for traces/ and records/; "": none are written.
	Out string
	// Parallel is how many trials run at once; 0: DefaultParallel.
	Parallel int
	// Retries is how often an inconclusive trial, and only such a one, is run
	// again.
	Retries int
	// Spread makes the trials begin at a random instant within it, once the
	// machine is calm: for suites of many processes, which become calm together.
	Spread time.Duration
	// Progress is told of every trial's states, one call at a time; nil:
	// nobody is.
	Progress func(State)
}

// DefaultParallel is how many trials run at once, unless a Runner says
// otherwise: they mostly wait.
const DefaultParallel = 256

// calmLimit is how long a Runner waits at most for its machine to calm down.
const calmLimit = 10 * time.Second

// apart is how far apart trials begin: to bring one up is some milliseconds of
// work, and a hundred at once would stall each other.
const apart = 10 * time.Millisecond

// State is what a trial is doing.
type State struct {
	Trial string
	// Doing is half a sentence, lower case.
	Doing string
	// Addr is where the client is to connect; "": there is no such place yet.
	Addr string
	// Until is when the trial ends at the latest; zero: not known yet.
	Until time.Time
	// Record is the outcome, of a trial that has ended; else nil.
	Record *judge.Record
}

// What a trial is Doing when it waits for what may be up to somebody at a
// keyboard.
const (
	ComingUp    = "coming up"           // until both sides have heard each other
	AwaitingCue = "waiting for its cue" // see subject.Placed
)

// Run runs the trials and returns a record of each, in the order of trials: of
// the last attempt, where one was run again. Each attempt's files are written as
// it goes. After an interrupt (ctx) it returns the
// records so far, those of interrupted trials included, and the context's
// cause. Any other error means that the harness itself could not go on.
func (r Runner) Run(ctx context.Context, trials []Trial) (records []judge.Record, err error) {
	if r.Out != "" {
		for _, dir := range []string{"traces", "records"} {
			if err := os.MkdirAll(filepath.Join(r.Out, dir), 0o755); err != nil {
				return nil, fmt.Errorf("make the report's folder: %w", err)
			}
		}
	}
	if r.Subject == nil {
		r.Subject = subject.Pair{}
	}
	if r.Network == nil {
		n, err := toxiproxy.New()
		if err != nil {
			return nil, fmt.Errorf("start Toxiproxy: %w", err)
		}
		defer func() { err = errors.Join(err, n.Close()) }()
		r.Network = n
	}
	var mu sync.Mutex
	say := func(s State) {
		if r.Progress != nil {
			mu.Lock()
			defer mu.Unlock()
			r.Progress(s)
		}
	}
	calm(ctx, calmLimit)
	if r.Spread > 0 {
		sleep(ctx, rand.N(r.Spread))
		calm(ctx, calmLimit)
	}
	watchCtx, stopWatching := context.WithCancel(ctx)
	dog := new(watchdog)
	var watching sync.WaitGroup
	watching.Go(func() { dog.run(watchCtx) })
	defer watching.Wait()
	defer stopWatching()

	last := make([]*judge.Record, len(trials))
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel())
	for i, t := range trials {
		group.Go(func() (err error) {
			// After an interrupt, or a record that could not be written, it
			// never begins: no report of it.
			if going.Err() == nil {
				last[i], err = r.attempts(ctx, t, dog, say)
			}
			return err
		})
		sleep(ctx, apart)
	}
	err = group.Wait()
	for _, rec := range last {
		if rec != nil {
			records = append(records, *rec)
		}
	}
	return records, errors.Join(err, context.Cause(ctx))
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (r Runner) parallel() int {
	if r.Parallel <= 0 {
		return DefaultParallel
	}
	return r.Parallel
}

// attempts runs a trial until it is conclusive or the retries are used up, and
// returns the last attempt's record.
func (r Runner) attempts(ctx context.Context, t Trial, dog *watchdog, say func(State)) (*judge.Record, error) {
	id := t.ID
	for attempt := 1; ; attempt++ {
		if attempt > 1 {
			t.ID = fmt.Sprintf("%s.try%d", id, attempt)
		}
		rec, err := r.one(ctx, t, dog, func(s State) { s.Trial = t.ID; say(s) })
		if err != nil {
			return nil, err
		}
		rec.Attempt = attempt
		rec.Superseded = rec.Verdict == judge.Inconclusive && attempt <= r.Retries && ctx.Err() == nil
		if err := r.save(rec); err != nil {
			return nil, err
		}
		say(State{Trial: t.ID, Doing: string(rec.Verdict), Record: &rec})
		if !rec.Superseded {
			return &rec, nil
		}
	}
}

// one runs a trial once.
func (r Runner) one(ctx context.Context, t Trial, dog *watchdog, say func(State)) (rec judge.Record, err error) {
	prints := outputs{dir: r.Out, trial: t.ID}
	l := &lab{trial: t, network: r.Network, kind: r.Subject, say: say, output: prints.create}
	if reason := l.unmeasurable(); reason != nil {
		rec = judge.Unmeasured(l.header(time.Now()), reason.Error())
		rec.Repeat = t.Repeat
		return rec, nil
	}
	out, err := r.create(t)
	if err != nil {
		return rec, err
	}
	tr, failure := l.run(ctx, out, dog)
	if err := out.Close(); err != nil {
		return rec, fmt.Errorf("write trace %s: %w", t.ID, err)
	}
	rec = judge.Judge(tr)
	var mute muteError
	var unsupported subject.UnsupportedError
	switch {
	case errors.As(failure, &mute):
		rec.Verdict, rec.Reason = judge.NotMeasurable, mute.Error()
	case errors.As(failure, &unsupported):
		rec.Verdict, rec.Reason = judge.NotMeasurable, "not measurable here: "+unsupported.Error()
	case ctx.Err() != nil:
		rec.Verdict, rec.Reason = judge.Interrupted, "the run was interrupted"
	case failure != nil:
		rec.Verdict, rec.Reason = judge.Failed, failure.Error()
	}
	rec.Repeat, rec.Output = t.Repeat, prints.paths
	if r.Out != "" {
		rec.Trace = filepath.ToSlash(filepath.Join("traces", t.ID+".jsonl"))
	}
	return rec, nil
}

// unmeasurable says why the network cannot show the trial's scenario, or what
// its policy's probe finds out, if so.
func (l *lab) unmeasurable() error {
	if err := l.network.SupportsProbe(l.trial.Policy.Probe); err != nil {
		return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
	}
	for _, kind := range l.networkFaults() {
		if err := l.network.Supports(kind); err != nil {
			return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
		}
	}
	return nil
}

func (r Runner) create(t Trial) (io.WriteCloser, error) {
	if r.Out == "" {
		return nowhere{io.Discard}, nil
	}
	f, err := os.Create(filepath.Join(r.Out, "traces", t.ID+".jsonl"))
	if err != nil {
		return nil, fmt.Errorf("write trace: %w", err)
	}
	return f, nil
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

func (r Runner) save(rec judge.Record) error {
	if r.Out == "" {
		return nil
	}
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("write record %s: %w", rec.Trial, err)
	}
	path := filepath.Join(r.Out, "records", rec.Trial+".json")
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}
