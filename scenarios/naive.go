package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// NaiveCablePull is the control for what is tried before heartbeats: nothing
// local knows of a cable, and the kernel only if it is told when to ask. Where
// nothing flows, the lab's canaries prove the cut.
func NaiveCablePull() scenario.Scenario {
	unaware := []string{"urgent", "keepalive-default", "socket-state", "tcp-info"}
	tuned := []string{"keepalive", "user-timeout"}
	return scenario.Scenario{
		Name: "naive-cable-pull",
		Claim: "Urgent bytes, local flags, TCP_INFO and a keepalive left at its defaults do not notice a pulled cable; " +
			"a keepalive or a user timeout tuned to the window does.",
		Policies: append(unaware, tuned...),
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.CablePull},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed, Policies: unaware},
			{That: scenario.CanaryWithheld, Policies: unaware},
			{That: scenario.Detects, Policies: tuned, Side: heartbeat.ClientSide},
		},
	}
}

// NaivePeerCloses lets the server close in order, before anything but the hello
// was sent. The first urgent byte leaves within an interval of that, and only
// provokes an answer; the second, an interval later, fails. (A server that left
// an urgent byte unread would end with a reset instead: then the first fails.)
func NaivePeerCloses() scenario.Scenario {
	return scenario.Scenario{
		Name:     "naive-peer-closes",
		Claim:    "Ten seconds after the server closed, local flags still say connected; TCP_INFO tells within an interval, and urgent bytes at the second write.",
		Policies: []string{"urgent", "socket-state", "tcp-info"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "10s + 2*D",
		Expect: []scenario.Expectation{
			{
				That: scenario.Ends, Policies: []string{"urgent"}, Side: heartbeat.ClientSide,
				Within: scenario.Range{Lo: "D - m", Hi: "2*D + m"}, Causes: []heartbeat.Cause{session.Vanished},
			},
			{That: scenario.Unnoticed, Policies: []string{"socket-state"}, Side: heartbeat.ClientSide},
			{
				That: scenario.Ends, Policies: []string{"tcp-info"}, Side: heartbeat.ClientSide,
				Within: scenario.Range{Hi: "D + m"}, Causes: []heartbeat.Cause{session.Vanished},
			},
		},
	}
}
