package harness

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
)

// watchdog notices when this process did not get to run: a timer that fires
// late tells of every stall longer than itself, whatever the cause. It writes
// the stall into all traces that are being recorded.
type watchdog struct {
	mu     sync.Mutex
	traces map[*trace.Recorder]bool
}

const (
	// watchEvery is how often to look: in a suite of a hundred processes the
	// looking itself is a load.
	watchEvery = 20 * time.Millisecond
	// watchLate is the least lateness that is worth a line in a trace.
	watchLate = 10 * time.Millisecond
	// A machine is calm once calmTimers timers in a row were punctual. Whoever finds
	// that it is not looks again after up to calmPause: all at once would disturb it
	// by looking, and by what they begin then.
	calmTimers = 15
	calmPause  = time.Second
)

// run watches until ctx ends.
func (w *watchdog) run(ctx context.Context) {
	for {
		late, err := lateness(ctx, watchEvery)
		if err != nil {
			return
		}
		if late > watchLate {
			w.tell(late)
		}
	}
}

// calm waits until this process gets to run when it wants to - in a suite of
// many processes, until all have started - but no longer than limit: after
// that the trials have to see for themselves.
func calm(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for punctual := 0; punctual < calmTimers; punctual++ {
		late, err := lateness(ctx, watchEvery)
		if err != nil {
			return
		}
		if late > watchLate/2 {
			punctual = 0
			sleep(ctx, rand.N(calmPause))
		}
	}
}

// lateness is by how much a timer fires late.
func lateness(ctx context.Context, after time.Duration) (time.Duration, error) {
	due := time.Now().Add(after)
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
		return time.Since(due), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (w *watchdog) tell(late time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rec := range w.traces {
		now := rec.Now()
		rec.Record(trace.Event{
			T: max(0, now-int64(late)), To: now, Uncertainty: int64(watchEvery), Side: trace.Harness, What: trace.Stall,
		})
	}
}

// add makes stalls part of rec, until the function that it returns is called.
func (w *watchdog) add(rec *trace.Recorder) (remove func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.traces == nil {
		w.traces = map[*trace.Recorder]bool{}
	}
	w.traces[rec] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.traces, rec)
	}
}
