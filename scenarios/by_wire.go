package scenarios

import (
	"slices"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// ByWire are those of the catalogue's scenarios that can be had from a client and
// a server of which nothing is known, with hang-ups on the wire in the place of
// events. Sides are those that are put to the test; none: both. Times are plain:
// nobody knows the beats that they could be counted in.
func ByWire(sides ...heartbeat.Side) []scenario.Scenario {
	if len(sides) == 0 {
		sides = []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}
	}
	hangsUp := func(s scenario.Scenario, from scenario.Origin) scenario.Scenario {
		return byWire(s, scenario.Expectation{That: scenario.HangsUp, From: from}, sides)
	}
	staysUp := func(s scenario.Scenario) scenario.Scenario {
		return byWire(s, scenario.Expectation{That: scenario.StaysUp}, sides)
	}
	return []scenario.Scenario{
		healed(hangsUp(CablePull(), scenario.FromFault), "A pulled cable is noticed within the window, if one is asked for."),
		healed(hangsUp(HalfOpenDown(), scenario.FromFault), "A way to the client that is dead is noticed within the window, if one is asked for."),
		healed(hangsUp(HalfOpenUp(), scenario.FromFault), "A way to the server that is dead is noticed within the window, if one is asked for."),
		idle(hangsUp(IdleDrop(), scenario.FromLastByte), "A firewall that forgot the connection is noticed within the window, if one is asked for."),
		idle(hangsUp(IdleResetOnSend(), scenario.FromLastByte), "A firewall that resets who sends on a forgotten connection is noticed within the window, if one is asked for."),
		idle(hangsUp(IdleResetAtIdle(), scenario.FromLastByte), "A firewall that resets an idle connection is noticed within the window, if one is asked for."),
		flap(staysUp(CableFlap())),
		staysUp(LatencyConstant()),
		onWorstNetwork(staysUp(LatencyJitter())),
		step(staysUp(LatencyStep())),
		step(staysUp(LatencyStepUp())),
	}
}

// byWire is s with another expectation of the sides, for any subject.
func byWire(s scenario.Scenario, e scenario.Expectation, sides []heartbeat.Side) scenario.Scenario {
	s.Policies, s.Beats, s.Traffic = nil, nil, scenario.Traffic{}
	s.Params = []scenario.Param{{Name: "observe", Default: "2m", Usage: "longest time to wait for a hang-up"}}
	s.Phases = []float64{0.5}
	s.Observe = "observe"
	s.Expect = nil
	for _, side := range sides {
		e.Side = side
		s.Expect = append(s.Expect, e)
	}
	s.Faults = slices.Clone(s.Faults) // they are the other's too
	for i := range s.Faults {
		s.Faults[i].Must = scenario.MayStrike // who is silent loses nothing
	}
	return s
}

// healed ends the fault with the wait, and gives the sides time to come back.
func healed(s scenario.Scenario, claim string) scenario.Scenario {
	s.Claim = claim
	s.Params = append(s.Params, scenario.Param{Name: "reconnect", Default: "10s", Usage: "longest time to wait for a working connection after the fault"})
	s.Faults[0].For = "observe"
	s.Observe = "observe + reconnect"
	return s
}

func idle(s scenario.Scenario, claim string) scenario.Scenario {
	s.Claim = claim
	s.Params = append(s.Params, scenario.Param{Name: "idle", Default: "5s", Usage: "idle time until the firewall forgets a flow"})
	return s
}

func flap(s scenario.Scenario) scenario.Scenario {
	s.Claim = "A cable that is out for a moment is no reason to hang up."
	s.Params = append(s.Params, scenario.Param{Name: "out", Default: "2s", Usage: "time that the cable is out"})
	s.Faults[0].For = "out"
	return s
}

func onWorstNetwork(s scenario.Scenario) scenario.Scenario {
	s.Claim = "Jitter of 200 ± 100 ms each way is no reason to hang up."
	s.Faults[0].Fault.Delay = scenario.Delay{Latency: "200ms", Jitter: "100ms"}
	return s
}

func step(s scenario.Scenario) scenario.Scenario {
	s.Claim = "A sudden delay is no reason to hang up."
	s.Params = append(s.Params, scenario.Param{Name: "step", Default: "2s", Usage: "one-way delay after the step"})
	s.Faults[0].Fault.Delay = scenario.Delay{Latency: "step"}
	return s
}
