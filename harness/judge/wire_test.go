package judge_test

import (
	"fmt"
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
	kind   scenario.Kind
	that   scenario.Outcome
	from   scenario.Origin
	window heartbeat.Window
	links  []network.Link
	armed  heartbeat.Side
	unseen heartbeat.Side
	strike network.Strike // On and Off are set
}

func (w wire) judge(t *testing.T) judge.Record {
	t.Helper()
	s := scenario.Scenario{
		Name: "s", Faults: []scenario.Step{{Fault: scenario.Fault{Kind: w.kind}, Must: scenario.MayStrike}},
		Expect: []scenario.Expectation{{That: w.that, Side: heartbeat.ClientSide, From: w.from}},
	}
	h := &history{t: t, trace: trace.Trace{Header: trace.Header{
		Trial: "t", Scenario: s, Window: w.window, Network: "toxiproxy",
		Policy: heartbeat.Policy{Name: "watched", Probe: "own", Beats: heartbeat.FromBoth, Profile: heartbeat.Profile{Margin: time.Second}},
	}}}
	w.strike.On, w.strike.Off = ns(10), ns(70)
	h.fault(10, 70, w.strike)
	if w.armed != "" {
		h.add(trace.Event{T: ns(11), Side: w.armed, What: trace.Armed, Detail: "it fires in 14s"})
	}
	if w.unseen != "" {
		h.add(trace.Event{T: ns(80.1), Side: w.unseen, What: trace.Unseen})
	}
	for i, l := range w.links {
		h.add(trace.Event{T: l.Born, Side: trace.Network, Session: fmt.Sprintf("link %d", i+1), What: trace.Dial, Link: &l})
	}
	h.add(trace.Event{T: ns(80), Side: trace.Harness, What: trace.End})
	trace.Sort(h.trace.Events)
	return judge.Judge(h.trace)
}

// carried is a connection that carried a byte each way at 2 s; the client hung
// up at an instant in seconds, or never (0).
func carried(born, hungUp float64) network.Link {
	l := network.Link{Born: ns(born), Up: network.Untouched(), Down: network.Untouched()}
	for _, f := range []*network.Flow{&l.Up, &l.Down} {
		f.Passed, f.FirstPassed, f.LastPassed = 1, ns(2), ns(2)
	}
	if hungUp > 0 {
		l.Up.HungUp = ns(hungUp)
	}
	return l
}

func TestHangUpsByTheWire(t *testing.T) {
	dead := carried(20, 21)
	dead.Dead = true
	ended := carried(1, 0)
	ended.Down.Ended = ns(15) // a firewall's reset
	told := carried(1, 0)
	told.Down.Closed = ns(16) // the server's closing
	forgot := network.Strike{Forgotten: ns(12)}
	kept := network.Strike{Forgotten: network.Never}
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
		{name: "the peer's closing", wire: wire{links: []network.Link{told}, window: within}, verdict: judge.Held, actual: "peer closed after 6s"},

		{name: "never, but the kernel asks", wire: wire{links: []network.Link{carried(1, 0)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.NotMeasurable,
			actual: "never did in 1m0s, but its kernel's keepalive timer is armed (it fires in 14s), and here the proxy's kernel answers in the peer's place: run it with --network kernel"},
		{name: "never, and the kernel cannot be seen", wire: wire{links: []network.Link{carried(1, 0)}, unseen: heartbeat.ClientSide}, verdict: judge.Held,
			actual: "never did in 1m0s (whether its kernel has a keepalive timer, which the proxy's kernel would answer, cannot be seen from here)"},
		{name: "hung up, and the kernel asks", wire: wire{links: []network.Link{carried(1, 29)}, window: within, armed: heartbeat.ClientSide}, verdict: judge.Held, actual: "hung up after 19s"},
		{name: "the other's kernel asks", wire: wire{links: []network.Link{carried(1, 0)}, armed: heartbeat.ServerSide}, verdict: judge.Held, actual: "never did in 1m0s"},

		// The firewall's last byte was at 2 s.
		{name: "a firewall's reset", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{ended}, window: within, strike: forgot}, verdict: judge.Held, actual: "ended by the network after 13s"},
		{name: "a firewall that forgot nothing", wire: wire{kind: scenario.IdleDrop, from: scenario.FromLastByte, links: []network.Link{carried(1, 0)}, window: within, strike: kept}, verdict: judge.Held,
			actual: "never did in 1m0s: bytes came often enough for the firewall to forget nothing"},

		{name: "a delay is borne", wire: wire{kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 0)}}, verdict: judge.Held, actual: "did not in 1m10s"},
		{name: "a delay is not borne", wire: wire{kind: scenario.Latency, that: scenario.StaysUp, links: []network.Link{carried(1, 14)}}, verdict: judge.Broken, actual: "hung up after 4s (link 1), a mistake"},
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
			if rec.Verdict != row.verdict || check.Actual != row.actual {
				t.Errorf("%s: %s: %s\nwant %s: %s", rec.Verdict, rec.Reason, check.Actual, row.verdict, row.actual)
			}
		})
	}
}

func TestConnectionsAreTimedEach(t *testing.T) {
	first, second := carried(1, 29), carried(3, 0)
	first.Up.Closed = ns(29) // the server is told
	rec := wire{kind: scenario.HalfOpenDown, that: scenario.HangsUp, links: []network.Link{first, second, carried(9, 9.5)}}.judge(t)
	if len(rec.Connections) != 2 || rec.Connections[0].Name != "link 1" || rec.Connections[1] != (judge.Connection{Name: "link 2"}) {
		t.Fatalf("connections %+v, want links 1 and 2, and that nobody hung up the second", rec.Connections)
	}
	client, server := rec.Connections[0].Client, rec.Connections[0].Server
	if *client.After != 19*time.Second || client.Cause != "hung up" || *server.After != 19*time.Second || server.Cause != "peer closed" {
		t.Errorf("client %v %s, server %v %s", *client.After, client.Cause, *server.After, server.Cause)
	}
}
