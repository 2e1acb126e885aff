package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// NATRebind lets a translator of addresses forget its mappings, as one does that
// is restarted. The client's next beat reaches the server from a port that it has
// never heard of, and its kernel resets that; the server's own packets reach
// nobody. Over UDP a session belongs to no address, and goes on.
func NATRebind() scenario.Scenario {
	return scenario.Scenario{
		Name:     "nat-rebind",
		Claim:    "When a NAT forgets its mappings, a TCP client is reset at its next beat and comes back, and the server has to find out by itself; over UDP neither notices.",
		Policies: []string{"echo-timer", "fixed", "push"},
		Params:   []scenario.Param{reconnect()},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.NATRebind},
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{
				That: scenario.Ends, Networks: []string{"kernel"}, Side: heartbeat.ClientSide,
				Within: scenario.Range{Hi: "D + 500ms"}, Causes: []heartbeat.Cause{session.Vanished},
			},
			{That: scenario.Detects, Networks: []string{"kernel"}, Side: heartbeat.ServerSide},
			{That: scenario.Mistakes, Networks: []string{"relay"}, Count: 0},
			{That: scenario.Unnoticed, Networks: []string{"relay"}},
		},
	}
}
