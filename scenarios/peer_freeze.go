package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// PeerFreeze stops the server's process: a debugger, a full disk, a host that
// swaps. Its kernel still acknowledges whatever arrives.
func PeerFreeze() scenario.Scenario {
	return freeze("peer-freeze", heartbeat.ServerSide)
}

// PeerFreezeClient stops the client's.
func PeerFreezeClient() scenario.Scenario {
	return freeze("peer-freeze-client", heartbeat.ClientSide)
}

func freeze(name string, side heartbeat.Side) scenario.Scenario {
	return scenario.Scenario{
		Name:   name,
		Claim:  "A peer whose process stands still is noticed within the window; once it goes on it learns that it was given up, suspects nobody, and both are back.",
		Params: []scenario.Param{reconnect()},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Freeze, Side: side},
			For:   "hi + 1s",
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 1.5s + reconnect",
		Expect: []scenario.Expectation{
			{That: scenario.Detects, Side: side.Peer()},
			{That: scenario.Ends, Side: side, From: scenario.FromHeal, Within: scenario.Range{Hi: "500ms"}, Causes: []heartbeat.Cause{session.GaveUp}},
			{That: scenario.Mistakes, Side: side},
			{That: scenario.StaysDown},
			{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
			{That: scenario.CleansUp},
		},
	}
}

// PeerFreezeUnnoticed is what a kernel makes of it.
func PeerFreezeUnnoticed() scenario.Scenario {
	return scenario.Scenario{
		Name:     "peer-freeze-unnoticed",
		Claim:    "A kernel does not notice that its peer's process stands still: the peer's kernel answers.",
		Policies: []string{"keepalive", "keepalive-default", "user-timeout"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Freeze, Side: heartbeat.ServerSide},
			For:   "hi + 1s",
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 2s",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed, Side: heartbeat.ClientSide},
		},
	}
}

// SelfFreeze stops the server for longer than its own timeout, while its client
// goes on beating. What it was sent lies in its receive buffer.
func SelfFreeze() scenario.Scenario {
	return selfFreeze("self-freeze", heartbeat.ServerSide, heartbeat.FromClient, heartbeat.FromBoth)
}

// SelfFreezeClient stops the client, while its server goes on beating.
func SelfFreezeClient() scenario.Scenario {
	return selfFreeze("self-freeze-client", heartbeat.ClientSide, heartbeat.FromServer, heartbeat.FromBoth)
}

func selfFreeze(name string, side heartbeat.Side, beats ...heartbeat.Direction) scenario.Scenario {
	return scenario.Scenario{
		Name:  name,
		Claim: "A side that stood still for longer than its own timeout, while its peer went on beating, does not suspect its peer once it goes on.",
		Beats: beats,
		Mode:  heartbeat.Observe, // or the peer, which is right to, would hang up
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Freeze, Side: side},
			For:   "hi + 1s",
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "hi + 1s + 2*D",
		Expect: []scenario.Expectation{
			{That: scenario.Unnoticed, Side: side},
			{That: scenario.Mistakes, Side: side},
			{That: scenario.Detects, Side: side.Peer()},
		},
	}
}
