package heartbeat

import (
	"math"
	"time"
)

// never is an instant that doesn't come.
const never = math.MaxInt64

// clock turns the process's monotonic time into instants: nanoseconds since an
// epoch. The epoch's wall clock is read once, so that steps of it later on do
// no harm.
type clock struct {
	base   time.Time
	offset int64 // base as an instant
}

// newClock makes a clock whose instant 0 is epoch; the zero Time: now.
func newClock(epoch time.Time) clock {
	now := time.Now()
	if epoch.IsZero() {
		epoch = now
	}
	return clock{base: now, offset: int64(now.Sub(epoch))}
}

func (c *clock) now() int64 { return c.offset + int64(time.Since(c.base)) }

// time is the instant as a Time, for deadlines; that of never is the zero Time.
func (c *clock) time(instant int64) time.Time {
	if instant == never {
		return time.Time{}
	}
	return c.base.Add(time.Duration(instant - c.offset))
}
