package detect

import (
	"fmt"
	"time"
)

// Missed suspects the peer once Count intervals passed without a sign of life,
// as BFD does (RFC 5880, section 6.8.4).
//
// deadline = last heard + Count x Interval (+ the time that our own loop
// stalled since)
//
// Whole intervals count. That BFD's senders shorten theirs at random (section
// 6.8.7: to 75-100 %, or 75-90 % where the multiplier is 1) is the sender's
// affair; where it does not, a Count of 1 suspects the peer at every arrival
// that is the least bit late.
type Missed struct {
	// Interval is the time between two beats of the peer: 1ns to 24h.
	Interval time.Duration `json:"interval_ns"`
	// Count is BFD's detection multiplier: 1 to 255.
	Count int `json:"count"`
}

// Name is "missed".
func (Missed) Name() string { return "missed" }

// WithInterval is the same for beats that are d apart.
func (c Missed) WithInterval(d time.Duration) Config {
	c.Interval = d
	return c
}

// Validate refuses parameters out of range.
func (c Missed) Validate() error {
	if err := validInterval(c.Name(), c.Interval); err != nil {
		return err
	}
	return between(c.Name(), "count", c.Count, 1, 255)
}

// New makes the detector.
func (c Missed) New() Detector {
	d := int64(c.Interval)
	return &missed{silence: silence{interval: d, allowed: d * int64(c.Count)}, count: c.Count}
}

type missed struct {
	silence
	count int
}

func (m *missed) Heard(kind Kind, seq uint64, now int64) { m.hear(kind, seq, now) }

func (m *missed) Explain() string {
	return fmt.Sprintf("missed: silent since %s, %d x %v", seconds(m.alive), m.count, time.Duration(m.interval))
}
