package fidelity

import (
	"slices"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Plan is what to run on one network. On Stock only that the client's session
// ends is expected, however that comes about: it is to show what happens.
func Plan(network string, scenarios []scenario.Scenario, policies []heartbeat.Policy, seed uint64) harness.Plan {
	if network == Stock {
		scenarios = slices.Clone(scenarios)
		for i := range scenarios {
			scenarios[i] = unjudged(scenarios[i])
		}
		policies = slices.DeleteFunc(slices.Clone(policies), func(p heartbeat.Policy) bool { return p.Probe.AsksKernel() })
	}
	return harness.Plan{Scenarios: scenarios, Policies: policies, Seed: seed, Network: network}
}

// unjudged is s without a judgement of what a network does that lies.
func unjudged(s scenario.Scenario) scenario.Scenario {
	s.Expect = slices.Clone(s.Expect)
	for i := range s.Expect {
		s.Expect[i].Networks = []string{Proxy, Kernel}
	}
	s.Expect = append(s.Expect, scenario.Expectation{That: scenario.Ends, Networks: []string{Stock}, Side: heartbeat.ClientSide})
	return s
}
