package capture

import (
	"fmt"
	"time"
)

// Assumed says in sentences what had to be assumed of the capture. What it says
// of its order is of what Next returned.
func (c *Reader) Assumed() []string {
	interval := fmt.Sprintf("The beat interval is %v, as given.", c.Interval)
	if c.Estimated != "" {
		interval = fmt.Sprintf("The beat interval is %v, estimated by %s from the first %d rows.", Rough(c.Interval), c.Estimated, c.sample)
	}
	sent := "There is no sent_ns."
	if c.rows.sent >= 0 {
		sent = "sent_ns is by another clock than ours: nothing but an interval is read from it."
	}
	order := "The rows are in order of arrival."
	if n := c.window.Disorder; n > 0 {
		order = fmt.Sprintf("Rows out of order of arrival were put in order: %d.", n)
	}
	session := "All rows are of one session."
	if c.stale > 0 {
		session = fmt.Sprintf("All rows are of one session, though %d of them repeat an earlier number or come after a higher one: if sessions began anew there, split the file.", c.stale)
	}
	return []string{
		interval,
		session,
		"Every row is a beat of the peer that one side heard.",
		"The peer lived from the first arrival to the last: every suspicion is a mistake.",
		sent,
		order,
	}
}

// Rough is an interval to the microsecond, unless it is of a few of them.
func Rough(interval time.Duration) time.Duration {
	if interval < 100*time.Microsecond {
		return interval
	}
	return interval.Round(time.Microsecond)
}
