package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// IdleKept puts a firewall between the sides that forgets flows which stay idle
// for longer than the beats ever let them.
func IdleKept() scenario.Scenario {
	return scenario.Scenario{
		Name:   "idle-kept",
		Claim:  "Beats that are more frequent than a firewall's idle timeout keep the connection open.",
		Params: []scenario.Param{{Name: "idle", Default: "1.3*D", Usage: "idle time until the firewall forgets a flow"}},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "idle", Mode: scenario.DropSilent},
			Must:  scenario.MustNotStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "4*idle",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Unnoticed},
		},
	}
}

// IdleDrop lets the firewall forget the flow between two beats.
func IdleDrop() scenario.Scenario {
	return scenario.Scenario{
		Name:   "idle-drop",
		Claim:  "Beats that are rarer than a firewall's idle timeout do not keep the connection, but both sides notice within the window.",
		Params: []scenario.Param{{Name: "idle", Default: "0.5*D", Usage: "idle time until the firewall forgets a flow"}},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "idle", Mode: scenario.DropSilent},
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Detects, From: scenario.FromLastByte},
		},
	}
}

// IdleDropUnnoticed is the control: without beats the flow dies, and nobody
// knows.
func IdleDropUnnoticed() scenario.Scenario {
	s := IdleDrop()
	s.Name = "idle-drop-unnoticed"
	s.Claim = "Without beats an idle connection dies in the firewall, and neither side notices."
	s.Policies = []string{"none"}
	s.Phases = []float64{0.5}
	s.Expect = []scenario.Expectation{
		{That: scenario.Unnoticed},
		{That: scenario.CanaryWithheld},
	}
	return s
}

// IdleResetOnSend is a firewall that answers the next packet of a forgotten
// flow with a reset, to its sender only. The proxy's reset arrives as a FIN. On a
// kernel a keepalive is a packet too: Go probes after 15 s, which tells a server
// that is more patient than that.
func IdleResetOnSend() scenario.Scenario {
	s := IdleDrop()
	s.Name = "idle-reset-on-send"
	s.Claim = "A firewall that resets whoever sends next tells the client at its next beat; the server has to find out by itself."
	s.Policies = []string{"echo-timer", "fixed"}
	s.Faults[0].Fault.Mode = scenario.DropResetOnSend
	s.Expect = []scenario.Expectation{
		{
			That: scenario.Ends, Side: heartbeat.ClientSide, From: scenario.FromLastByte,
			Within: scenario.Range{Lo: "0.5*D", Hi: "D + J + 500ms"}, Causes: []heartbeat.Cause{session.Vanished},
		},
		{That: scenario.Detects, Networks: []string{"toxiproxy", "sim"}, Side: heartbeat.ServerSide, From: scenario.FromLastByte},
		{
			That: scenario.Ends, Networks: []string{"kernel"}, Side: heartbeat.ServerSide, From: scenario.FromLastByte,
			Within: scenario.Range{Lo: "idle", Hi: "hi"}, Causes: []heartbeat.Cause{session.Silent, session.Vanished},
		},
	}
	return s
}

// IdleResetAtIdle is a firewall that resets both ends as it forgets their flow.
func IdleResetAtIdle() scenario.Scenario {
	s := IdleDrop()
	s.Name = "idle-reset-at-idle"
	s.Claim = "A firewall that resets both ends at its timeout tells both sides at once."
	s.Faults[0].Fault.Mode = scenario.DropResetAtIdle
	s.Observe = "2*D"
	s.Expect = []scenario.Expectation{{
		That: scenario.Ends, From: scenario.FromLastByte,
		Within: scenario.Range{Lo: "idle - m", Hi: "D + 500ms"}, Causes: []heartbeat.Cause{session.Vanished},
	}}
	return s
}
