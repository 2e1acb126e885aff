package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// frames pairs what was sent with what was heard.
func frames(t trace.Trace, at func(int64) float64) []frame {
	type key struct {
		from          trace.Side
		session, kind string
		seq           uint64
	}
	keyOf := func(from trace.Side, e trace.Event) key {
		k := key{from, e.Session, e.Kind, e.Seq}
		if e.Kind == "hello" {
			k.session = "" // who hears one has no session yet
		}
		return k
	}
	var out []frame
	waiting := map[key][]int{}
	for _, e := range t.Events {
		switch e.What {
		case trace.Sent:
			k := keyOf(e.Side, e)
			waiting[k] = append(waiting[k], len(out))
			out = append(out, frame{Kind: shown(e.Kind), Seq: e.Seq, From: shown(string(e.Side)), Sent: at(e.T)})
		case trace.Heard:
			k := keyOf(e.Side.Peer(), e)
			if list := waiting[k]; len(list) > 0 {
				out[list[0]].Heard = new(at(e.T))
				waiting[k] = list[1:]
			}
		}
	}
	return out
}

// faults are the times in which a fault was in force; one that nobody ended
// lasts to the end.
func faults(t trace.Trace, at func(int64) float64, end float64) []faultRow {
	type key struct {
		kind  string
		index int
	}
	keyOf := func(e trace.Event) key {
		if e.Strike == nil {
			return key{e.Kind, -1}
		}
		return key{e.Kind, e.Strike.Fault}
	}
	var out []faultRow
	on := map[key]int{}
	for _, e := range t.Events {
		switch e.What {
		case trace.FaultOn:
			on[keyOf(e)] = len(out)
			out = append(out, faultRow{Kind: shown(e.Kind), From: at(e.T), To: end})
		case trace.FaultOff:
			i, known := on[keyOf(e)]
			if !known {
				continue
			}
			out[i].To = at(e.T)
			if e.Strike != nil {
				out[i].Says = did(*e.Strike)
			}
		}
	}
	return out
}

// did is a fault's proof in a few words.
func did(s network.Strike) string {
	var parts []string
	for _, n := range []struct {
		n           int64
		what, where string
	}{
		{s.WithheldUp, "byte", "withheld on the way up"}, {s.WithheldDown, "byte", "withheld on the way down"},
		{s.Delayed, "chunk", "delayed"}, {int64(s.Closings), "closing", "withheld"},
		{int64(s.Dials), "dial", "lost"}, {int64(s.Ended), "connection", "ended"},
		{s.Doubled, "datagram", "doubled"}, {s.Overtaken, "datagram", "overtaken"}, {s.Rebound, "flow", "moved to another address"},
	} {
		if n.n > 0 {
			parts = append(parts, words.Plural(int(n.n), n.what)+" "+n.where)
		}
	}
	return strings.Join(parts, ", ")
}

// onWire are the moments on the wire that a timeline shows beside the events.
var onWire = []string{dialled, closing, cutShort, forgets, armed, string(trace.Exit)}

// laneOf is where a timeline shows what happens to a side; "": between the lanes.
func laneOf(side trace.Side) string {
	if side == heartbeat.ClientSide || side == heartbeat.ServerSide {
		return string(side)
	}
	return ""
}

// newMark is what a timeline shows of an event that is no frame and no fault.
func newMark(e trace.Event, at func(int64) float64) (mark, bool) {
	m := mark{What: string(e.What), Side: string(e.Side), At: at(e.T), Says: shown(e.Detail)}
	switch e.What {
	case trace.Suspect, trace.Trust, trace.Up, trace.Damaged:
	case trace.Down, trace.Closed, trace.Canary:
		m.Says = shown(e.Cause)
	case trace.HangUp:
		m.Side, m.Says = e.Kind, shown(e.Session)
	case trace.Stall:
		m.Says = fmt.Sprintf("for %v", fine(time.Duration(e.To-e.T)))
		if e.Side == trace.Harness {
			m.Side = ""
		}
	default:
		return mark{}, false
	}
	if m.Side != string(heartbeat.ClientSide) && m.Side != string(heartbeat.ServerSide) && e.What != trace.Stall {
		return mark{}, false
	}
	return m, true
}
