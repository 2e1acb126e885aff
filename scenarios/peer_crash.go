package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// PeerCrash kills the server's process. Its kernel lives, and closes the
// connection.
func PeerCrash() scenario.Scenario {
	return crash("peer-crash", heartbeat.ServerSide)
}

// PeerCrashClient kills the client's.
func PeerCrashClient() scenario.Scenario {
	return crash("peer-crash-client", heartbeat.ClientSide)
}

func crash(name string, side heartbeat.Side) scenario.Scenario {
	return scenario.Scenario{
		Name:  name,
		Claim: "A peer whose process dies is known to be gone, at once, because its kernel closes the connection: no silence has to be waited for.",
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.Crash, Side: side},
			Must:  scenario.MustStrike,
		}},
		Phases:  []float64{0.5},
		Observe: "1s",
		Expect: []scenario.Expectation{
			{
				That: scenario.Ends, Side: side.Peer(),
				Within: scenario.Range{Hi: "500ms"}, Causes: []heartbeat.Cause{session.Vanished},
			},
		},
	}
}

// PeerPowerOff takes the server's power: its process dies behind a cable that
// carries nothing any more, and no kernel is there to close anything.
func PeerPowerOff() scenario.Scenario {
	return powerOff("peer-power-off", heartbeat.ServerSide)
}

// PeerPowerOffClient takes the client's.
func PeerPowerOffClient() scenario.Scenario {
	return powerOff("peer-power-off-client", heartbeat.ClientSide)
}

func powerOff(name string, side heartbeat.Side) scenario.Scenario {
	return scenario.Scenario{
		Name:  name,
		Claim: "A peer that loses its power closes nothing: its silence is noticed, within the window.",
		Faults: []scenario.Step{
			{Fault: scenario.Fault{Kind: scenario.CablePull}, Must: scenario.MustStrike},
			{Fault: scenario.Fault{Kind: scenario.Crash, Side: side}, At: "50ms", Must: scenario.MustStrike},
		},
		Observe: "hi + 1s",
		Expect: []scenario.Expectation{
			{That: scenario.Detects, Side: side.Peer()},
			{That: scenario.Ends, Side: side.Peer(), Within: scenario.Range{Hi: "hi"}, Causes: []heartbeat.Cause{session.Silent}},
		},
	}
}

// ServerRestart kills the server's process and starts it again, on the same port.
func ServerRestart() scenario.Scenario {
	s := PeerCrash()
	s.Name = "server-restart"
	s.Claim = "A server that dies and is started again on the same port finds its client soon."
	s.Params = []scenario.Param{reconnect(), {Name: "away", Default: "1s", Usage: "how long the server is away"}}
	s.Faults[0].For = "away"
	s.Observe = "away + 500ms + reconnect"
	s.Expect = append(s.Expect,
		scenario.Expectation{That: scenario.StaysDown},
		scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "reconnect"}},
		scenario.Expectation{That: scenario.Mistakes, Side: heartbeat.ClientSide},
	)
	return s
}
