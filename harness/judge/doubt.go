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

// whole is the trial from the first session's coming up.
func (v view) whole() Span {
	from := int64(0)
	if up := v.first(func(e trace.Event) bool { return e.What == trace.Up }); up != nil {
		from = up.T
	}
	return Span{from, max(v.end, from+1)}
}

// doubt is by how much a time of side's that rests on what was stamped in s may
// be wrong; side "": of any side's. The zero Span is nowhere: no stall is at fault.
func (v view) doubt(side trace.Side, s Span) time.Duration {
	if s == (Span{}) {
		return 0
	}
	sum := v.uncertainty()
	others := v.touching(s, v.stalls())
	for _, e := range v.halts {
		own := e.Side != trace.Harness && (side == "" || side == e.Side)
		if !own || e.To < s.From || e.T > s.To {
			continue
		}
		sum += time.Duration(e.To - e.T)
		for i, o := range others { // which has it among its parts: the rest is left
			others[i].For -= max(0, min(o.At+o.For, time.Duration(e.To))-max(o.At, e.Offset()))
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
func (v view) touching(s Span, stalls []Stall) []Stall {
	return slices.DeleteFunc(stalls, func(stall Stall) bool {
		return stall.At+stall.For < time.Duration(s.From)-v.limit() || stall.At > time.Duration(s.To)
	})
}

// uncertainty is that of the instants of who has another clock, or of a fault that
// nobody saw in the moment. (That of a stall is when it began.)
func (v view) uncertainty() (u time.Duration) {
	for _, e := range v.Events {
		if e.What != trace.Stall {
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
	case c.short > v.limit():
		return true
	case c.Slack != nil:
		return c.Doubt > *c.Slack
	default:
		return c.Broken() && c.Doubt > v.limit()
	}
}

// inconclusive is why a doubtful check decides nothing.
func (v view) inconclusive(c Check) string {
	if c.short > v.limit() {
		return fmt.Sprintf("the observation ended %v too early to tell: %s: %s, expected %s", milli(int64(c.short)), c.who(), c.Actual, c.Expected)
	}
	all := v.touching(c.rests, v.stalls())
	// One that is longer than the doubt touched something else, or is several that
	// ran into each other.
	if apart := slices.DeleteFunc(slices.Clone(all), func(s Stall) bool { return s.For > c.Doubt }); len(apart) > 0 {
		all = apart
	}
	var longest Stall
	for _, s := range all {
		if s.For > longest.For {
			longest = s
		}
	}
	why := fmt.Sprintf("the %s stood still for up to %v at %v", longest.Side, milli(int64(longest.For)), milli(int64(longest.At)))
	if u := v.uncertainty(); u > longest.For { // its clock is not ours, or a process died unseen
		why = fmt.Sprintf("when the fault struck, or something else happened, is known within %v only", atLeastMilli(u))
	}
	return fmt.Sprintf("%s, so this may be wrong by %v: %s: %s, expected %s", why, atLeastMilli(c.Doubt), c.who(), c.Actual, c.Expected)
}

// atLeastMilli is a doubt as people read it: a small one is not none.
func atLeastMilli(d time.Duration) time.Duration { return max(milli(int64(d)), time.Millisecond) }

// Overload says for how long a machine stood still in all, of a time, and whether
// that is so much, a quarter or more, that whatever was late tells of the machine.
func Overload(stalls []Stall, of time.Duration) (stood time.Duration, much bool) {
	for _, s := range stalls {
		stood += s.For
	}
	return stood, of > 0 && stood > 0 && stood >= of/4
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

// unasked are the stalls. One of a process that was stopped is only as long as it
// did not go on once it might.
func (v view) unasked() (out []trace.Event) {
	for _, e := range v.Events {
		if e.What != trace.Stall {
			continue
		}
		for _, stopped := range v.lifeless(e.Side) {
			if e.T <= stopped.To && e.To >= stopped.From { // what is before and after is left
				e.T = max(e.To-max(0, stopped.From-e.T)-max(0, e.To-stopped.To), e.T)
			}
		}
		if e.To > e.T {
			out = append(out, e)
		}
	}
	trace.Sort(out)
	return out
}

// stalls are the times in which something stood still, each once: a process
// that did not run shows in all its loops.
func (v view) stalls() []Stall {
	var out []Stall
	for _, e := range v.halts {
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
