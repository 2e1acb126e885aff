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
		{name: "idle of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Idle: "1s"}, want: "fault cable-pull: idle and mode belong to idle-drop"},
		{name: "mode of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Mode: scenario.DropSilent}, want: "fault cable-pull: idle and mode belong to idle-drop"},
		{name: "no idle time", fault: scenario.Fault{Kind: scenario.IdleDrop, Mode: scenario.DropSilent}, want: "fault idle-drop: want an idle time and a mode"},
		{name: "no mode", fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1s"}, want: "fault idle-drop: want an idle time and a mode"},
		{name: "delay of a firewall", fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "1s", Mode: scenario.DropSilent, Delay: scenario.Delay{Latency: "1s"}}, want: "fault idle-drop: delay and toward belong to latency"},
		{name: "toward of a reset", fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ClientSide, Toward: heartbeat.ClientSide}, want: "fault reset: delay and toward belong to latency"},
		{name: "side of a cable", fault: scenario.Fault{Kind: scenario.CablePull, Side: heartbeat.ClientSide}, want: "fault cable-pull: side belongs to leave and reset"},
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
