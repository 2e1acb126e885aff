package detect

import (
	"fmt"
	"time"
)

// Fixed suspects the peer once nothing was heard for Timeout: no beat, no
// echo, no data.
//
// deadline = last heard + Timeout (+ the time that our own loop stalled since)
type Fixed struct {
	// Timeout is the longest silence that is no suspicion; it must be positive.
	Timeout time.Duration `json:"timeout_ns"`
}

// Name is "fixed".
func (Fixed) Name() string { return "fixed" }

// Validate refuses a timeout that is not positive.
func (c Fixed) Validate() error { return positive(c.Name(), "timeout", c.Timeout) }

// New makes the detector.
func (c Fixed) New() Detector { return &fixed{timeout: int64(c.Timeout)} }

type fixed struct {
	timeout int64
	clock   clock
	alive   int64 // the last sign of life, moved on by our own stalls since
}

func (f *fixed) Start(now int64) {
	f.clock.start(now)
	f.alive = now
}

func (f *fixed) Sent(_ uint64, now int64) { f.clock.at(now) }

func (f *fixed) Heard(kind Kind, _ uint64, now int64) {
	now = f.clock.at(now)
	if kind != 0 {
		f.alive = now
	}
}

func (f *fixed) Stalled(from, to int64) {
	f.clock.at(to)
	// Only the part of the stall after the last sign of life was silence.
	f.alive += max(0, to-max(from, f.alive))
}

func (f *fixed) Deadline() (int64, bool) {
	return f.alive + f.timeout, f.clock.started
}

func (f *fixed) Explain() string {
	return fmt.Sprintf("fixed: silent since %s, timeout %v", seconds(f.alive), time.Duration(f.timeout))
}
