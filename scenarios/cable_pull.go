package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// CablePull takes the client's cable out: nothing passes, in either direction,
// and no closing either. It comes back a while after both sides must know.
func CablePull() scenario.Scenario {
	return scenario.Scenario{
		Name:   "cable-pull",
		Claim:  "Both sides notice a pulled cable within the window, and are back soon after it is plugged in again.",
		Params: []scenario.Param{reconnect()},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.CablePull},
			For:   "hi + 1s",
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 1.5s + reconnect",
		Expect: []scenario.Expectation{
			{That: scenario.Detects},
			{That: scenario.StaysDown},
			{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
			{That: scenario.CleansUp},
		},
	}
}

// CablePullWorst is CablePull on the profile's worst network.
func CablePullWorst() scenario.Scenario {
	s := CablePull()
	s.Name = "cable-pull-worst"
	s.Claim = "The windows hold on the profile's worst network too."
	s.Delay = scenario.WorstDelay()
	return s
}

// CablePullUnnoticed is the control: without beats nobody notices, and to the
// server a lost client looks like an idle one.
func CablePullUnnoticed() scenario.Scenario {
	return scenario.Scenario{
		Name:     "cable-pull-unnoticed",
		Claim:    "Without beats neither side notices a pulled cable.",
		Policies: []string{"none"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.CablePull},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed},
			{That: scenario.CanaryWithheld},
		},
	}
}

// reconnect bounds a recovery. The default is our pair's: a handshake that began
// before the heal and went unanswered (2 s), the longest backoff (2 s), half a
// second for the rest, and two round trips.
func reconnect() scenario.Param {
	return scenario.Param{Name: "reconnect", Default: "4.5s + 4*d", Usage: "longest time from the fault's end to a session that works"}
}
