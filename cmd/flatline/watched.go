package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// printWatched tells of each trial who hung up, and when; of the only one, all
// that the wire showed.
func printWatched(t terminal, r report.Report, dir string) {
	for _, rec := range r.Records {
		if len(rec.Connections) == 0 || rec.Superseded {
			continue
		}
		tr, err := trace.ReadFile(filepath.Join(dir, filepath.FromSlash(rec.Trace)))
		if err != nil {
			continue // the verdicts don't need it
		}
		fault, lasted := faulted(tr)
		for _, c := range rec.Connections {
			name := fmt.Sprintf("phase %g", rec.Phase)
			if len(rec.Connections) > 1 {
				name += ", " + c.Name
			}
			fmt.Fprintf(t, "\n%s: %s\n", name, t.verdict(rec.Verdict, endings(c, lasted)))
		}
		if rec.Verdict == judge.NotMeasurable {
			fmt.Fprintln(t, "  "+report.Clean(rec.Reason))
		}
		if forgotNothing(tr) {
			fmt.Fprintln(t, "  the firewall forgot nothing: bytes came often enough")
		}
		if rec.Client.Recovery != nil {
			fmt.Fprintf(t, "  a connection worked again %s after the fault's end\n", seconds(*rec.Client.Recovery))
		}
		if len(r.Records) == 1 {
			printTimeline(t, tr, fault)
		}
		if rec.Verdict != judge.Held && rec.Verdict != judge.NotMeasurable {
			continue // its story follows, with its output
		}
		for _, path := range rec.Output {
			fmt.Fprintf(t, "  output: %s\n", filepath.Join(dir, filepath.FromSlash(path)))
		}
	}
}

// faulted is when the first fault struck, and how long a hang-up counted from
// then: while the fault lasted or, where there was to be none, to the end.
func faulted(tr trace.Trace) (at int64, lasted time.Duration) {
	toEnd := slices.ContainsFunc(tr.Header.Scenario.Expect, func(e scenario.Expectation) bool { return e.That == scenario.StaysUp })
	struck := false
	for _, e := range tr.Events {
		switch {
		case e.What == trace.FaultOn && !struck:
			at, struck = e.T, true
		case e.What == trace.FaultOff && !toEnd || e.What == trace.End:
			return at, time.Duration(e.T - at)
		}
	}
	return at, 0
}

// forgotNothing says that the fault was a firewall which the bytes kept busy.
func forgotNothing(tr trace.Trace) bool {
	return slices.ContainsFunc(tr.Events, func(e trace.Event) bool {
		return e.What == trace.FaultOff && e.Kind == string(scenario.IdleDrop) && e.Strike.Forgotten == network.Never
	})
}

// endings is what became of a connection, as a sentence.
func endings(c judge.Connection, lasted time.Duration) string {
	var parts []string
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		e := c.Of(side)
		switch {
		case e.After == nil:
			parts = append(parts, fmt.Sprintf("%s never hung up in %s", side, seconds(lasted)))
		case e.Cause == "peer closed":
			parts = append(parts, fmt.Sprintf("%s got the other's closing after %s", side, seconds(*e.After)))
		default:
			parts = append(parts, fmt.Sprintf("%s %s after %s", side, e.Cause, seconds(*e.After)))
		}
	}
	return strings.Join(parts, "; ")
}

// printTimeline prints what the wire showed, from the fault.
func printTimeline(t terminal, tr trace.Trace, fault int64) {
	type line struct {
		at   int64
		text string
	}
	var lines []line
	say := func(at int64, format string, args ...any) {
		if at != network.Never {
			lines = append(lines, line{at, fmt.Sprintf(format, args...)})
		}
	}
	for _, e := range tr.Events {
		switch e.What {
		case trace.Dial:
			say(e.T, "%s: the client connected%s", e.Session, carried(e.Link))
			if e.Link != nil {
				if news(e.Link.Up, e.Link.Down) {
					say(e.Link.Up.Closed, "%s: the client's closing reached the server", e.Session)
				}
				if news(e.Link.Down, e.Link.Up) {
					say(e.Link.Down.Closed, "%s: the server's closing reached the client", e.Session)
				}
				say(e.Link.Up.Ended, "%s: the network ended the server's connection", e.Session)
				say(e.Link.Down.Ended, "%s: the network ended the client's connection", e.Session)
			}
		case trace.FaultOn:
			say(e.T, "%s strikes; last byte to the server %s, to the client %s", e.Kind, before(e.Strike.LastPassedUp, e.T), before(e.Strike.LastPassedDown, e.T))
		case trace.FaultOff:
			say(e.T, "%s ends", e.Kind)
			say(e.Strike.Forgotten, "the firewall forgets the connection")
		case trace.HangUp:
			say(e.T, "%s: the %s hung up", e.Session, e.Kind)
		case trace.Armed:
			say(e.T, "the %s's kernel has a keepalive timer: %s", e.Side, e.Detail)
		case trace.Unseen:
			say(e.T, "whether the %s's kernel has a keepalive timer cannot be seen from here", e.Side)
		case trace.Stall:
			if e.To-e.T >= int64(longStall) {
				say(e.T, "this process stood still for %s", seconds(time.Duration(e.To-e.T)))
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for _, l := range lines {
		fmt.Fprintf(t, "  %10.3f s  %s\n", time.Duration(l.at-fault).Seconds(), report.Clean(l.text))
	}
}

// news says whether a closing reached somebody who had not hung up.
func news(way, back network.Flow) bool {
	return back.HungUp == network.Never || back.HungUp > way.Closed
}

// longStall is one that a reader of a timeline wants to know of.
const longStall = 100 * time.Millisecond

func carried(l *network.Link) string {
	switch {
	case l == nil:
		return ""
	case l.Dead:
		return ", to nobody"
	default:
		return fmt.Sprintf("; in all %d bytes to the server, %d to the client", l.Up.Passed, l.Down.Passed)
	}
}

func before(at, fault int64) string {
	if at == network.Never {
		return "never came"
	}
	return seconds(time.Duration(fault-at)) + " ago"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
