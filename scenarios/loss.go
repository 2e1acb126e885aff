package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// Loss loses packets by chance: of beats, echoes and acknowledgements alike. TCP
// sends them again, so that nothing is lost but time: a packet that is lost n
// times in a row is late by 0.2 s * (2^n - 1). Over UDP they are lost: for an echo
// timer of strict's to fire, four beats in a row must go unanswered, which happens
// to 0.19^4, or one in 770.
func Loss() scenario.Scenario {
	return scenario.Scenario{
		Name:    "loss",
		Claim:   "A network that loses every tenth packet in each direction raises no suspicion and, but over UDP, costs no byte.",
		Traffic: scenario.Traffic{Every: "50ms", From: "0s", Until: "hi - 2s"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Loss, Percent: 10},
			For:   "hi - 1s",
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 5s",
		Expect: []scenario.Expectation{
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Unnoticed},
			{That: scenario.DataIntact, Networks: streams()},
		},
	}
}

// BurstLoss loses as many, but in bursts, while both sides talk.
func BurstLoss() scenario.Scenario {
	s := Loss()
	s.Name = "burst-loss"
	s.Claim = "A network that loses a tenth of all datagrams, five in a row on average, raises no suspicion."
	s.Faults[0].Fault = scenario.Fault{Kind: scenario.BurstLoss, Percent: 10, Burst: 5}
	s.Traffic.Every = "20ms" // so many that bursts there are
	s.Expect = s.Expect[:2]
	return s
}
