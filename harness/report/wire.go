package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Moment is something that a trace shows without a word from the sides.
type Moment struct {
	At   int64      // offset from the trace's epoch, in nanoseconds
	Side trace.Side // whom it happens to; trace.Network: both, or neither
	What string
	Says string // a sentence without its full stop
}

// What happens on the wire, beside the events that a trace has a name for.
const (
	closing  = "closing"  // the other's closing arrives
	cutShort = "ended"    // the network ends the connection
	forgets  = "forgets"  // a firewall forgets the connection
	dialled  = "dial"     // a connection reaches the network
	armed    = "armed"    // a kernel's keepalive timer was seen
	unseen   = "unseen"   // or nobody could look
	strikes  = "fault-on" // a fault begins
)

// longStall is one that a reader wants to know of.
const longStall = 100 * time.Millisecond

// Wire is what happened on the wire, in order of time: who connected and what
// passed, the faults, who hung up, and whom that reached.
func Wire(t trace.Trace) []Moment {
	var out []Moment
	add := func(at int64, side trace.Side, what, format string, args ...any) {
		if at != network.Never {
			out = append(out, Moment{at, side, what, fmt.Sprintf(format, args...)})
		}
	}
	for _, e := range t.Events {
		switch e.What {
		case trace.Dial:
			add(e.T, heartbeat.ClientSide, dialled, "%s: the client connected%s", e.Session, carried(e.Link))
			if e.Link != nil {
				addEnds(add, e.Session, heartbeat.ServerSide, e.Link.Up, e.Link.Down)
				addEnds(add, e.Session, heartbeat.ClientSide, e.Link.Down, e.Link.Up)
			}
		case trace.FaultOn:
			said := ""
			if s := e.Strike; s != nil {
				said = fmt.Sprintf("; last byte to the server %s, to the client %s", before(s.LastPassedUp, e.T), before(s.LastPassedDown, e.T))
			}
			add(e.T, trace.Network, strikes, "%s strikes%s", e.Kind, said)
		case trace.FaultOff:
			add(e.T, trace.Network, string(e.What), "%s ends", e.Kind)
			if e.Strike != nil && e.Kind == string(scenario.IdleDrop) {
				add(e.Strike.Forgotten, trace.Network, forgets, "the firewall forgets the connection")
			}
		case trace.HangUp:
			add(e.T, trace.Side(e.Kind), string(e.What), "%s: the %s hung up", e.Session, e.Kind)
		case trace.Armed:
			add(e.T, e.Side, armed, "the %s's kernel has a keepalive timer: %s", e.Side, e.Detail)
		case trace.Exit:
			add(e.T, e.Side, string(e.What), "%s", e.Detail)
		case trace.Unseen:
			add(e.T, e.Side, unseen, "whether the %s's kernel has a keepalive timer cannot be seen from here", e.Side)
		case trace.Stall:
			if e.To-e.T >= int64(longStall) {
				add(e.T, trace.Network, string(e.What), "this process stood still for %s", words.Seconds(time.Duration(e.To-e.T)))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return cmp.Compare(a.At, b.At) })
	return out
}

// addEnds adds how a link's flow ended for its receiver, unless back, what that
// one sent, was over by then: it had hung up itself.
func addEnds(add func(int64, trace.Side, string, string, ...any), link string, receiver trace.Side, flow, back network.Flow) {
	if back.HungUp == network.Never || back.HungUp > flow.Closed {
		add(flow.Closed, receiver, closing, "%s: the %s's closing reached the %s", link, receiver.Peer(), receiver)
	}
	add(flow.Ended, receiver, cutShort, "%s: the network ended the %s's connection", link, receiver)
}

func carried(l *network.Link) string {
	switch {
	case l == nil:
		return ""
	case l.Dead:
		return ", to nobody"
	default:
		return fmt.Sprintf("; in all %s to the server, %d to the client", words.Plural(int(l.Up.Passed), "byte"), l.Down.Passed)
	}
}

func before(at, fault int64) string {
	if at == network.Never {
		return "never came"
	}
	return words.Seconds(time.Duration(fault-at)) + " ago"
}

// Endings is what became of a connection, side by side: "client hung up after
// 1.493 s; server never hung up in 30.001 s".
func Endings(c judge.Connection) string {
	var parts []string
	for _, side := range sides {
		parts = append(parts, string(side)+" "+c.Of(side).Alone())
	}
	return strings.Join(parts, "; ")
}
