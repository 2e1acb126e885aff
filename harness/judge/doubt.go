package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// While this process stood still, what happened was stamped late. A time
// between two instants can be wrong by both ends' lateness; so a trial's doubt
// is the sum of its two longest stalls, and a verdict on a time stands if it
// would be the same with that time longer or shorter by the doubt.

// doubt is by how much a measure of the trial may be wrong.
func (v view) doubt() time.Duration {
	var lengths []time.Duration
	for _, s := range v.stalls() {
		if v.matters(s) {
			lengths = append(lengths, s.For)
		}
	}
	slices.Sort(lengths)
	sum := v.uncertainty()
	for _, l := range lengths[max(0, len(lengths)-2):] {
		sum += l
	}
	return sum
}

// uncertainty is that of the instants of a network with another clock.
func (v view) uncertainty() (u time.Duration) {
	for _, e := range v.Events {
		if e.Side == trace.Network {
			u = max(u, time.Duration(e.Uncertainty))
		}
	}
	return u
}

// doubtful says that c could be otherwise, had nothing stood still. What rests
// on no time, or could not be measured, is doubted when it breaks, and after
// more than a quarter of the profile's margin.
func (v view) doubtful(c Check, doubt time.Duration) bool {
	switch {
	case c.Unmeasured:
		return false
	case c.Slack != nil:
		return doubt > *c.Slack
	default:
		return c.Broken() && doubt > v.limit()
	}
}

// limit is the harness's own error that a trial bears.
func (v view) limit() time.Duration { return v.Header.Policy.Profile.Margin / 4 }

// matters says whether anything rests on what was stamped during a stall.
func (v view) matters(s Stall) bool { return s.At+s.For >= time.Duration(v.basis()) }

// basis is the earliest instant that a measure rests on. Where nobody counts
// mistakes that is what a deadline or a proof at the fault rests on: the last
// that was sent, heard and passed on before. Else it is the first session's
// coming up.
func (v view) basis() int64 {
	sides := []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	if !v.struck || !v.excuses(sides[0]) || !v.excuses(sides[1]) {
		if up := v.first(func(e trace.Event) bool { return e.What == trace.Up }); up != nil {
			return up.T
		}
		return 0
	}
	from := v.fault
	for _, side := range sides {
		for _, what := range []trace.What{trace.Sent, trace.Heard} {
			if e := v.lastBeat(side, what); e != nil {
				from = min(from, e.T)
			}
		}
	}
	if l, ok := v.link(); ok {
		for _, passed := range []int64{l.Up.LastPassed, l.Down.LastPassed} {
			if passed != network.Never {
				from = min(from, passed)
			}
		}
	}
	return from
}

// longest is the stall to name.
func (v view) longest() (longest Stall) {
	for _, s := range v.stalls() {
		if v.matters(s) && s.For > longest.For {
			longest = s
		}
	}
	return longest
}

// inconclusive is why a doubtful check decides nothing.
func (v view) inconclusive(c Check) string {
	s := v.longest()
	if s.For == 0 {
		return fmt.Sprintf("the network's clock is known within %v only, which may be why, or else: %s", v.uncertainty(), c.Sentence())
	}
	return fmt.Sprintf("the %s stood still for %v at %v, which may be why, or else: %s",
		s.Side, s.For.Round(time.Millisecond), s.At.Round(time.Millisecond), c.Sentence())
}

// stalls are the times in which something stood still, each once: a process
// that did not run shows in all its loops.
func (v view) stalls() []Stall {
	var out []Stall
	for _, e := range v.Events {
		if e.What != trace.Stall {
			continue
		}
		from := max(0, e.T-e.Uncertainty) // it may have begun before anything could notice
		if n := len(out) - 1; n >= 0 && time.Duration(from) <= out[n].At+out[n].For {
			at := min(out[n].At, time.Duration(from))
			out[n].For = max(out[n].At+out[n].For, time.Duration(e.To)) - at
			out[n].At = at
			continue
		}
		out = append(out, Stall{Side: e.Side, At: time.Duration(from), For: time.Duration(e.To - from)})
	}
	return out
}
