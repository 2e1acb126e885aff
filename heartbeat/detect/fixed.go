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
	// Timeout is the longest silence that is no suspicion; it is 1ns to 24h.
	Timeout time.Duration `json:"timeout_ns"`
}

// Name is "fixed".
func (Fixed) Name() string { return "fixed" }

// Validate refuses a timeout out of range.
func (c Fixed) Validate() error { return validTimeout(c.Name(), c.Timeout) }

// New makes the detector.
func (c Fixed) New() Detector {
	t := int64(c.Timeout)
	return &fixed{silence{interval: t, allowed: t}} // it learns nothing: any interval will do
}

type fixed struct{ silence }

func (f *fixed) Heard(kind Kind, seq uint64, now int64) { f.hear(kind, seq, now) }

func (f *fixed) Explain() string {
	return fmt.Sprintf("fixed: silent since %s, timeout %v", seconds(f.alive), time.Duration(f.allowed))
}
