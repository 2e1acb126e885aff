package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// Duplication lets every second datagram arrive twice.
func Duplication() scenario.Scenario {
	s := Loss()
	s.Name = "duplication"
	s.Claim = "Datagrams that arrive twice raise no suspicion, and are taken once."
	s.Faults[0].Fault = scenario.Fault{Kind: scenario.Duplication, Percent: 50}
	s.Expect[2].Networks = nil
	return s
}

// Reordering lets every fifth datagram or so be overtaken by the next one.
func Reordering() scenario.Scenario {
	s := Loss()
	s.Name = "reordering"
	s.Claim = "Datagrams that overtake each other raise no suspicion."
	s.Faults[0].Fault = scenario.Fault{Kind: scenario.Reordering, Percent: 25}
	s.Expect = s.Expect[:2]
	return s
}

// streams are the networks on which a byte that was sent arrives, late perhaps, or
// the connection ends.
func streams() []string { return []string{"toxiproxy", "kernel", "sim"} }
