package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// CableFlap takes the cable out for less than any policy may suspect, while
// both sides talk.
func CableFlap() scenario.Scenario {
	return scenario.Scenario{
		Name:    "cable-flap",
		Claim:   "A cable that is out for 0.4 of the window's lower bound raises no suspicion and, but over UDP, costs no byte.",
		Traffic: scenario.Traffic{Every: "100ms", From: "-500ms", Until: "0.4*lo + 500ms"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.CablePull},
			For:   "0.4*lo",
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Unnoticed},
			{That: scenario.DataIntact, Networks: streams()},
		},
	}
}
