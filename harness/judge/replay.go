package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// closest is the least time that was left until a deadline of the pure detector
// when something moved it, or when the trial or the session ended; nil: side has
// no detector, or its detector never had a deadline.
func (v view) closest(side trace.Side) (left *time.Duration) {
	config := v.Header.Policy.Detector(side)
	if config == nil || !v.tells(side) {
		return nil
	}
	m := NewMany([]detect.Config{config}, Truth{Grace: heartbeat.Grace, Stopped: v.stopped(side)})
	m.Tell(side, v.Events)
	return m.End(v.end)[0].Closest
}
