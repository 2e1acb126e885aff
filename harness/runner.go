package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/processes"
)

// Runner runs trials. The zero Runner runs our own pair through a Toxiproxy in
// this process and keeps no files. A Runner may run several plans, also at
// once.
type Runner struct {
	// Network carries the trials; nil: a Toxiproxy of the Runner's own, for as
	// long as Run lasts.
	Network network.Network
	// Advertise is the host at which a Network elsewhere reaches this one, where
	// the lab then listens on all interfaces for the subject's server; "": the
	// lab listens on 127.0.0.1 only.
	Advertise string
	// Virtual is the network model of trials that run in virtual time, one on
	// each processor, with our own pair as their subject; nil: they run live.
	// Network and Subject are not asked then, and nothing that the machine does
	// can make a trial inconclusive.
	Virtual *sim.Model
	// Subject is put under test; nil: subject.Pair, or processes.Kind where a
	// scenario kills or stops a side.
	Subject subject.Kind
	// Out is the folder for traces/ and records/, which have no file of the trials'
	// names yet (see report.Prepare); "": none are written.
	Out string
	// Parallel is how many trials run at once; 0: DefaultParallel, or one on
	// each processor where they do not wait.
	Parallel int
	// Retries is how often an inconclusive trial, and only such a one, is run
	// again.
	Retries int
	// Spread makes the trials begin at a random instant within it, once the
	// machine is calm, and each retry as well: for suites of many processes, which
	// become calm together.
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

// Run runs the trials and returns the records of each, in the order of trials: of
// the last attempt, where one was run again. Each attempt's files are written as
// it goes. After an interrupt (ctx) it returns the records so far, those of
// interrupted trials included, and the context's cause. Any other error means
// that the harness itself could not go on, as with a full disk: the records so far,
// those that could not be written included, are what it had measured.
func (r Runner) Run(ctx context.Context, trials []Trial) (records []judge.Record, err error) {
	if r.Out != "" {
		for _, dir := range []string{"traces", "records"} {
			if err := os.MkdirAll(filepath.Join(r.Out, dir), 0o755); err != nil {
				return nil, fmt.Errorf("make the report's folder: %w", err)
			}
		}
	}
	if r.Network == nil && r.Virtual == nil {
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
	dog := new(watchdog)
	if r.Virtual == nil {
		calm(ctx, calmLimit)
		watchCtx, stopWatching := context.WithCancel(ctx)
		var watching sync.WaitGroup
		watching.Go(func() { dog.run(watchCtx) })
		defer watching.Wait()
		defer stopWatching()
	}

	last := make([][]judge.Record, len(trials))
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel())
	for i, t := range trials {
		group.Go(func() (err error) {
			// After an interrupt, or a record that could not be written, it
			// never begins: no report of it.
			if r.Spread > 0 && r.Virtual == nil {
				r.await(going)
			}
			if going.Err() == nil {
				last[i], err = r.attempts(ctx, t, dog, say)
			}
			return err
		})
		if r.Virtual == nil {
			sleep(ctx, apart)
		}
	}
	err = group.Wait()
	return slices.Concat(last...), errors.Join(err, context.Cause(ctx))
}

// await waits for a trial's turn: where trials are spread, and until the machine is
// calm.
func (r Runner) await(ctx context.Context) {
	if r.Spread > 0 {
		sleep(ctx, rand.N(r.Spread))
	}
	calm(ctx, calmLimit)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (r Runner) parallel() int {
	switch {
	case r.Parallel > 0:
		return r.Parallel
	case r.Virtual != nil:
		return runtime.GOMAXPROCS(0)
	default:
		return DefaultParallel
	}
}

// subject is what t puts under test.
func (r Runner) subject(t Trial) subject.Kind {
	switch {
	case r.Subject != nil:
		return r.Subject
	case t.Scenario.OfProcesses():
		return processes.Kind{}
	default:
		return subject.Pair{}
	}
}
