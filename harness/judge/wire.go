package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Connection is one that was open when the fault struck, as the wire shows it.
type Connection struct {
	Name   string `json:"name"` // its Session in the trace
	Client Ending `json:"client"`
	Server Ending `json:"server"`
}

// Ending is how a connection ended for a side. The zero Ending: it did not while
// the fault lasted.
type Ending struct {
	After *time.Duration `json:"after_ns,omitempty"` // from what the scenario counts from
	Cause string         `json:"cause,omitempty"`    // "hung up", "peer closed", "ended by the network"
}

// Of is the ending for a side.
func (c Connection) Of(side heartbeat.Side) Ending {
	if side == heartbeat.ClientSide {
		return c.Client
	}
	return c.Server
}

// byWire says whether the trial is about hang-ups, by connection.
func (v view) byWire() bool {
	return slices.ContainsFunc(v.expectations(), func(e scenario.Expectation) bool {
		return e.That == scenario.HangsUp || e.That == scenario.StaysUp
	})
}

// over is when the faults were: what a side does later is about something else.
func (v view) over() int64 {
	if v.healed {
		return v.heal
	}
	return v.end
}

// connections are those that were open when the fault struck. If the scenario
// wants them to stay up, all that becomes of them until the end counts.
func (v view) connections() []Connection {
	until, from := v.over(), scenario.FromFault
	for _, e := range v.expectations() {
		switch e.That {
		case scenario.StaysUp:
			until = v.end
		case scenario.HangsUp:
			from = e.From
		}
	}
	var out []Connection
	for i, l := range v.links {
		if !v.openAt(l, v.faultOrEnd()) {
			continue
		}
		c := Connection{Name: fmt.Sprintf("link %d", i+1)}
		origin := v.linkOrigin(l, from)
		for side, ending := range map[heartbeat.Side]*Ending{heartbeat.ClientSide: &c.Client, heartbeat.ServerSide: &c.Server} {
			if at, cause, ok := v.endingOf(l, side); ok && at <= until {
				*ending = Ending{After: since(at, origin), Cause: cause}
			}
		}
		out = append(out, c)
	}
	return out
}

// openAt says whether a connection carried something and nobody had hung up.
func (v view) openAt(l network.Link, at int64) bool {
	over := func(f network.Flow) bool { return f.HungUp != network.Never && f.HungUp < at }
	return l.Born <= at && !l.Dead && l.Up.Passed+l.Down.Passed > 0 && !over(l.Up) && !over(l.Down)
}

func (v view) linkOrigin(l network.Link, from scenario.Origin) int64 {
	if from == scenario.FromLastByte {
		return max(l.Up.LastPassed, l.Down.LastPassed)
	}
	return v.fault
}

// armed is whether side's kernel had a keepalive timer, and when it was to fire.
func (v view) armed(side trace.Side) (string, bool) {
	e := v.first(func(e trace.Event) bool { return e.What == trace.Armed && e.Side == side })
	if e == nil {
		return "", false
	}
	return e.Detail, true
}

func hangsUp(v view, e scenario.Expectation, side trace.Side) (Check, span) {
	window := v.within(e)
	if e.Within == (scenario.Range{}) {
		window = windowBounds(v.Header.Window)
	}
	c := Check{Expected: "a hang-up, or none", Held: true}
	if window != (bounds{}) {
		c.Expected = fmt.Sprintf("to hang up within %v%s", window, e.From.Phrase())
	}
	all := v.connections()
	if len(all) == 0 {
		c.Held, c.Actual = false, "it had no connection when the fault struck"
		return c, v.whole()
	}
	latest := v.fault
	var slack *time.Duration
	var actual []string
	silent := false
	for i, connection := range all {
		ending := connection.Of(side)
		took := time.Duration(v.over() - v.fault)
		held := window.hi == nil || v.kept()
		var left *time.Duration
		if ending.After != nil {
			took = *ending.After
			held, left = window.contain(took)
			actual = append(actual, fmt.Sprintf("%s after %v", ending.Cause, seconds(int64(took))))
		} else {
			silent = true
			actual = append(actual, fmt.Sprintf("never did in %v", seconds(int64(took))))
			if !v.kept() {
				left = window.missed(took)
			}
		}
		if len(all) > 1 {
			actual[i] += fmt.Sprintf(" (%s)", connection.Name)
		}
		if left != nil && (slack == nil || *left < *slack) {
			slack = left
		}
		c.Held = c.Held && held
		latest = max(latest, v.fault+int64(took))
	}
	c.Slack, c.Actual = slack, strings.Join(actual, ", ")
	unseen := v.first(func(e trace.Event) bool { return e.What == trace.Unseen && e.Side == side }) != nil
	if v.kept() && silent {
		c.Actual += ": bytes came often enough for the firewall to forget nothing"
	} else if next, armed := v.armed(side); armed && silent {
		c.Held, c.Unmeasured, c.Slack = false, true, nil
		c.Actual += fmt.Sprintf(", but its kernel's keepalive timer is armed (%s), and here the proxy's kernel answers in the peer's place: run it with --network kernel", next)
	} else if unseen && silent {
		c.Actual += " (whether its kernel has a keepalive timer, which the proxy's kernel would answer, cannot be seen from here)"
	}
	return c, span{v.beforeFault(), latest}
}

// kept says that the trial's only fault is a firewall that forgot nothing.
func (v view) kept() bool {
	kinds := v.networkFaults()
	return len(v.strikes) > 0 && !slices.ContainsFunc(v.strikes, func(s network.Strike) bool {
		return s.Fault >= len(kinds) || kinds[s.Fault] != scenario.IdleDrop || s.Forgotten != network.Never
	})
}

func staysUp(v view, _ scenario.Expectation, side trace.Side) (Check, span) {
	c := Check{Expected: "to hang up nothing: nothing was dead"}
	all := v.connections()
	if len(all) == 0 {
		c.Actual = "it had no connection when the fault struck"
		return c, v.whole()
	}
	for _, connection := range all {
		if ending := connection.Of(side); ending.Cause == hungUp {
			c.Actual = fmt.Sprintf("hung up after %v (%s), a mistake", seconds(int64(*ending.After)), connection.Name)
			return c, v.whole()
		}
	}
	c.Held, c.Actual = true, fmt.Sprintf("did not in %v", seconds(v.end-v.fault))
	return c, v.whole()
}
