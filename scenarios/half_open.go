package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// HalfOpenDown loses everything from the server to the client; the other way is
// fine. So the client notices, and a proxy lets the server hear it hang up. On a
// real network the acknowledgements of the client's bytes are lost as well: its
// kernel sends the first of them again and again, and new ones, the hang-up too,
// when its congestion window lets it. What the server hears then is chance.
func HalfOpenDown() scenario.Scenario {
	return scenario.Scenario{
		Name:  "half-open-down",
		Claim: "When only the way to the client is dead, the client notices within the window, and behind a proxy the server learns it from the client's hang-up.",
		Beats: clientBeats(),
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.HalfOpenDown},
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 2s",
		Expect: []scenario.Expectation{
			{That: scenario.Detects, Side: heartbeat.ClientSide},
			hearsHangUp(heartbeat.ServerSide),
		},
	}
}

// hearsHangUp is the end of a side that hears its peer, but is not heard: it
// learns of the peer's hang-up.
func hearsHangUp(side heartbeat.Side) scenario.Expectation {
	return scenario.Expectation{
		That: scenario.Ends, Networks: []string{"toxiproxy"}, Side: side, From: scenario.FromPeersEnd,
		Within: scenario.Range{Lo: "-100ms", Hi: "500ms"}, Causes: []heartbeat.Cause{session.GaveUp},
	}
}

// clientBeats are the policies whose server hears beats: it has no reason to
// suspect anybody while the way up is fine.
func clientBeats() []heartbeat.Direction {
	return []heartbeat.Direction{heartbeat.FromClient, heartbeat.FromBoth}
}

// HalfOpenUp loses everything from the client to the server. An echo policy
// starves both sides; whoever is first hangs up.
func HalfOpenUp() scenario.Scenario {
	return scenario.Scenario{
		Name:     "half-open-up",
		Claim:    "When only the way to the server is dead, the server notices within the window; the client notices by itself or by the server's hang-up.",
		Policies: []string{"echo-timer", "fixed"},
		Faults: []scenario.Step{{
			Fault: scenario.Fault{Kind: scenario.HalfOpenUp},
			Must:  scenario.MustStrike,
		}},
		Observe: "hi + 2s",
		Expect: []scenario.Expectation{
			{That: scenario.Detects, Side: heartbeat.ServerSide},
			{
				That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Lo: "lo", Hi: "hi"},
				Causes: []heartbeat.Cause{session.Silent, session.GaveUp},
			},
		},
	}
}

// HalfOpenUpPush is HalfOpenUp where both sides push: behind a proxy the client
// goes on hearing the server's beats.
func HalfOpenUpPush() scenario.Scenario {
	s := HalfOpenUp()
	s.Name = "half-open-up-push"
	s.Claim = "When both sides push and only the way to the server is dead, the server notices within the window, and behind a proxy the client suspects nothing until it hangs up."
	s.Policies = []string{"push"}
	s.Expect[1] = hearsHangUp(heartbeat.ClientSide)
	return s
}
