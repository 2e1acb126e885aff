package harness

import (
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

// ProbeOwn is the probe of a subject that brings its own heartbeat.
const ProbeOwn heartbeat.Probe = "own"

// Foreign is the policy of a subject that brings its own heartbeat: it only
// says by which window the subject is judged. Its network is perfect but for
// the faults; set Profile.Delay and Profile.Jitter for one that is not, and
// Interval to the time between the subject's beats if phases matter. Without a
// window (the zero one) hang-ups are only timed, and scenarios may not count in
// a window's terms.
func Foreign(name string, w heartbeat.Window) heartbeat.Policy {
	p := heartbeat.Profile{Name: w.String(), Margin: time.Second}
	if w != (heartbeat.Window{}) {
		p = heartbeat.Custom(w)
	}
	p.Delay, p.Jitter = 0, 0
	return heartbeat.Policy{Name: name, Profile: p, Probe: ProbeOwn, Beats: heartbeat.FromBoth}
}
