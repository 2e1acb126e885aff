package judge_test

import (
	"testing"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// A killed run leaves a trace without the fault's end: it lasts as long as the trace.
func TestAFaultWithoutAnEndExcuses(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}))
	h.trace.Header.Policy.Server = nil
	h.add(trace.Event{T: ns(3), Side: trace.Network, What: trace.FaultOn, Strike: &network.Strike{
		On: ns(3), Off: network.Never, LastPassedUp: network.Never, LastPassedDown: network.Never, Forgotten: network.Never,
	}})
	h.add(trace.Event{T: ns(10.57), Side: "client", What: trace.Suspect})
	r := h.judge()
	if r.Client.Mistakes != 0 || r.Client.Detection == nil {
		t.Errorf("%d mistakes, detection %v; want none, and one", r.Client.Mistakes, r.Client.Detection)
	}
}
