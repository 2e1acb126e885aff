package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// LinkFlap takes the client's carrier away for a moment, again and again, as a
// loose plug does.
func LinkFlap() scenario.Scenario {
	return scenario.Scenario{
		Name:    "link-flap",
		Claim:   "A link that comes and goes raises no suspicion and costs no byte, as long as it is there when TCP tries again.",
		Traffic: scenario.Traffic{Every: "100ms", From: "-500ms", Until: "lo"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.LinkFlap, Out: "300ms", Every: "1500ms"},
			For:   "lo",
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 5s",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Unnoticed},
			{That: scenario.DataIntact},
		},
	}
}
