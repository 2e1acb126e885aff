package report

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// The mark stands at the suspicion that the detection time was taken from, whatever
// else the side suspected or hung up, and the window where that begins to count.
func TestTheDetectionsMark(t *testing.T) {
	suspect := func(at time.Duration) trace.Event {
		return trace.Event{T: int64(at), Side: heartbeat.ClientSide, What: trace.Suspect}
	}
	hangUp := func(at time.Duration) trace.Event {
		return trace.Event{T: int64(at), Session: "link 1", What: trace.HangUp, Kind: string(heartbeat.ClientSide)}
	}
	for _, row := range []struct {
		name      string
		from      scenario.Origin // the fault is at 3 s, the last byte at 1 s
		events    []trace.Event
		detection time.Duration
		at        float64 // from the fault
		window    float64 // where it begins
	}{
		{name: "the only one", events: []trace.Event{suspect(10 * time.Second)}, detection: 7 * time.Second, at: 7, window: 6},
		{name: "the second one", events: []trace.Event{suspect(10 * time.Second), suspect(23 * time.Second)}, detection: 20 * time.Second, at: 20, window: 6},
		{name: "the first one", events: []trace.Event{suspect(10 * time.Second), suspect(23 * time.Second)}, detection: 7 * time.Second, at: 7, window: 6},
		{name: "one before the fault", events: []trace.Event{suspect(2 * time.Second), suspect(23 * time.Second)}, detection: 8 * time.Second, at: 20, window: 6},
		{name: "not its hang-up", events: []trace.Event{suspect(10 * time.Second), hangUp(11 * time.Second)}, detection: 8 * time.Second, at: 7, window: 6},
		{name: "from the last byte", from: scenario.FromLastByte, events: []trace.Event{suspect(20 * time.Second), suspect(22 * time.Second)}, detection: 19 * time.Second, at: 17, window: 4},
		{name: "a hang-up alone", events: []trace.Event{hangUp(10 * time.Second), hangUp(23 * time.Second)}, detection: 20 * time.Second, at: 20, window: 6},
	} {
		tr := trace.Trace{Header: trace.Header{
			Window:   heartbeat.Window{Lo: 6 * time.Second, Hi: 9 * time.Second},
			Scenario: scenario.Scenario{Expect: []scenario.Expectation{{That: scenario.Detects, Side: heartbeat.ClientSide, From: row.from}}},
		}}
		struck := &network.Strike{LastPassedUp: int64(time.Second), LastPassedDown: network.Never}
		tr.Events = append([]trace.Event{{T: int64(3 * time.Second), Side: trace.Network, What: trace.FaultOn, Strike: struck}}, row.events...)
		trace.Sort(tr.Events)
		line := newTimeline(tr, judge.Record{Client: judge.Measures{Detection: &row.detection}})
		if len(line.Windows) != 1 || line.Windows[0].From != row.window {
			t.Errorf("%s: windows %+v, want one from %g", row.name, line.Windows, row.window)
		}
		if m := line.Marks[0]; m.What != "detection" || m.At != row.at {
			t.Errorf("%s: %+v, want the detection at %g", row.name, m, row.at)
		}
	}
}

// A connection ends for each side at an instant of its own.
func TestWhenAConnectionEnded(t *testing.T) {
	link := network.Link{Up: network.Untouched(), Down: network.Untouched()}
	link.Up.HungUp, link.Up.Closed = int64(5*time.Second), int64(6*time.Second)
	tr := trace.Trace{Events: []trace.Event{
		{What: trace.Dial, Session: "link 1", Link: &network.Link{Up: network.Untouched(), Down: network.Untouched()}},
		{What: trace.Dial, Session: "link 2", Link: &link},
	}}
	for _, row := range []struct {
		link string
		side heartbeat.Side
		want int64
	}{
		{"link 2", heartbeat.ClientSide, link.Up.HungUp},
		{"link 2", heartbeat.ServerSide, link.Up.Closed},
		{"link 1", heartbeat.ServerSide, network.Never},
		{"link 3", heartbeat.ServerSide, network.Never},
	} {
		if got := instantOf(tr, judge.Connection{Name: row.link}, row.side); got != row.want {
			t.Errorf("%s of the %s: %d, want %d", row.link, row.side, got, row.want)
		}
	}
}
