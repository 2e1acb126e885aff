package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// LatencyConstant slows the network down, evenly.
func LatencyConstant() scenario.Scenario {
	return scenario.Scenario{
		Name:  "latency-constant",
		Claim: "A constant delay is no reason to suspect anybody.",
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Latency, Delay: scenario.Delay{Latency: "200ms"}},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Unnoticed},
		},
	}
}

// LatencyJitter slows it down to the profile's worst, unevenly.
func LatencyJitter() scenario.Scenario {
	s := LatencyConstant()
	s.Name = "latency-jitter"
	s.Claim = "The profile's worst jitter is no reason to suspect anybody."
	s.Faults[0].Fault.Delay = scenario.WorstDelay()
	return s
}

// LatencyStep slows the way to the client down suddenly, by as much as any
// policy must bear.
func LatencyStep() scenario.Scenario {
	s := LatencyConstant()
	s.Name = "latency-step"
	s.Claim = "A sudden delay of half the time between beat and timeout is borne without a suspicion."
	s.Params = []scenario.Param{{Name: "step", Default: "0.5*T - 0.5*D", Usage: "one-way delay after the step"}}
	s.Faults[0].Fault.Delay = scenario.Delay{Latency: "step"}
	s.Faults[0].Fault.Toward = heartbeat.ClientSide
	s.Phases = nil
	return s
}

// LatencyStepUp is LatencyStep on the way to the server.
func LatencyStepUp() scenario.Scenario {
	s := LatencyStep()
	s.Name = "latency-step-up"
	s.Faults[0].Fault.Toward = heartbeat.ServerSide
	return s
}

// LatencyStepTooFar slows the way to the client down by more than any policy
// can bear, for a while.
func LatencyStepTooFar() scenario.Scenario {
	s := LatencyStep()
	s.Name = "latency-step-too-far"
	s.Claim = "A sudden delay beyond the timeout makes the side that waits suspect its live peer, exactly once; both are back when it ends."
	s.Beats = clientBeats()
	s.Params[0].Default = "T - D + 1s"
	s.Params = append(s.Params, reconnect())
	s.Faults[0].For = "T + 1s"
	s.Observe = "T + 1.5s + reconnect"
	s.Expect = tooFar(heartbeat.ClientSide)
	return s
}

// LatencyStepTooFarUp is LatencyStepTooFar on the way to the server, for beats
// that nobody answers: with echoes both sides wait for the same late bytes, and
// suspect each other within a millisecond or hear of it from the other.
func LatencyStepTooFarUp() scenario.Scenario {
	s := LatencyStepTooFar()
	s.Name = "latency-step-too-far-up"
	s.Policies = []string{"push"}
	s.Faults[0].Fault.Toward = heartbeat.ServerSide
	s.Expect = tooFar(heartbeat.ServerSide)
	return s
}

// tooFar expects one mistake, of the side that things reach late: it hangs up
// before the other side's patience ends.
func tooFar(waits heartbeat.Side) []scenario.Expectation {
	return []scenario.Expectation{
		{That: scenario.Mistakes, Side: waits, Count: 1},
		{That: scenario.Mistakes, Side: waits.Peer(), Count: 0},
		{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
	}
}
