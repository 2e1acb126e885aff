package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// PortBlocked blocks new connections, and then resets the one that is there.
func PortBlocked() scenario.Scenario {
	return scenario.Scenario{
		Name:   "port-blocked",
		Claim:  "A port that is blocked for new connections leaves the old one alone, and keeps whoever loses it from coming back until it is free.",
		Params: []scenario.Param{reconnect()},
		Faults: []scenario.Step{
			{Fault: scenario.Fault{Kind: scenario.PortBlocked}, For: "2*D + 2s", Must: scenario.MustStrike},
			{Fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ServerSide}, At: "2*D", Must: scenario.MustStrike},
		},
		Phases:  []float64{0.5},
		Observe: "2*D + 2.5s + reconnect",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Ends, Within: scenario.Range{Lo: "D", Hi: "2*D + 500ms"}},
			{That: scenario.StaysDown},
			{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
		},
	}
}
