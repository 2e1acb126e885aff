package judge

import (
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Connection is one that was open when the fault struck, as the wire shows it.
type Connection struct {
	Name   string `json:"name"` // its Session in the trace
	Client Ending `json:"client"`
	Server Ending `json:"server"`
}

// Ending is how a connection ended for a side, or for how long it did not.
type Ending struct {
	// After is when it ended, from what the scenario counts from; nil: it did not
	// while that counted.
	After *time.Duration `json:"after_ns,omitempty"`
	Cause string         `json:"cause,omitempty"` // "hung up", "peer closed", "ended by the network"
	// For is how long it did not, from the same instant. 0: it ended.
	For time.Duration `json:"for_ns,omitempty"`
	// From is what both count from.
	From scenario.Origin `json:"from,omitempty"`
	// Unstruck says that the fault, a firewall, did not forget the connection, or
	// not before it ended. After and For count from the fault then.
	Unstruck bool `json:"unstruck,omitempty"`
	// Untried says that one which is Unstruck and did not end need not have been kept
	// by its bytes: the firewall had no time to forget it, or none passed.
	Untried bool `json:"untried,omitempty"`
	// Timer says when the keepalive timer of the side's kernel was to fire, where
	// the connection did not end; "": none was seen. Excused: that was soon enough
	// for the kernel to have asked in time, had it been the peer's that answered;
	// whether it would have given up in time nobody knows.
	Timer   string `json:"timer,omitempty"`
	Excused bool   `json:"excused,omitempty"`
	// Unseen is from when on, counted like After, the network could not have seen the
	// side hang up; 0: it could.
	Unseen time.Duration `json:"unseen_ns,omitempty"`
}

// Of is the ending for a side.
func (c Connection) Of(side heartbeat.Side) Ending {
	if side == heartbeat.ClientSide {
		return c.Client
	}
	return c.Server
}

// Kept says that bytes came often enough for a firewall to forget nothing.
func (e Ending) Kept() bool { return e.Unstruck && e.After == nil && !e.Untried }

// String says what a side did after it was expected to hang up, as "hung up after
// 19s" or "never did in 1m0s".
func (e Ending) String() string {
	return e.say("did", "", func(d time.Duration) string { return words.Milli(d).String() })
}

// Alone says the same where nothing comes before, as "hung up after 19.000 s" or
// "never hung up in 60.000 s".
func (e Ending) Alone() string { return e.say("hung up", " hang up", words.Seconds) }

// say is the sentence, but for the verb that may have been said, and how a time is
// said.
func (e Ending) say(did, do string, text func(time.Duration) string) string {
	from := ""
	if e.From != scenario.FromFault {
		from = " after " + e.From.Name()
	}
	switch {
	case e.Kept():
		return "was not struck: the firewall forgot nothing, as bytes came often enough"
	case e.Untried:
		return fmt.Sprintf("was not struck in %s, and whether its bytes came often enough cannot be told: the firewall had not had its idle time, or none passed", text(e.For))
	case e.Unstruck:
		return fmt.Sprintf("was not struck: %s after %s, before the firewall forgot anything", e.cause(), text(*e.After))
	case e.After != nil && from != "":
		return fmt.Sprintf("%s %s%s", e.cause(), text(*e.After), from)
	case e.After != nil:
		return fmt.Sprintf("%s after %s", e.cause(), text(*e.After))
	case e.Unseen > 0:
		return fmt.Sprintf("could not be seen to%s from %s%s on: the network's buffer was full of what it withheld, and a closing would lie behind that",
			do, text(e.Unseen), from)
	case e.For == 0: // of an older record
		return "never " + did
	}
	never := fmt.Sprintf("never %s in %s%s", did, text(e.For), from)
	switch {
	case e.Excused:
		never += fmt.Sprintf(", but its kernel's keepalive timer is armed (%s), and here the proxy's kernel answers in the peer's place: run it with --network kernel", e.Timer)
	case e.Timer != "":
		never += fmt.Sprintf(" (its kernel's keepalive timer would have been too late: %s)", e.Timer)
	}
	return never
}

// cause is Cause as something that a side did, or that was done to it.
func (e Ending) cause() string {
	if e.Cause == network.PeerClosed {
		return "got the other's closing"
	}
	return e.Cause
}

// byWire says whether the trial is about hang-ups, by connection.
func (v view) byWire() bool {
	return v.expects(scenario.HangsUp, "") || v.expects(scenario.StaysUp, "")
}

// expects says whether the trial expects that of side; "": of any.
func (v view) expects(that scenario.Outcome, side trace.Side) bool {
	return slices.ContainsFunc(v.expectations(), func(e scenario.Expectation) bool {
		return e.That == that && (e.Side == "" || side == "" || e.Side == side)
	})
}

// over is when the faults were: what a side does later is about something else.
func (v view) over() int64 {
	if v.healed {
		return v.heal
	}
	return v.end
}

// counted is what hang-ups are counted from, and until when they count. If the
// scenario wants connections to stay up, all that becomes of them does.
func (v view) counted() (from scenario.Origin, until int64) {
	until = v.over()
	for _, e := range v.expectations() {
		switch e.That {
		case scenario.StaysUp:
			until = v.end
		case scenario.HangsUp:
			from = e.From
		}
	}
	return from, until
}

// connections are those that count; none if a fault was to strike and never did.
func (v view) connections() []Connection {
	if !v.struck && len(v.Header.Scenario.Faults) > 0 {
		return nil
	}
	var out []Connection
	for i, l := range v.links {
		if v.counts(l) {
			out = append(out, Connection{
				Name:   fmt.Sprintf("link %d", i+1),
				Client: v.endingOf(l, heartbeat.ClientSide), Server: v.endingOf(l, heartbeat.ServerSide),
			})
		}
	}
	return out
}

// counts says whether what becomes of a connection is judged: of one that was open
// when the fault struck or, in a scenario without any, that ever carried a byte.
func (v view) counts(l network.Link) bool {
	if len(v.Header.Scenario.Faults) == 0 {
		return l.Up.FirstPassed != network.Never || l.Down.FirstPassed != network.Never
	}
	return l.OpenAt(v.faultOrEnd())
}

// endingOf is the end of a connection for side.
func (v view) endingOf(l network.Link, side trace.Side) Ending {
	from, until := v.counted()
	at, cause := l.Over(side)
	sent := l.Up
	if side == heartbeat.ServerSide {
		sent = l.Down
	}
	late := cause == network.HungUp && at > sent.Blind // nobody knows by how much
	blind := sent.Blind != 0 && sent.Blind < until && (at == network.Never && !v.flowsAgain(sent) || late && !v.expects(scenario.StaysUp, side))
	if at > until || blind {
		at = network.Never
	}
	struck, ok := v.struckAt(l)
	if !ok || at != network.Never && at < struck {
		if at == network.Never {
			return Ending{Unstruck: true, Untried: !v.kept(l, until), For: time.Duration(until - v.fault)}
		}
		return Ending{Unstruck: true, After: since(at, v.fault), Cause: cause}
	}
	origin := v.fault
	if from == scenario.FromLastByte {
		origin = v.lastByteOf(l, struck)
	}
	if at != network.Never {
		return Ending{After: since(at, origin), Cause: cause, From: from}
	}
	e := Ending{For: time.Duration(until - origin), From: from}
	if blind {
		e.Unseen = time.Duration(sent.Blind - origin)
		return e
	}
	if hi := v.hangUpWindow(side).hi; hi != nil {
		until = min(until, origin+int64(*hi))
	}
	e.Timer, e.Excused = v.timer(side, until)
	return e
}

// flowsAgain says that all that was withheld, and a closing behind it, has come out
// since.
func (v view) flowsAgain(f network.Flow) bool {
	return v.healed && f.Resumed >= v.heal && v.end-f.Resumed >= int64(v.late())
}

// struckAt is when the fault struck a connection; false: it did not. A firewall
// strikes when it forgets, and only then.
func (v view) struckAt(l network.Link) (at int64, ok bool) {
	if !v.firewalled() {
		return v.fault, true
	}
	if l.Forgotten != 0 {
		return l.Forgotten, l.Forgotten != network.Never && l.Forgotten <= v.end
	}
	// All that is known is when the first flow was forgotten.
	for _, s := range v.strikes {
		if s.Forgotten != network.Never && s.Forgotten <= v.end && s.Forgotten >= max(l.Up.LastPassed, l.Down.LastPassed) {
			return s.Forgotten, true
		}
	}
	return 0, false
}

// kept says whether bytes kept a connection that no firewall forgot until then: one
// on which none passes is forgotten as soon as the firewall's time is over.
func (v view) kept(l network.Link, until int64) bool {
	idle := v.Header.Scenario.Idle(v.Header.Params)
	return max(l.Up.LastPassed, l.Down.LastPassed) > v.fault && until-v.fault > int64(idle)
}

// lastByteOf is when the last byte passed on a connection before the fault struck
// it. Of one that carried on, the network knows that of all connections together.
func (v view) lastByteOf(l network.Link, struck int64) int64 {
	last := max(l.Up.LastPassed, l.Down.LastPassed)
	if last > struck && len(v.strikes) > 0 {
		last = max(v.strikes[0].LastPassedUp, v.strikes[0].LastPassedDown)
	}
	return last
}

// reached counts the connections that were born while a way was cut, and whose
// opening reached the server.
func (v view) reached() (n int) {
	cuts := v.strikesOf(func(k scenario.Kind) bool {
		up, down := k.Cuts()
		return up || down
	})
	for _, l := range v.links {
		if !l.Dead && in(cuts, l.Born) {
			n++
		}
	}
	return n
}
