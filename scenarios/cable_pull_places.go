package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// CablePullAtServer is CablePull at the other host: its link has no carrier.
func CablePullAtServer() scenario.Scenario {
	s := CablePull()
	s.Name = "cable-pull-at-server"
	s.Claim = "It makes no difference to a heartbeat whose cable it is that was pulled: the server's."
	s.Faults[0].Fault.Where = scenario.AtServer
	s.Phases = []float64{0.5}
	return s
}

// CablePullInTheMiddle is CablePull where neither host can see it.
func CablePullInTheMiddle() scenario.Scenario {
	s := CablePull()
	s.Name = "cable-pull-in-the-middle"
	s.Claim = "It makes no difference to a heartbeat whose cable it is that was pulled: nobody's, in the middle."
	s.Faults[0].Fault.Where = scenario.Middle
	s.Phases = []float64{0.5}
	return s
}
