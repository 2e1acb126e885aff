package judge

import (
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// truth is what the trace says became of side's peer.
func (v view) truth(side trace.Side) Truth {
	t := Truth{Cuts: v.cuts(side), Late: v.late(), Unexcused: !v.excuses(side), Stopped: v.stopped(side), Grace: heartbeat.Grace}
	if at, ok := v.detectionOrigin(side); ok {
		t.Origin = &at
	}
	return t
}

// excuses says whether a fault of the scenario justifies a suspicion of side's:
// unless the scenario says how many mistakes it expects.
func (v view) excuses(side trace.Side) bool { return !v.expects(scenario.Mistakes, side) }

// late is how long after a cut's end what it held may still be on its way.
func (v view) late() time.Duration {
	return v.Header.Policy.Profile.Delay + v.Header.Policy.Profile.Margin
}

// cuts are the times in which a fault kept the peer's bytes from side. A
// latency keeps nothing: it is late.
func (v view) cuts(side trace.Side) []Span {
	silences := func(k scenario.Kind) bool { return k.Silences(side, v.Header.Policy) }
	return append(v.strikesOf(silences), v.lifeless(side.Peer())...)
}

// strikesOf are the times in which the network's faults of some kinds did something:
// a firewall nothing before it forgets.
func (v view) strikesOf(which func(scenario.Kind) bool) (spans []Span) {
	kinds := v.Header.Scenario.NetworkFaults()
	for _, s := range v.strikes {
		if s.Fault >= len(kinds) || !which(kinds[s.Fault]) {
			continue
		}
		from, to := s.On, s.Off
		if kinds[s.Fault] == scenario.IdleDrop {
			if s.Forgotten == network.Never {
				continue
			}
			from = max(from, s.Forgotten)
		}
		if to == network.Never {
			to = endless
		}
		spans = append(spans, Span{From: from, To: to})
	}
	return spans
}

// lifeless are the times in which side's process was dead, or stood still because
// it was stopped.
func (v view) lifeless(side trace.Side) (spans []Span) {
	for _, e := range v.Events {
		if e.Detail != string(side) || !scenario.Kind(e.Kind).OfProcess() {
			continue
		}
		switch e.What {
		case trace.FaultOn:
			spans = append(spans, Span{From: e.T, To: endless})
		case trace.FaultOff:
			if len(spans) > 0 { // else somebody has edited the trace
				spans[len(spans)-1].To = e.T
			}
		}
	}
	return spans
}

// firewalled says that a firewall is all that the network's faults are.
func (v view) firewalled() bool {
	kinds := v.Header.Scenario.NetworkFaults()
	return len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k scenario.Kind) bool { return k != scenario.IdleDrop })
}

// catchUp is how long a side that goes on takes at most to read what lies in its
// receive buffer: beats of long ago, each with a deadline that has passed.
const catchUp = int64(100 * time.Millisecond)

// stopped are the times in which side did not run because it was stopped: until it
// noticed that it goes on, and had caught up.
func (v view) stopped(side trace.Side) []Span {
	spans := v.lifeless(side)
	for i, s := range spans {
		for _, e := range v.Events {
			if e.Side == side && e.What == trace.Stall && e.T <= s.To && e.To >= s.From {
				spans[i].To = max(spans[i].To, e.To)
			}
		}
		spans[i].To += catchUp
	}
	return spans
}
