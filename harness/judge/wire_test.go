package judge_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// wire is what the network saw of a subject that tells nothing: a fault at 10 s,
// until 70 s where it ends, in a trial that ends at 80 s.
type wire struct {
	kind    scenario.Kind
	idle    scenario.Span
	that    scenario.Outcome
	from    scenario.Origin
	window  heartbeat.Window
	links   []network.Link
	armed   heartbeat.Side
	fires   string // in so long from 11 s on; "": 14s
	unseen  heartbeat.Side
	strike  network.Strike   // On and Off are set
	tested  []heartbeat.Side // nil: the client
	stall   float64          // when the harness stood still, for stalled; 0: 9 s
	stalled time.Duration
}

func (w wire) judge(t *testing.T) judge.Record {
	t.Helper()
	if w.tested == nil {
		w.tested = []heartbeat.Side{heartbeat.ClientSide}
	}
	s := scenario.Scenario{Name: "s", Faults: []scenario.Step{{Fault: scenario.Fault{Kind: w.kind, Idle: w.idle}, Must: scenario.MayStrike}}}
	for _, side := range w.tested {
		s.Expect = append(s.Expect, scenario.Expectation{That: w.that, Side: side, From: w.from})
	}
	h := &history{t: t, trace: trace.Trace{Header: trace.Header{
		Trial: "t", Scenario: s, Window: w.window, Network: "toxiproxy", Interval: time.Second,
		Policy: heartbeat.Policy{Name: "watched", Probe: "own", Interval: time.Second, Beats: heartbeat.FromBoth, Profile: heartbeat.Profile{Margin: time.Second}},
	}}}
	w.strike.On, w.strike.Off = ns(10), ns(70)
	h.fault(10, 70, w.strike)
	if w.armed != "" {
		h.add(trace.Event{T: ns(11), Side: w.armed, What: trace.Armed, Detail: "it fires in " + cmp.Or(w.fires, "14s")})
	}
	if w.unseen != "" {
		h.add(trace.Event{T: ns(80.1), Side: w.unseen, What: trace.Unseen})
	}
	if w.stalled > 0 {
		at := ns(cmp.Or(w.stall, 9))
		h.add(trace.Event{T: at, To: at + int64(w.stalled), Side: trace.Harness, What: trace.Stall})
	}
	for i, l := range w.links {
		h.add(trace.Event{T: l.Born, Side: trace.Network, Session: fmt.Sprintf("link %d", i+1), What: trace.Dial, Link: &l})
	}
	h.add(trace.Event{T: ns(80), Side: trace.Harness, What: trace.End})
	trace.Sort(h.trace.Events)
	return judge.Judge(h.trace)
}

// carried is a connection that carried a byte each way at 2 s, or when it was born;
// the client hung up at an instant in seconds, or never (0).
func carried(born, hungUp float64) network.Link {
	l := network.Link{Born: ns(born), Up: network.Untouched(), Down: network.Untouched()}
	for _, f := range []*network.Flow{&l.Up, &l.Down} {
		f.Passed, f.FirstPassed, f.LastPassed = 1, max(l.Born, ns(2)), max(l.Born, ns(2))
	}
	if hungUp > 0 {
		l.Up.HungUp = ns(hungUp)
	}
	return l
}

// changed is a link with a change.
func changed(l network.Link, change func(*network.Link)) network.Link {
	change(&l)
	return l
}

func TestHangUpsByTheWire(t *testing.T) {
	dead := network.Link{Born: ns(8), Dead: true, Up: network.Untouched(), Down: network.Untouched()}
	ended := changed(carried(1, 0), func(l *network.Link) { l.Down.Ended = ns(15) })      // a firewall's reset
	endedBefore := changed(carried(1, 0), func(l *network.Link) { l.Down.Ended = ns(5) }) // of an earlier one
	told := changed(carried(1, 0), func(l *network.Link) { l.Down.Closed = ns(16) })      // the server's closing
	thenItself := changed(told, func(l *network.Link) { l.Up.HungUp = ns(16.1) })
	serverLeft := changed(carried(1, 0), func(l *network.Link) { l.Down.HungUp = ns(9) })
	oneWay := changed(carried(1, 29), func(l *network.Link) {
		l.Up.Passed, l.Up.FirstPassed, l.Up.LastPassed = 0, network.Never, network.Never
	})
	unused := network.Link{Born: ns(1), Up: network.Untouched(), Down: network.Untouched()}
	forgot := network.Strike{Forgotten: ns(12)}
	kept := network.Strike{Forgotten: network.Never}
	forgotten := func(l network.Link, at float64) network.Link {
		return changed(l, func(l *network.Link) { l.Forgotten = ns(at) })
	}
	busy := changed(carried(1, 0), func(l *network.Link) { l.Forgotten, l.Up.LastPassed = network.Never, ns(69) })
	keptBusy := changed(carried(1, 0), func(l *network.Link) { l.Up.LastPassed = ns(69) })
	blind := func(l network.Link, at float64) network.Link {
		return changed(l, func(l *network.Link) { l.Up.Blind = ns(at) })
	}
	resumed := func(l network.Link, at float64) network.Link {
		return changed(l, func(l *network.Link) { l.Up.Resumed = ns(at) })
	}
	within := heartbeat.Window{Lo: 5 * time.Second, Hi: 30 * time.Second}

	for _, row := range []struct {
		name string
		wire
		verdict judge.Verdict
		actual  string // of the client's check
	}{
		{name: "within", wire: wire{links: []network.Link{carried(1, 29)}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "at the upper bound", wire: wire{links: []network.Link{carried(1, 40)}, window: within}, verdict: judge.Held, actual: "hung up after 30s"},
		{name: "too late", wire: wire{links: []network.Link{carried(1, 40.001)}, window: within}, verdict: judge.Broken, actual: "hung up after 30.001s"},
		{name: "too soon", wire: wire{links: []network.Link{carried(1, 14.999)}, window: within}, verdict: judge.Broken, actual: "hung up after 4.999s"},
		{name: "never, where it had to", wire: wire{links: []network.Link{carried(1, 0)}, window: within}, verdict: judge.Broken, actual: "never did in 1m0s"},
		{name: "never, where nothing was asked", wire: wire{links: []network.Link{carried(1, 0)}}, verdict: judge.Held, actual: "never did in 1m0s"},
		{name: "only after the fault", wire: wire{links: []network.Link{carried(1, 71)}, window: within}, verdict: judge.Broken, actual: "never did in 1m0s"},
		{name: "two connections", wire: wire{links: []network.Link{carried(1, 29), carried(3, 41)}, window: within}, verdict: judge.Broken, actual: "hung up after 19s (link 1), hung up after 31s (link 2)"},
		{name: "the first of two connections", wire: wire{links: []network.Link{carried(1, 41), carried(3, 29)}, window: within}, verdict: judge.Broken, actual: "hung up after 31s (link 1), hung up after 19s (link 2)"},
		{name: "what was over before does not count", wire: wire{links: []network.Link{carried(1, 9), carried(3, 29), dead}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "nothing was open", wire: wire{links: []network.Link{carried(1, 9)}}, verdict: judge.Broken, actual: "it had no connection when the fault struck"},
		{name: "the peer's closing", wire: wire{links: []network.Link{told}, window: within}, verdict: judge.Held, actual: "got the other's closing after 6s"},

		{name: "never, but the kernel asks", wire: wire{links: []network.Link{carried(1, 0)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.NotMeasurable,
			actual: "never did in 1m0s, but its kernel's keepalive timer is armed (it fires in 14s), and here the proxy's kernel answers in the peer's place: run it with --network kernel"},
		{name: "never, and the kernel cannot be seen", wire: wire{links: []network.Link{carried(1, 0)}, unseen: heartbeat.ClientSide}, verdict: judge.Held,
			actual: "never did in 1m0s (whether its kernel has a keepalive timer, which the proxy's kernel would answer, cannot be seen from here)"},
		{name: "hung up, and the kernel asks", wire: wire{links: []network.Link{carried(1, 29)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "the other's kernel asks", wire: wire{links: []network.Link{carried(1, 0)}, armed: heartbeat.ServerSide}, verdict: judge.Held, actual: "never did in 1m0s"},

		{name: "never, and the kernel would have asked too late for the window", wire: wire{links: []network.Link{carried(1, 0)}, window: within, armed: heartbeat.ClientSide, fires: "29.001s"}, verdict: judge.Broken,
			actual: "never did in 1m0s (its kernel's keepalive timer would have been too late: it fires in 29.001s)"},
		{name: "never, and the kernel would have asked at the last instant", wire: wire{links: []network.Link{carried(1, 0)}, window: within, armed: heartbeat.ClientSide, fires: "29s"}, verdict: judge.NotMeasurable},
		{name: "never, and the kernel would have asked after the trial", wire: wire{links: []network.Link{carried(1, 0)}, armed: heartbeat.ClientSide, fires: "1h59m49s"}, verdict: judge.Held,
			actual: "never did in 1m0s (its kernel's keepalive timer would have been too late: it fires in 1h59m49s)"},
		{name: "one too late, one whose kernel asks", wire: wire{links: []network.Link{carried(1, 41), carried(3, 0)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.Broken},
		{name: "one in time, one whose kernel asks", wire: wire{links: []network.Link{carried(1, 29), carried(3, 0)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.NotMeasurable},

		{name: "never, but the network was blind", wire: wire{links: []network.Link{blind(carried(1, 0), 13)}, window: within}, verdict: judge.NotMeasurable,
			actual: "could not be seen to from 3s on: the network's buffer was full of what it withheld, and a closing would lie behind that"},
		{name: "seen late, as the network was blind", wire: wire{links: []network.Link{blind(carried(1, 69), 13)}, window: within}, verdict: judge.NotMeasurable},
		{name: "one in time, one that could not be seen", wire: wire{links: []network.Link{carried(1, 29), blind(carried(3, 0), 13)}, window: within}, verdict: judge.NotMeasurable},
		{name: "one in time, one that was not struck", wire: wire{kind: scenario.IdleDrop, links: []network.Link{forgotten(carried(1, 29), 12), changed(carried(3, 13), func(l *network.Link) { l.Forgotten = network.Never })}, window: within, strike: forgot}, verdict: judge.Held},
		{name: "seen before the network was blind", wire: wire{links: []network.Link{blind(carried(1, 29), 30)}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},

		{name: "one that the network ended before is no more", wire: wire{links: []network.Link{endedBefore, carried(1, 29)}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "nor is one that the server left", wire: wire{links: []network.Link{serverLeft, carried(1, 29)}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "nor is one that carried nothing", wire: wire{links: []network.Link{unused, carried(1, 29)}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "one on which only the server spoke is", wire: wire{links: []network.Link{oneWay}, window: within}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "the peer's closing, and then its own", wire: wire{links: []network.Link{thenItself}, window: within}, verdict: judge.Held, actual: "got the other's closing after 6s"},

		// A stall as long as the time was left may have decided it: 1 s.
		{name: "one too late by a second, in doubt", wire: wire{links: []network.Link{carried(1, 41)}, window: within, stalled: time.Second + 1}, verdict: judge.Inconclusive},
		{name: "one too late by a second, without doubt", wire: wire{links: []network.Link{carried(1, 41)}, window: within, stalled: time.Second}, verdict: judge.Broken},
		{name: "a second one is late beyond doubt", wire: wire{links: []network.Link{carried(1, 41), carried(3, 51)}, window: within, stalled: time.Second + 1}, verdict: judge.Broken},
		{name: "in time by a second, in doubt", wire: wire{links: []network.Link{carried(1, 25), carried(3, 39)}, window: within, stalled: time.Second + 1}, verdict: judge.Inconclusive},
		{name: "in time by a second, in doubt since the other's hang-up", wire: wire{links: []network.Link{carried(1, 39), carried(3, 25)}, window: within, stall: 30, stalled: time.Second + 1}, verdict: judge.Inconclusive},
		{name: "in time by a second, and the doubt came later", wire: wire{links: []network.Link{carried(1, 39), carried(3, 25)}, window: within, stall: 40, stalled: time.Second + 1}, verdict: judge.Held},
		{name: "never, in doubt since late", wire: wire{links: []network.Link{carried(1, 0)}, window: heartbeat.Window{Hi: 59 * time.Second}, stall: 60, stalled: time.Second + 1}, verdict: judge.Inconclusive},
		{name: "never, in doubt", wire: wire{links: []network.Link{carried(1, 0)}, window: heartbeat.Window{Hi: 59 * time.Second}, stalled: time.Second + 1}, verdict: judge.Inconclusive},
		{name: "never, without doubt", wire: wire{links: []network.Link{carried(1, 0)}, window: heartbeat.Window{Hi: 59 * time.Second}, stalled: time.Second}, verdict: judge.Broken},

		// The firewall's last byte was at 2 s.
		{name: "a firewall's reset", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{ended}, window: within, strike: forgot}, verdict: judge.Held, actual: "ended by the network 13s after the last byte that passed"},
		{name: "never, behind a firewall", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{carried(1, 0)}, window: within, strike: forgot}, verdict: judge.Broken, actual: "never did in 1m8s after the last byte that passed"},
		{name: "a firewall that forgot nothing", wire: wire{kind: scenario.IdleDrop, idle: "59s", from: scenario.FromLastByte, links: []network.Link{keptBusy}, window: within, strike: kept}, verdict: judge.Held,
			actual: "was not struck: the firewall forgot nothing, as bytes came often enough"},
		{name: "a firewall that had no time to forget", wire: wire{kind: scenario.IdleDrop, idle: "60s", from: scenario.FromLastByte, links: []network.Link{keptBusy}, window: within, strike: kept}, verdict: judge.NotMeasurable,
			actual: "was not struck in 1m0s, and whether its bytes came often enough cannot be told: the firewall had not had its idle time, or none passed"},
		{name: "a firewall that forgot nothing, and that no byte passed", wire: wire{kind: scenario.IdleDrop, idle: "5s", from: scenario.FromLastByte, links: []network.Link{carried(1, 0)}, window: within, strike: kept}, verdict: judge.NotMeasurable},
		{name: "never, but its last byte is not long ago", wire: wire{kind: scenario.IdleDrop, idle: "5s", from: scenario.FromLastByte, links: []network.Link{forgotten(changed(keptBusy, func(l *network.Link) { l.Up.LastPassed = ns(41) }), 46)}, window: within, strike: forgot}, verdict: judge.NotMeasurable,
			actual: "never did in 29s after the last byte that passed"},
		{name: "never, and its last byte is a window ago", wire: wire{kind: scenario.IdleDrop, idle: "5s", from: scenario.FromLastByte, links: []network.Link{forgotten(changed(keptBusy, func(l *network.Link) { l.Up.LastPassed = ns(40) }), 45)}, window: within, strike: forgot}, verdict: judge.Broken},
		{name: "a hang-up before the firewall forgot", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{carried(1, 11.999)}, window: within, strike: forgot}, verdict: judge.NotMeasurable,
			actual: "was not struck: hung up after 1.999s, before the firewall forgot anything"},
		{name: "a hang-up as the firewall forgot", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{carried(1, 12)}, window: within, strike: forgot}, verdict: judge.Held,
			actual: "hung up 10s after the last byte that passed"},
		{name: "a hang-up where the firewall forgot nothing", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{carried(1, 14)}, window: within, strike: kept}, verdict: judge.NotMeasurable,
			actual: "was not struck: hung up after 4s, before the firewall forgot anything"},
		{name: "each is forgotten by itself", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{busy, forgotten(carried(1, 20), 12), changed(carried(1, 13), func(l *network.Link) { l.Forgotten = network.Never })}, window: within, strike: forgot}, verdict: judge.Held,
			actual: "was not struck: the firewall forgot nothing, as bytes came often enough (link 1), hung up 18s after the last byte that passed (link 2), was not struck: hung up after 3s, before the firewall forgot anything (link 3)"},
		{name: "an old trace of one that was kept busy", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{changed(busy, func(l *network.Link) { l.Forgotten = 0 })}, window: within, strike: forgot}, verdict: judge.Held,
			actual: "was not struck: the firewall forgot nothing, as bytes came often enough"},
		{name: "to stay up counts from the firewall's beginning", wire: wire{kind: scenario.IdleDrop, that: scenario.StaysUp, links: []network.Link{carried(1, 14)}, strike: kept}, verdict: judge.Broken, actual: "hung up after 4s (link 1), a mistake"},

		{name: "a delay is borne", wire: wire{kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 0)}}, verdict: judge.Held, actual: "did not in 1m10s"},
		{name: "a delay is not borne", wire: wire{kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 14)}}, verdict: judge.Broken, actual: "hung up after 4s (link 1), a mistake"},
		{name: "seen late is seen", wire: wire{that: scenario.StaysUp, links: []network.Link{blind(carried(1, 30), 20)}}, verdict: judge.Broken, actual: "hung up after 20s (link 1), a mistake"},
		{name: "seen at another connection than the one that could not be", wire: wire{that: scenario.StaysUp, links: []network.Link{blind(carried(1, 0), 20), carried(1, 14)}}, verdict: judge.Broken, actual: "hung up after 4s (link 2), a mistake"},
		{name: "what cannot be seen", wire: wire{that: scenario.StaysUp, links: []network.Link{blind(carried(1, 0), 20), carried(1, 0)}}, verdict: judge.NotMeasurable,
			actual: "could not be seen to hang up from 10.000 s on: the network's buffer was full of what it withheld, and a closing would lie behind that (link 1)"},
		{name: "what had time to come out since", wire: wire{that: scenario.StaysUp, links: []network.Link{resumed(blind(carried(1, 0), 20), 79)}}, verdict: judge.Held},
		{name: "what had no time to come out since", wire: wire{that: scenario.StaysUp, links: []network.Link{resumed(blind(carried(1, 0), 20), 79.1)}}, verdict: judge.NotMeasurable},
		{name: "what came out between two cuts", wire: wire{that: scenario.StaysUp, links: []network.Link{resumed(blind(carried(1, 0), 20), 69)}}, verdict: judge.NotMeasurable},
		{name: "never, as what came out since shows", wire: wire{links: []network.Link{resumed(blind(carried(1, 0), 20), 79)}, window: within}, verdict: judge.Broken, actual: "never did in 1m0s"},
		{name: "a closing came out since", wire: wire{links: []network.Link{resumed(blind(carried(1, 72), 20), 71)}, window: within}, verdict: judge.NotMeasurable},
		{name: "what could be seen for as long as it counts", wire: wire{links: []network.Link{blind(carried(1, 0), 70)}, window: within}, verdict: judge.Broken, actual: "never did in 1m0s"},
		{name: "nor is its end", wire: wire{kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 71)}}, verdict: judge.Broken, actual: "hung up after 1m1s (link 1), a mistake"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.kind == "" {
				row.kind = scenario.CablePull
			}
			if row.that == "" {
				row.that = scenario.HangsUp
			}
			rec := row.judge(t)
			check := rec.Checks[len(rec.Checks)-1]
			if rec.Verdict != row.verdict || row.actual != "" && check.Actual != row.actual {
				t.Errorf("%s: %s: %s\nwant %s: %s", rec.Verdict, rec.Reason, check.Actual, row.verdict, row.actual)
			}
		})
	}
}

func TestConnectionsAreTimedEach(t *testing.T) {
	first, second := carried(1, 29), carried(3, 0)
	first.Up.Closed = ns(29) // the server is told
	rec := wire{kind: scenario.HalfOpenDown, that: scenario.HangsUp, links: []network.Link{first, second, carried(9, 9.5)}}.judge(t)
	never := judge.Ending{For: time.Minute}
	if len(rec.Connections) != 2 || rec.Connections[0].Name != "link 1" || rec.Connections[1] != (judge.Connection{Name: "link 2", Client: never, Server: never}) {
		t.Fatalf("connections %+v, want links 1 and 2, and that nobody hung up the second", rec.Connections)
	}
	client, server := rec.Connections[0].Client, rec.Connections[0].Server
	if *client.After != 19*time.Second || client.Cause != "hung up" || *server.After != 19*time.Second || server.Cause != "peer closed" {
		t.Errorf("client %v %s, server %v %s", *client.After, client.Cause, *server.After, server.Cause)
	}
}

// A side's time is that of its last connection, whichever was the youngest.
func TestASidesHangUpIsItsLatest(t *testing.T) {
	within := heartbeat.Window{Hi: 30 * time.Second}
	told := changed(carried(1, 0), func(l *network.Link) { l.Down.Closed = ns(22) })
	lost := changed(carried(1, 15), func(l *network.Link) { l.Forgotten = network.Never })
	kept := changed(carried(1, 0), func(l *network.Link) { l.Forgotten = network.Never })
	forgotten := changed(carried(1, 19), func(l *network.Link) { l.Forgotten = ns(12) })
	for _, row := range []struct {
		name           string
		kind           scenario.Kind
		that           scenario.Outcome
		links          []network.Link
		detection, end time.Duration // 0: none
		missed         bool
		noticed        time.Duration
	}{
		{name: "the older", links: []network.Link{carried(1, 19), carried(3, 12)}, detection: 9 * time.Second, end: 9 * time.Second, noticed: 9 * time.Second},
		{name: "the younger", links: []network.Link{carried(1, 12), carried(3, 19)}, detection: 9 * time.Second, end: 9 * time.Second, noticed: 9 * time.Second},
		{name: "one lives on", links: []network.Link{carried(1, 19), carried(3, 0)}, missed: true},
		{name: "one lives on until the fault is over", links: []network.Link{carried(1, 19), carried(3, 71)}, missed: true},
		{name: "one is told", links: []network.Link{carried(1, 19), told}, detection: 9 * time.Second, end: 12 * time.Second, noticed: 12 * time.Second},
		{name: "all are told", links: []network.Link{told}, end: 12 * time.Second, noticed: 12 * time.Second},
		{name: "one is not struck", kind: scenario.IdleDrop, links: []network.Link{lost}},
		{name: "of two one is not struck", kind: scenario.IdleDrop, links: []network.Link{kept, forgotten}, detection: 9 * time.Second, end: 9 * time.Second, noticed: 9 * time.Second},
		{name: "a mistake is no detection", kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 19)}, end: 9 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			kind, that := cmp.Or(row.kind, scenario.CablePull), cmp.Or(row.that, scenario.HangsUp)
			rec := wire{kind: kind, that: that, links: row.links, window: within}.judge(t)
			got := func(d *time.Duration) time.Duration {
				if d == nil {
					return 0
				}
				return *d
			}
			if m := rec.Client; got(m.Detection) != row.detection || got(m.End) != row.end {
				t.Errorf("detection %v, end %v; want %v and %v", got(m.Detection), got(m.End), row.detection, row.end)
			}
			if noticed := got(rec.Noticed(heartbeat.ClientSide)); noticed != row.noticed || rec.Missed(heartbeat.ClientSide) != row.missed {
				t.Errorf("noticed after %v, missed %v; want %v and %v", noticed, rec.Missed(heartbeat.ClientSide), row.noticed, row.missed)
			}
		})
	}
}

// What became of a connection is one sentence, after an expectation or alone.
func TestAnEndingIsOneSentence(t *testing.T) {
	after := 2500 * time.Millisecond
	for _, row := range []struct {
		ending      judge.Ending
		told, alone string
	}{
		{judge.Ending{After: &after, Cause: "hung up"}, "hung up after 2.5s", "hung up after 2.500 s"},
		{
			judge.Ending{After: &after, Cause: "peer closed", From: scenario.FromLastByte},
			"got the other's closing 2.5s after the last byte that passed", "got the other's closing 2.500 s after the last byte that passed",
		},
		{judge.Ending{For: time.Minute}, "never did in 1m0s", "never hung up in 60.000 s"},
		{judge.Ending{}, "never did", "never hung up"},
		{
			judge.Ending{For: time.Minute, Timer: "it fires in 2h", From: scenario.FromLastByte},
			"never did in 1m0s after the last byte that passed (its kernel's keepalive timer would have been too late: it fires in 2h)",
			"never hung up in 60.000 s after the last byte that passed (its kernel's keepalive timer would have been too late: it fires in 2h)",
		},
		{
			judge.Ending{For: time.Minute, Timer: "it fires in 14s", Excused: true},
			"never did in 1m0s, but its kernel's keepalive timer is armed (it fires in 14s), and here the proxy's kernel answers in the peer's place: run it with --network kernel",
			"never hung up in 60.000 s, but its kernel's keepalive timer is armed (it fires in 14s), and here the proxy's kernel answers in the peer's place: run it with --network kernel",
		},
		{
			judge.Ending{For: time.Minute, Unseen: 5 * time.Second},
			"could not be seen to from 5s on: the network's buffer was full of what it withheld, and a closing would lie behind that",
			"could not be seen to hang up from 5.000 s on: the network's buffer was full of what it withheld, and a closing would lie behind that",
		},
		{
			judge.Ending{Unstruck: true, For: time.Minute},
			"was not struck: the firewall forgot nothing, as bytes came often enough", "was not struck: the firewall forgot nothing, as bytes came often enough",
		},
		{
			judge.Ending{Unstruck: true, After: &after, Cause: "hung up"},
			"was not struck: hung up after 2.5s, before the firewall forgot anything", "was not struck: hung up after 2.500 s, before the firewall forgot anything",
		},
	} {
		if got := row.ending.String(); got != row.told {
			t.Errorf("got  %s\nwant %s", got, row.told)
		}
		if got := row.ending.Alone(); got != row.alone {
			t.Errorf("got  %s\nwant %s", got, row.alone)
		}
	}
}

// One silent side whose kernel asks takes nothing from the other's verdict.
func TestOneSideThatCannotBeMeasured(t *testing.T) {
	both := []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	rec := wire{kind: scenario.CablePull, that: scenario.HangsUp, links: []network.Link{carried(1, 29)}, window: heartbeat.Window{Hi: 30 * time.Second}, tested: both, armed: heartbeat.ServerSide}.judge(t)
	wantVerdict(t, rec, judge.Held, "")
	wantTime(t, "client", rec.Client.Detection, 19*time.Second)
	if server := rec.Checks[2]; !server.Unmeasured || server.Held || rec.Missed(heartbeat.ServerSide) || !rec.Connections[0].Server.Excused {
		t.Errorf("server %+v, %+v; want it unmeasured", server, rec.Connections[0].Server)
	}
	rec = wire{kind: scenario.CablePull, that: scenario.HangsUp, links: []network.Link{carried(1, 29)}, window: heartbeat.Window{Hi: 18 * time.Second}, tested: both, armed: heartbeat.ServerSide}.judge(t)
	wantVerdict(t, rec, judge.Broken, "client: ")
}

// Why a side that tells nothing hung up, only a scenario can say in which nothing
// was dead. Before the strike three connections came and went.
func TestANormalCloseIsNoMistake(t *testing.T) {
	links := []network.Link{carried(1, 3), carried(4, 5), carried(6, 7), carried(8, 12), carried(71, 75)}
	rec := wire{kind: scenario.CablePull, that: scenario.HangsUp, links: links}.judge(t)
	if m := rec.Client; m.Mistakes != 0 || !m.Uncounted {
		t.Errorf("%d mistakes, uncounted %v; want them uncounted", m.Mistakes, m.Uncounted)
	}
	wantTime(t, "detection", rec.Client.Detection, 2*time.Second)

	told := changed(carried(8, 12), func(l *network.Link) { l.Down.Closed = ns(11) })
	rec = wire{kind: scenario.Latency, that: scenario.StaysUp, links: append(links, told, carried(9, 0))}.judge(t)
	if m := rec.Client; m.Mistakes != 1 || m.Uncounted {
		t.Errorf("client: %d mistakes, uncounted %v; want 1: that of the fourth", m.Mistakes, m.Uncounted)
	}
	if m := rec.Server; m.Mistakes != 0 || !m.Uncounted {
		t.Errorf("server: %d mistakes, uncounted %v; want them uncounted", m.Mistakes, m.Uncounted)
	}
}

// A foreign subject sends none of our beats, however long its own interval is.
func TestAForeignSubjectHasNoOverheadOfOurs(t *testing.T) {
	rec := wire{kind: scenario.CablePull, that: scenario.HangsUp, links: []network.Link{carried(1, 29)}}.judge(t)
	if rec.Client.BeatsPerHour != 0 || rec.Server.BytesPerHour != 0 {
		t.Errorf("%v beats and %v bytes per hour, want none", rec.Client.BeatsPerHour, rec.Server.BytesPerHour)
	}
}

// The fault ends at 70 s. A link that was open before may carry on; a recovery is
// a new one.
func TestRecoveryByTheWire(t *testing.T) {
	fresh := func(up, down float64) network.Link {
		return changed(carried(70.5, 0), func(l *network.Link) { l.Up.FirstPassed, l.Down.FirstPassed = ns(up), ns(down) })
	}
	old := func(up, down, hungUp float64) network.Link {
		return changed(carried(1, hungUp), func(l *network.Link) { l.Up.Resumed, l.Down.Resumed = ns(up), ns(down) })
	}
	serverLeft := changed(old(70, 70, 0), func(l *network.Link) { l.Down.HungUp = ns(69) })
	cut := changed(fresh(70.6, 70.7), func(l *network.Link) { l.Down.Ended = ns(70.65) })
	oneWay := changed(fresh(70.6, 70.7), func(l *network.Link) { l.Down.FirstPassed = network.Never })
	for _, row := range []struct {
		name              string
		links             []network.Link
		recovery, resumed time.Duration // 0: none
	}{
		{name: "a new one", links: []network.Link{carried(1, 20), fresh(71, 72)}, recovery: 2 * time.Second},
		{name: "the first of two", links: []network.Link{carried(1, 20), fresh(73, 72), fresh(71, 72)}, recovery: 2 * time.Second},
		{name: "the first of two, as they come", links: []network.Link{carried(1, 20), fresh(71, 72), fresh(73, 72)}, recovery: 2 * time.Second},
		{name: "one way", links: []network.Link{oneWay}},
		{name: "ended before it had carried both ways", links: []network.Link{cut}},
		{name: "an old one", links: []network.Link{old(70.25, 70.5, 0)}, resumed: 500 * time.Millisecond},
		{name: "an old one, one way", links: []network.Link{old(70.25, -1e-9, 0)}},
		{name: "an old one that the client has closed", links: []network.Link{old(70, 70, 60)}},
		{name: "an old one that the server has closed", links: []network.Link{serverLeft}},
		{name: "both", links: []network.Link{old(70.25, 70.5, 0), fresh(71, 72)}, recovery: 2 * time.Second, resumed: 500 * time.Millisecond},
		{name: "after the end", links: []network.Link{fresh(80.1, 80.2)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := wire{kind: scenario.CablePull, that: scenario.HangsUp, links: row.links}.judge(t).Client
			for _, got := range []struct {
				what string
				is   *time.Duration
				want time.Duration
			}{{"recovery", m.Recovery, row.recovery}, {"resumed", m.Resumed, row.resumed}} {
				if got.want == 0 && got.is != nil {
					t.Errorf("%s %v, want none", got.what, *got.is)
				} else if got.want != 0 {
					wantTime(t, got.what, got.is, got.want)
				}
			}
		})
	}
}

// A trial that never came to its fault tells of no connection how it bore that.
func TestWithoutAStrikeNoConnectionIsTimed(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.HangsUp, Side: heartbeat.ClientSide}))
	h.trace.Events = nil
	l := carried(1, 0)
	h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
	if r := h.judge(); r.Verdict == judge.Held || len(r.Connections) > 0 {
		t.Errorf("%s, connections %+v; want none", r.Verdict, r.Connections)
	}
}

// What stood still after a mistake cannot have made it, nor be named for it.
func TestAStallAfterAMistakeExcusesNothing(t *testing.T) {
	for at, want := range map[float64]judge.Verdict{9: judge.Broken, 4.5: judge.Inconclusive} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.StaysUp, Side: heartbeat.ClientSide}))
		h.trace.Events = nil
		l := carried(1, 5)
		h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
		h.cut(3, 14)
		h.add(trace.Event{T: ns(at), To: ns(at + 0.3), Side: trace.Harness, What: trace.Stall})
		h.add(trace.Event{T: ns(16), To: ns(16.25), Side: trace.Harness, What: trace.Stall})
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		r := h.judge()
		if r.Verdict != want || want == judge.Inconclusive && !strings.Contains(r.Reason, "for up to 300ms at 4.5s") {
			t.Errorf("a stall %v s after the start, hung up at 5 s: %s, %s; want %s", at, r.Verdict, r.Reason, want)
		}
	}
}
