package detect

import "fmt"

// clock is what a detector knows of time: whether it was started, and the
// latest instant that it was told of. Instants before the start don't count.
type clock struct {
	started bool
	latest  int64
}

func (c *clock) start(now int64) { c.started, c.latest = true, now }

// at is now, or the latest instant if that is later.
func (c *clock) at(now int64) int64 {
	c.latest = max(c.latest, now)
	return c.latest
}

// seconds writes an instant for people.
func seconds(ns int64) string { return fmt.Sprintf("%.3fs", float64(ns)/1e9) }
