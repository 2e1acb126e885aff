package sim

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// chunk is how many trials a core takes at once: one result is kept for each.
const chunk = 16

// RunMany simulates n trials, on all cores, and adds up what they came to in the
// order of their numbers: the sum does not depend on the number of cores. trial
// is called from many goroutines.
//
// After an interrupt (ctx) it returns the sum of the trials that had ended, as
// Result.Trials says, and the context's cause.
func RunMany(ctx context.Context, n int, trial func(i int) Setup) (Result, error) {
	sums := make([]Result, (n+chunk-1)/chunk)
	var next atomic.Int64
	group, going := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), len(sums)) {
		group.Go(func() error {
			for {
				c := int(next.Add(1)) - 1
				if c >= len(sums) {
					return nil
				}
				for i := c * chunk; i < min(n, (c+1)*chunk); i++ {
					if going.Err() != nil {
						return context.Cause(going)
					}
					r, err := Run(going, trial(i))
					if err != nil {
						return err
					}
					sums[c].Add(r)
				}
			}
		})
	}
	err := group.Wait()
	var sum Result
	for _, r := range sums {
		sum.Add(r)
	}
	if ctx.Err() != nil {
		return sum, context.Cause(ctx)
	}
	return sum, err
}
