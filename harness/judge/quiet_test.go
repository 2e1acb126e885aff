package judge_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Where no fault strikes, a hang-up of a side that tells nothing counts whenever it
// was, and whatever came after it.
func TestAHangUpWithoutAFault(t *testing.T) {
	unused := network.Link{Born: ns(1), Up: network.Untouched(), Down: network.Untouched()}
	for _, that := range []scenario.Outcome{scenario.StaysUp, scenario.Mistakes, scenario.Unnoticed} {
		for _, row := range []struct {
			name  string
			links []network.Link
			want  judge.Verdict
		}{
			{"none", []network.Link{unused, carried(1, 0)}, judge.Held},
			{"and another connection", []network.Link{carried(1, 30), carried(31, 0)}, judge.Broken},
			{"of what carried nothing", []network.Link{changed(unused, func(l *network.Link) { l.Up.HungUp = ns(2) }), carried(3, 0)}, judge.Held},
			{"after the observation", []network.Link{carried(1, 60.1)}, judge.Held},
		} {
			h := &history{t: t, trace: trace.Trace{Header: trace.Header{
				Trial: "t", Network: "toxiproxy", Window: heartbeat.Window{Lo: time.Second, Hi: 2 * time.Second},
				Scenario: scenario.Scenario{Name: "quiet", Expect: []scenario.Expectation{{That: that, Side: heartbeat.ClientSide}}},
				Policy:   heartbeat.Policy{Name: "watched", Probe: "own", Beats: heartbeat.FromBoth, Profile: heartbeat.Profile{Margin: time.Second}},
			}}}
			for _, l := range row.links {
				h.add(trace.Event{T: l.Born, Side: trace.Network, Session: "link", What: trace.Dial, Link: &l})
			}
			h.add(trace.Event{T: ns(60), Side: trace.Harness, What: trace.End})
			trace.Sort(h.trace.Events)
			if r := judge.Judge(h.trace); r.Verdict != row.want {
				t.Errorf("%s, a hang-up %s: %s, %s; want %s", that, row.name, r.Verdict, r.Reason, row.want)
			}
		}
	}
}

// A firewall silences nobody before it forgets.
func TestAFirewallThatForgotNothingExcusesNothing(t *testing.T) {
	for _, row := range []struct {
		name      string
		forgotten int64
		mistakes  int
		detection bool
	}{
		{"never", network.Never, 1, false},
		{"too late", ns(11), 1, false},
		{"before", ns(10), 0, true},
	} {
		h := begin(t, scenario.Scenario{
			Name:   "firewall",
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1h"}, Must: scenario.MayStrike}},
			Expect: []scenario.Expectation{{That: scenario.Ends, Side: heartbeat.ClientSide}},
		})
		h.fault(3, 60, network.Strike{On: ns(3), Off: ns(60), Forgotten: row.forgotten, LastPassedUp: network.Never, LastPassedDown: network.Never})
		h.add(trace.Event{T: ns(10.57), Side: heartbeat.ClientSide, What: trace.Suspect})
		h.add(trace.Event{T: ns(12), Side: heartbeat.ClientSide, What: trace.Trust})
		if r := h.judge(); r.Client.Mistakes != row.mistakes || (r.Client.Detection != nil) != row.detection {
			t.Errorf("forgotten %s: %d mistakes, detection %v; want %d, %t", row.name, r.Client.Mistakes, r.Client.Detection, row.mistakes, row.detection)
		}
	}
}
