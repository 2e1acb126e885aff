package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// KeepaliveUnderData is what makes a tuned keepalive no heartbeat: the kernel
// does not probe while bytes of its own are unacknowledged. Then retransmission
// decides, by default after 15 min and more.
func KeepaliveUnderData() scenario.Scenario {
	return scenario.Scenario{
		Name:     "keepalive-under-data",
		Claim:    "A keepalive that is tuned to the window does not notice a pulled cable while a single byte is unacknowledged.",
		Policies: []string{"keepalive"},
		Traffic:  scenario.Traffic{Every: "1h", From: "200ms", Until: "200ms"},
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

// KeepaliveKeepsOpen is what a keepalive is good for.
func KeepaliveKeepsOpen() scenario.Scenario {
	return scenario.Scenario{
		Name:     "keepalive-keeps-open",
		Claim:    "A keepalive that probes more often than a firewall's idle time keeps an idle connection open.",
		Policies: []string{"keepalive"},
		Params:   []scenario.Param{{Name: "idle", Default: "1.3*D", Usage: "idle time until the firewall forgets a flow; conntrack rounds it up to seconds"}},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "idle", Mode: scenario.DropSilent},
			Must:  scenario.MustNotStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "4*idle",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed},
			{That: scenario.CanaryArrives},
		},
	}
}

// WritesUnnoticed is a client that only writes: every write succeeds, into its
// kernel's buffer.
func WritesUnnoticed() scenario.Scenario {
	return scenario.Scenario{
		Name:     "writes-unnoticed",
		Claim:    "Plain writes do not notice a pulled cable: each succeeds, for as long as the kernel has room.",
		Policies: []string{"none"},
		Traffic:  scenario.Traffic{Every: "0.5*D", From: "0.1*D", Until: "hi"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.CablePull},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed, Side: heartbeat.ClientSide},
			{That: scenario.Unnoticed, Side: heartbeat.ServerSide},
			{That: scenario.CanaryWithheld},
		},
	}
}
