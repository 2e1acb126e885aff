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
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
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

// Run runs the trials and returns the records of each, in the order of trials: of
// the last attempt, where one was run again. Each attempt's files are written as
// it goes. After an interrupt (ctx) it returns the records so far, those of
// interrupted trials included, and the context's cause. Any other error means
// that the harness itself could not go on.
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

	last := make([][]judge.Record, len(trials))
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
	return slices.Concat(last...), errors.Join(err, context.Cause(ctx))
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

// attempts runs a trial until all its records are conclusive or the retries are
// used up, and returns the last of each. What was conclusive stays as it is.
func (r Runner) attempts(ctx context.Context, t Trial, dog *watchdog, say func(State)) ([]judge.Record, error) {
	id := t.ID
	var last []judge.Record
	for attempt := 1; ; attempt++ {
		if attempt > 1 {
			t.ID = id + try(attempt)
		}
		records, err := r.one(ctx, t, dog, func(s State) { s.Trial = t.ID; say(s) })
		if err != nil {
			return nil, err
		}
		if last == nil {
			last = make([]judge.Record, len(records))
		}
		again := false
		for i, rec := range records {
			if attempt > 1 && !last[i].Superseded {
				continue // it told something before
			}
			rec.Attempt = attempt
			rec.Superseded = rec.Verdict == judge.Inconclusive && attempt <= r.Retries && ctx.Err() == nil
			if i > 0 && attempt > 1 {
				rec.Trial += try(attempt)
			}
			if err := r.save(rec); err != nil {
				return nil, err
			}
			last[i], again = rec, again || rec.Superseded
		}
		say(State{Trial: t.ID, Doing: string(last[0].Verdict), Record: &last[0]})
		if !again {
			return last, nil
		}
	}
}

// try is what an attempt after the first has at the end of its name.
func try(attempt int) string { return fmt.Sprintf(".try%d", attempt) }

// one runs a trial once: its own record comes first.
func (r Runner) one(ctx context.Context, t Trial, dog *watchdog, say func(State)) ([]judge.Record, error) {
	prints := outputs{dir: r.Out, trial: t.ID}
	l := &lab{trial: t, network: r.Network, kind: r.Subject, say: say, output: prints.create}
	if reason := l.unmeasurable(); reason != nil {
		var records []judge.Record
		for _, p := range append([]heartbeat.Policy{t.Policy}, t.Also...) {
			rec := judge.Unmeasured(l.header(time.Now()), reason.Error())
			rec.Trial, rec.Policy, rec.Repeat = t.id(p), p.Key(), t.Repeat
			if rec.Trial != t.ID {
				rec.Shares = t.ID
			}
			records = append(records, rec)
		}
		return records, nil
	}
	out, err := r.create(t)
	if err != nil {
		return nil, err
	}
	tr, failure := l.run(ctx, out, dog)
	if err := out.Close(); err != nil {
		return nil, fmt.Errorf("write trace %s: %w", t.ID, err)
	}
	records := append([]judge.Record{judge.Judge(tr)}, r.also(t, tr)...)
	verdict, reason := without(ctx, failure)
	for i := range records {
		rec := &records[i]
		if verdict != "" {
			rec.Verdict, rec.Reason = verdict, reason
		}
		rec.Repeat, rec.Output = t.Repeat, prints.paths
		if r.Out != "" {
			rec.Trace = filepath.ToSlash(filepath.Join("traces", t.ID+".jsonl"))
		}
	}
	return records, nil
}

// without is the verdict on a trial that could not be judged; "": it could.
func without(ctx context.Context, failure error) (verdict judge.Verdict, reason string) {
	var mute muteError
	var unsupported subject.UnsupportedError
	switch {
	case errors.As(failure, &mute):
		return judge.NotMeasurable, mute.Error()
	case errors.As(failure, &unsupported):
		return judge.NotMeasurable, "not measurable here: " + unsupported.Error()
	case ctx.Err() != nil:
		return judge.Interrupted, "the run was interrupted"
	case failure != nil:
		return judge.Failed, failure.Error()
	default:
		return "", ""
	}
}

// also are the records of the policies that share the trial.
func (r Runner) also(t Trial, tr trace.Trace) (records []judge.Record) {
	for _, p := range t.Also {
		as, err := judge.As(tr, p)
		rec := judge.Judge(as)
		if err != nil { // the plan is not ours
			rec = judge.Unmeasured(tr.Header, err.Error())
			rec.Policy, rec.Verdict = p.Key(), judge.Failed
		}
		rec.Trial, rec.Shares = t.id(p), t.ID
		records = append(records, rec)
	}
	return records
}

// unmeasurable says why the network cannot show the trial's scenario, or what
// its policy's probe finds out, if so; or why there is nothing to show.
func (l *lab) unmeasurable() error {
	if err := l.network.SupportsProbe(l.trial.Policy.Probe); err != nil {
		return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
	}
	for _, kind := range l.networkFaults() {
		if err := l.network.Supports(kind); err != nil {
			return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
		}
	}
	for _, step := range l.trial.Scenario.Faults {
		if d, err := l.delay(step.Fault.Delay); err == nil && step.Fault.Kind == scenario.Latency && d.Latency == 0 && d.Jitter == 0 {
			return fmt.Errorf("not measurable under %s: its profile has no delay, so that %s would change nothing", l.trial.Policy.Key(), scenario.Latency)
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
