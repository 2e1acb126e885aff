package judge

import (
	"math"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// view is a trace with its landmarks found. Its Events are those of the observation,
// and what is told only after that, of the observation all the same.
type view struct {
	trace.Trace
	rest   []trace.Event // what came after the observation
	struck bool          // a fault took effect
	fault  int64         // when the first did
	healed bool          // all faults ended before the trial did
	heal   int64         // when the last did
	end    int64         // of the observation
	links  []network.Link
	halts  []trace.Event // the stalls that nobody had asked for
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
	var open []network.Strike // of a trace that is cut off before their ends
	for _, e := range t.Events {
		switch e.What {
		case trace.End:
			v.end = e.T
		case trace.FaultOn:
			if !v.struck {
				v.struck, v.fault = true, e.T
			}
			active++
			if e.Strike != nil {
				open = append(open, *e.Strike)
			}
		case trace.FaultOff:
			active--
			v.heal = e.T
			if e.Strike != nil {
				v.strikes = append(v.strikes, *e.Strike)
				if i := slices.IndexFunc(open, func(s network.Strike) bool { return s.Fault == e.Strike.Fault }); i >= 0 {
					open = slices.Delete(open, i, i+1)
				}
			}
		case trace.Dial:
			if e.Link != nil {
				v.links = append(v.links, *e.Link)
			}
		}
	}
	v.strikes = append(v.strikes, open...)
	v.healed = v.struck && active == 0 && v.heal < v.end
	v.halts = v.unasked() // also those while a canary was under way
	v.Events, v.rest = nil, nil
	for _, e := range t.Events {
		if e.T <= v.end || told(e) {
			v.Events = append(v.Events, e)
		} else {
			v.rest = append(v.rest, e)
		}
	}
	return v
}

// told says whether an event is a word about the observation, whenever it is given:
// the network's proof, a canary's fate, that something could not be seen. The sides
// go on for as long as the lab collects those, and what they do then is no part of it.
func told(e trace.Event) bool {
	return e.Side == trace.Network || e.What == trace.Canary || e.What == trace.Unseen
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

// session is the name of side's session that the fault struck: the newest that was
// up then; "": it had none.
func (v view) session(side trace.Side) string {
	open := v.openSessions(side, v.faultOrEnd())
	if len(open) == 0 {
		return ""
	}
	return open[len(open)-1]
}

// openSessions are side's sessions that were up at an instant and had not ended
// before, in the order in which they came up.
func (v view) openSessions(side trace.Side, at int64) []string {
	var open []string
	for _, e := range v.Events {
		switch {
		case e.Side != side || e.T > at:
		case e.What == trace.Up:
			open = append(open, e.Session)
		case (e.What == trace.Down || e.What == trace.Closed) && e.T < at:
			open = slices.DeleteFunc(open, func(s string) bool { return s == e.Session })
		}
	}
	return open
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

// link is the connection that was in use when the fault struck: the youngest. Without
// a fault it is the first that somebody hung up, if any.
func (v view) link() (in network.Link, found bool) {
	for _, l := range v.links {
		if !v.counts(l) {
			continue
		}
		in, found = l, true
		hungUp := func(f network.Flow) bool { return f.HungUp != network.Never && f.HungUp <= v.end }
		if len(v.Header.Scenario.Faults) == 0 && (hungUp(l.Up) || hungUp(l.Down)) {
			break
		}
	}
	return in, found
}

// lastByte is the last instant at which a byte passed on that connection before
// the fault struck it.
func (v view) lastByte() (int64, bool) {
	l, ok := v.link()
	if !ok {
		return 0, false
	}
	struck, ok := v.struckAt(l)
	if !ok {
		struck = v.fault
	}
	at := v.lastByteOf(l, struck)
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
	return at, at != network.Never && at <= v.end
}

// suspicion is side's detection of the fault: its own suspicion on that session,
// in the time that Truth allows, or the hang-up of a side that tells nothing.
func (v view) suspicion(side trace.Side) (at int64, why string, ok bool) {
	if !v.tells(side) {
		at, why, ok = v.ending(side)
		return at, why, ok && why == network.HungUp && at <= v.over()
	}
	silence := v.truth(side).silence()
	switch {
	case len(silence) > 0:
	case v.firewalled(): // and it has forgotten nothing
		return 0, "", false
	default: // what struck silences nobody
		silence = []Span{{From: v.fault, To: endless}}
		if v.healed {
			silence[0].To = v.heal + int64(v.late())
		}
	}
	e := v.suspected(side, func(at int64) bool { return in(silence, at) })
	if e == nil {
		return 0, "", false
	}
	return e.T, e.Detail, true
}

// suspected is the first suspicion of side's on that session since the fault that
// ok accepts, or nil.
func (v view) suspected(side trace.Side, ok func(at int64) bool) *trace.Event {
	name := v.session(side)
	return v.first(func(e trace.Event) bool {
		return e.Side == side && e.What == trace.Suspect && e.Session == name && e.T >= v.fault && ok(e.T)
	})
}

// ending is the end of side's session that was up when the fault struck; of a
// side that tells nothing, of its connection.
func (v view) ending(side trace.Side) (at int64, cause string, ok bool) {
	if !v.tells(side) {
		l, known := v.link()
		at, cause = l.Over(side)
		return at, cause, known && at != network.Never && at <= v.end
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
