package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// OrderlyClose lets the server leave, and say so.
func OrderlyClose() scenario.Scenario {
	return scenario.Scenario{
		Name:  "orderly-close",
		Claim: "A server that says goodbye is known to have left, at once, and is not suspected.",
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide},
			Must:  scenario.MustStrike,
		}},
		Params:  []scenario.Param{reconnect()},
		Phases:  []float64{0.5},
		Observe: "500ms + reconnect",
		Expect: []scenario.Expectation{
			{
				That: scenario.Ends, Side: heartbeat.ClientSide,
				Within: scenario.Range{Hi: "500ms"}, Causes: []heartbeat.Cause{session.Left},
			},
			{That: scenario.Mistakes, Count: 0},
			{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
		},
	}
}

// UnannouncedEnd resets the server's connection. The proxy turns the RST into a
// FIN; either is an end without a word.
func UnannouncedEnd() scenario.Scenario {
	s := OrderlyClose()
	s.Name = "unannounced-end"
	s.Claim = "A connection that ends without a word is noticed at once, for that reason."
	s.Faults[0].Fault.Kind = scenario.Reset
	s.Expect[0].Causes = []heartbeat.Cause{session.Vanished}
	return s
}
