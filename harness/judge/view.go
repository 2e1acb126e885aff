package judge

import (
	"math"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// view is a trace with its landmarks found.
type view struct {
	trace.Trace
	struck bool  // a fault took effect
	fault  int64 // when the first did
	healed bool  // all faults ended before the trial did
	heal   int64 // when the last did
	end    int64 // of the observation
	links  []network.Link
	// strikes are the network's proofs, in the order in which the faults ended.
	strikes []network.Strike
}

func newView(t trace.Trace) view {
	var end int64
	for _, e := range t.Events {
		end = max(end, e.T)
	}
	return newViewUntil(t, end)
}

// newViewUntil is the view of a trial whose last event was then, whether or not
// t has it: the end of one that was cut off.
func newViewUntil(t trace.Trace, end int64) view {
	v := view{Trace: t, end: end}
	active := 0
	for _, e := range t.Events {
		switch e.What {
		case trace.End:
			v.end = e.T
		case trace.FaultOn:
			if !v.struck {
				v.struck, v.fault = true, e.T
			}
			active++
		case trace.FaultOff:
			active--
			v.heal = e.T
			if e.Strike != nil {
				v.strikes = append(v.strikes, *e.Strike)
			}
		case trace.Dial:
			if e.Link != nil {
				v.links = append(v.links, *e.Link)
			}
		}
	}
	v.healed = v.struck && active == 0 && v.heal < v.end
	return v
}

// tells says whether side reports its own events.
func (v view) tells(side trace.Side) bool {
	return v.first(func(e trace.Event) bool { return e.Side == side && e.What == trace.Up }) != nil
}

// first is the first event that ok accepts, or nil.
func (v view) first(ok func(trace.Event) bool) *trace.Event {
	for i := range v.Events {
		if ok(v.Events[i]) {
			return &v.Events[i]
		}
	}
	return nil
}

// session is the name of side's session that was up when the fault struck; "":
// it had none.
func (v view) session(side trace.Side) string {
	name := ""
	for _, e := range v.Events {
		if e.T > v.faultOrEnd() {
			break
		}
		switch {
		case e.Side != side:
		case e.What == trace.Up:
			name = e.Session
		case e.Session == name && (e.What == trace.Down || e.What == trace.Closed) && e.T < v.faultOrEnd():
			name = ""
		}
	}
	return name
}

// lostBefore is when a session of side's ended before the fault, or without
// one, if that happened.
func (v view) lostBefore(side trace.Side) (int64, bool) {
	up := map[string]bool{}
	for _, e := range v.Events {
		switch {
		case e.Side != side || v.struck && e.T >= v.fault:
		case e.What == trace.Up:
			up[e.Session] = true
		case up[e.Session] && (e.What == trace.Down || e.What == trace.Closed):
			return e.T, true
		}
	}
	return 0, false
}

func (v view) faultOrEnd() int64 {
	if v.struck {
		return v.fault
	}
	return v.end
}

// link is the connection that was in use when the fault struck.
func (v view) link() (network.Link, bool) { return v.linkAt(v.faultOrEnd()) }

// linkAt is the connection that was in use at an instant: the youngest that
// had carried something and that nobody had hung up.
func (v view) linkAt(at int64) (in network.Link, found bool) {
	for _, l := range v.links {
		over := l.Up.HungUp != network.Never && l.Up.HungUp < at || l.Down.HungUp != network.Never && l.Down.HungUp < at
		if l.Born <= at && !l.Dead && l.Up.Passed > 0 && !over {
			in, found = l, true
		}
	}
	return in, found
}

// lastByte is the last instant at which a byte passed on that connection.
func (v view) lastByte() (int64, bool) {
	l, ok := v.link()
	if !ok {
		return 0, false
	}
	at := max(l.Up.LastPassed, l.Down.LastPassed)
	return at, at != network.Never
}

// hangUp is when side closed that connection, as the network saw it.
func (v view) hangUp(side trace.Side) (int64, bool) {
	l, ok := v.link()
	if !ok {
		return 0, false
	}
	at := l.Up.HungUp
	if side == heartbeat.ServerSide {
		at = l.Down.HungUp
	}
	return at, at != network.Never
}

// suspicion is side's own suspicion on that session after the fault, or the
// hang-up of a side that tells nothing.
func (v view) suspicion(side trace.Side) (at int64, why string, ok bool) {
	if !v.tells(side) {
		at, ok = v.hangUp(side)
		return at, hungUp, ok && at >= v.fault && !(v.byWire() && at > v.over())
	}
	// After the heal, and all that was still under way, it is a mistake.
	until := int64(math.MaxInt64)
	if v.healed {
		until = v.heal + int64(v.late())
	}
	name := v.session(side)
	e := v.first(func(e trace.Event) bool {
		return e.Side == side && e.What == trace.Suspect && e.Session == name && e.T >= v.fault && e.T <= until
	})
	if e == nil {
		return 0, "", false
	}
	return e.T, e.Detail, true
}

// ending is the end of side's session that was up when the fault struck.
func (v view) ending(side trace.Side) (at int64, cause string, ok bool) {
	if !v.tells(side) {
		return v.endingByWire(side)
	}
	name := v.session(side)
	e := v.first(func(e trace.Event) bool {
		return e.Side == side && (e.What == trace.Down || e.What == trace.Closed) && e.Session == name && e.T >= v.fault
	})
	if e == nil {
		return 0, "", false
	}
	return e.T, e.Cause, true
}

// endingByWire is the first of what ends a connection for side: that it hangs
// up, that the peer's closing reaches it, that the network ends it.
func (v view) endingByWire(side trace.Side) (at int64, cause string, ok bool) {
	l, known := v.link()
	if !known {
		return 0, "", false
	}
	return v.endingOf(l, side)
}

// hungUp is the cause of an end that a side brought about itself.
const hungUp = "hung up"

// endingOf is endingByWire of one connection.
func (v view) endingOf(l network.Link, side trace.Side) (at int64, cause string, ok bool) {
	mine, toMe := l.Up, l.Down
	if side == heartbeat.ServerSide {
		mine, toMe = l.Down, l.Up
	}
	for _, end := range []struct {
		at    int64
		cause string
	}{{mine.HungUp, hungUp}, {toMe.Closed, "peer closed"}, {toMe.Ended, "ended by the network"}} {
		if end.at != network.Never && end.at >= v.fault && (!ok || end.at < at) {
			at, cause, ok = end.at, end.cause, true
		}
	}
	return at, cause, ok
}

// origin is the instant that an expectation counts from.
func (v view) origin(from scenario.Origin, side trace.Side) (int64, bool) {
	switch from {
	case scenario.FromLastByte:
		return v.lastByte()
	case scenario.FromHeal:
		return v.heal, v.healed
	case scenario.FromPeersEnd:
		return v.hangUp(side.Peer())
	case scenario.FromFault:
		return v.fault, v.struck
	default:
		return 0, false
	}
}

// phase is where in side's beat interval the fault struck.
func (v view) phase(side trace.Side) *float64 {
	interval := v.Header.Interval
	if !v.struck || interval <= 0 {
		return nil
	}
	heard := v.lastBeat(side, trace.Heard)
	if heard == nil {
		return nil
	}
	phase := float64(v.fault-heard.T) / float64(interval)
	phase = math.Round(phase*1000) / 1000
	return &phase
}

// lastBeat is the last beat or echo that side sent or heard before the fault,
// or nil.
func (v view) lastBeat(side trace.Side, what trace.What) (last *trace.Event) {
	for i, e := range v.Events {
		if e.T > v.fault {
			break
		}
		if e.Side == side && e.What == what && (e.Kind == "echo" || e.Kind == "beat") {
			last = &v.Events[i]
		}
	}
	return last
}

func since(at, origin int64) *time.Duration {
	d := time.Duration(at - origin)
	return &d
}
