package judge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// While this process stood still, what happened was stamped late. A time
// between two instants can be wrong by both ends' lateness: by the two longest
// stalls that can have touched it. And a side puts its deadline off by each
// stall that its own loop notices. The sum is the doubt: a verdict on a time
// stands if it would be the same with that time longer or shorter by it.

// span is where the instants lie that something rests on. The zero span is
// nowhere.
type span struct{ from, until int64 }

// whole is the trial from the first session's coming up.
func (v view) whole() span {
	from := int64(0)
	if up := v.first(func(e trace.Event) bool { return e.What == trace.Up }); up != nil {
		from = up.T
	}
	return span{from, max(v.end, from+1)}
}

// doubt is by how much a time of side's that rests on what was stamped in s may
// be wrong; side "": of any side's.
func (v view) doubt(side trace.Side, s span) time.Duration {
	if s == (span{}) {
		return 0
	}
	sum := v.uncertainty()
	others := v.touching(s, v.stalls())
	for _, e := range v.Events {
		own := e.What == trace.Stall && e.Side != trace.Harness && (side == "" || side == e.Side)
		if own && e.To >= s.from && e.T <= s.until {
			sum += time.Duration(e.To - e.T)
			others = slices.DeleteFunc(others, func(o Stall) bool { return o.At <= time.Duration(e.To) && o.At+o.For >= e.Offset() })
		}
	}
	slices.SortFunc(others, func(a, b Stall) int { return cmp.Compare(b.For, a.For) })
	for _, o := range others[:min(2, len(others))] {
		sum += o.For
	}
	return sum
}

// touching are the stalls that can have made a stamp in s late. One loop may go
// on a little after another has seen the end of the stall.
func (v view) touching(s span, stalls []Stall) []Stall {
	return slices.DeleteFunc(stalls, func(stall Stall) bool {
		return stall.At+stall.For < time.Duration(s.from)-v.limit() || stall.At > time.Duration(s.until)
	})
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

// limit is the harness's own error that a trial bears.
func (v view) limit() time.Duration { return v.Header.Policy.Profile.Margin / 4 }

// doubtful says that c could be otherwise, had nothing stood still. What no
// single time decided is doubted when it breaks, and from a quarter of the
// profile's margin on.
func (v view) doubtful(c Check) bool {
	switch {
	case c.Unmeasured:
		return false
	case c.Slack != nil:
		return c.Doubt > *c.Slack
	default:
		return c.Broken() && c.Doubt > v.limit()
	}
}

// inconclusive is why a doubtful check decides nothing.
func (v view) inconclusive(c Check) string {
	var longest Stall
	for _, s := range v.stalls() {
		if s.For > longest.For && s.For <= c.Doubt {
			longest = s
		}
	}
	why := fmt.Sprintf("the %s stood still for up to %v at %v", longest.Side, seconds(int64(longest.For)), seconds(int64(longest.At)))
	if longest.For == 0 {
		why = "the network's clock is not ours"
	}
	return fmt.Sprintf("%s, so this may be wrong by %v: %s: %s, expected %s", why, seconds(int64(c.Doubt)), c.who(), c.Actual, c.Expected)
}

// beforeFault is the earliest instant that a deadline or a proof at the fault
// rests on: the last that was sent, heard and passed on before.
func (v view) beforeFault() int64 {
	from := v.fault
	for _, side := range []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		for _, what := range []trace.What{trace.Sent, trace.Heard} {
			if e := v.lastBeat(side, what); e != nil {
				from = min(from, e.T)
			}
		}
	}
	if len(v.strikes) > 0 {
		for _, passed := range []int64{v.strikes[0].LastPassedUp, v.strikes[0].LastPassedDown} {
			if passed != network.Never {
				from = min(from, passed)
			}
		}
	}
	return from
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
