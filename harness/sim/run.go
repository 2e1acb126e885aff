package sim

import (
	"context"
	"fmt"

	"github.com/flatline-go/flatline/harness/trace"
)

// Name is the network's name in flags, traces and reports.
const Name = "sim"

// Run simulates a trial for its measures alone. After an interrupt (ctx) the
// error is the context's cause.
func Run(ctx context.Context, s Setup) (Result, error) {
	return simulate(ctx, &s, nil)
}

// Record simulates a trial and keeps all that happens, as the events of a
// trace.
func Record(ctx context.Context, s Setup) ([]trace.Event, error) {
	var events []trace.Event
	_, err := simulate(ctx, &s, &events)
	return events, err
}

func simulate(ctx context.Context, s *Setup, rec *[]trace.Event) (Result, error) {
	w, err := newWorld(s, rec)
	if err == nil {
		err = w.run(ctx)
	}
	if err != nil {
		return Result{}, fmt.Errorf("simulate: %w", err)
	}
	w.result.Trials = 1
	return w.result, nil
}
