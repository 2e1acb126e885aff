package scenario_test

import (
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// A value that a fault would ignore is a mistake of whoever wrote it.
func TestValidateRefusesWhatAFaultWouldIgnore(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault scenario.Fault
		want  string // "": valid
	}{
		{name: "cable-pull", fault: scenario.Fault{Kind: scenario.CablePull}},
		{name: "idle", fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1s", Mode: scenario.DropSilent}},
		{name: "latency", fault: scenario.Fault{Kind: scenario.Latency, Delay: scenario.Delay{Latency: "1s"}, Toward: heartbeat.ClientSide}},
		{name: "leave", fault: scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide}},
		{name: "crash", fault: scenario.Fault{Kind: scenario.Crash, Side: heartbeat.ClientSide}},
		{name: "freeze of nobody", fault: scenario.Fault{Kind: scenario.Freeze}, want: `fault freeze: side is ""`},
		{name: "loss", fault: scenario.Fault{Kind: scenario.Loss, Percent: 0.5, Toward: heartbeat.ServerSide}},
		{name: "burst-loss", fault: scenario.Fault{Kind: scenario.BurstLoss, Percent: 10, Burst: 3}},
		{name: "duplication", fault: scenario.Fault{Kind: scenario.Duplication, Percent: 100}},
		{name: "reordering", fault: scenario.Fault{Kind: scenario.Reordering, Percent: 20, Toward: heartbeat.ClientSide}},
		{name: "a burst of nothing", fault: scenario.Fault{Kind: scenario.BurstLoss, Percent: 10}, want: "fault burst-loss: burst is 0, want 1 or more packets"},
		{name: "a burst of loss", fault: scenario.Fault{Kind: scenario.Loss, Percent: 10, Burst: 2}, want: "fault loss: burst belongs to burst-loss"},
		{name: "link-flap", fault: scenario.Fault{Kind: scenario.LinkFlap, Out: "1s", Every: "2s", Where: scenario.AtServer}},
		{name: "nat-rebind", fault: scenario.Fault{Kind: scenario.NATRebind}},
		{name: "port-blocked", fault: scenario.Fault{Kind: scenario.PortBlocked}},
		{name: "a cable in the middle", fault: scenario.Fault{Kind: scenario.CablePull, Where: scenario.Middle}},
		{name: "a cable somewhere", fault: scenario.Fault{Kind: scenario.CablePull, Where: "attic"}, want: `fault cable-pull: where is "attic", want one of client, server, middle`},
		{name: "a place of a firewall", fault: scenario.Fault{Kind: scenario.NATRebind, Where: scenario.AtServer}, want: "fault nat-rebind: where belongs to cable-pull and link-flap"},
		{name: "a flapping middle", fault: scenario.Fault{Kind: scenario.LinkFlap, Out: "1s", Every: "2s", Where: scenario.Middle}, want: "a link belongs to a host"},
		{name: "a flap without an end", fault: scenario.Fault{Kind: scenario.LinkFlap, Every: "2s"}, want: "fault link-flap: want out"},
		{name: "out of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Out: "1s"}, want: "fault cable-pull: out and every belong to link-flap"},
		{name: "no percent", fault: scenario.Fault{Kind: scenario.Loss}, want: "fault loss: percent is 0, want 0.01 to 100"},
		{name: "too many percent", fault: scenario.Fault{Kind: scenario.Loss, Percent: 101}, want: "fault loss: percent is 101, want 0.01 to 100"},
		{name: "percent of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Percent: 1}, want: "fault cable-pull: percent belongs to loss, burst-loss, duplication and reordering"},
		{name: "idle of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Idle: "1s"}, want: "fault cable-pull: idle and mode belong to idle-drop"},
		{name: "mode of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Mode: scenario.DropSilent}, want: "fault cable-pull: idle and mode belong to idle-drop"},
		{name: "no idle time", fault: scenario.Fault{Kind: scenario.IdleDrop, Mode: scenario.DropSilent}, want: "fault idle-drop: want an idle time and a mode"},
		{name: "no mode", fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1s"}, want: "fault idle-drop: want an idle time and a mode"},
		{name: "delay of a firewall", fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1s", Mode: scenario.DropSilent, Delay: scenario.Delay{Latency: "1s"}}, want: "fault idle-drop: delay belongs to latency"},
		{name: "toward of a reset", fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ClientSide, Toward: heartbeat.ClientSide}, want: "fault reset: toward belongs to latency, loss, burst-loss, duplication and reordering"},
		{name: "side of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Side: heartbeat.ClientSide}, want: "fault cable-pull: side belongs to leave, reset, crash and freeze"},
	} {
		s := scenario.Scenario{
			Name: "s", Claim: "C.", Observe: "1s",
			Faults: []scenario.Step{{Fault: row.fault, Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
		}
		err := s.Validate(scenario.Scope{})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}
