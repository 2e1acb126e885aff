package harness

import (
	"errors"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
)

// overloaded says that a trial failed by limits of time alone, on a machine that was
// too busy to keep them; "": not so.
func overloaded(failure error, stalls []judge.Stall, took time.Duration) (why string) {
	stood, much := judge.Overload(stalls, took)
	if !late(failure) || !much {
		return ""
	}
	const digits = 100 * time.Millisecond
	return fmt.Sprintf("the machine stood still for %v of %v, which may be why %v", stood.Round(digits), took.Round(digits), failure)
}

// late says that an error tells of limits of time, as by net.Error, and of nothing
// else.
func late(err error) bool {
	if limit, ok := err.(interface{ Timeout() bool }); ok && limit.Timeout() {
		return true
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, part := range several.Unwrap() {
			if !late(part) {
				return false
			}
		}
		return len(several.Unwrap()) > 0
	}
	inner := errors.Unwrap(err)
	return inner != nil && late(inner)
}
