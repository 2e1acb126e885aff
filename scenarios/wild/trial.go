package wild

import (
	"context"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// trial is one pair under one fault.
type trial struct {
	pair    Pair
	fault   fault
	observe time.Duration // from the fault
	record  judge.Record  // once it has been run
}

// spread is how far apart trials that run beside each other begin, at most: a
// hundred libraries that come up at once make each other late.
const spread = 8 * time.Second

// run runs it over n, and fills in its record.
func (t *trial) run(ctx context.Context, n network.Network) error {
	s, err := t.fault.scenario(t.pair, t.observe)
	if err != nil {
		return err
	}
	trials, err := harness.Plan{
		Scenarios: []scenario.Scenario{s},
		// The expectations have windows of their own. This one only says that who
		// has not noticed by half time may be late by the other half: a stall
		// shorter than that does not make a "never" doubtful.
		Policies: []heartbeat.Policy{harness.Foreign(t.pair.Name(), heartbeat.Window{Hi: t.observe / 2})},
	}.Trials()
	if err != nil {
		return err
	}
	runner := harness.Runner{
		Network: n, Retries: 1, Spread: spread,
		Subject: subject.Funcs{Label: t.pair.Name(), ServeFn: t.pair.Serve, DialFn: t.pair.Dial},
	}
	records, err := runner.Run(ctx, trials)
	if err != nil {
		return err
	}
	t.record = records[0]
	return nil
}

// check is nil if both sides did as expected.
func (t *trial) check() error {
	if t.record.Verdict != judge.Held {
		return fmt.Errorf("%s: %s", t.record.Verdict, t.record.Reason)
	}
	sides := t.fault.sides(t.pair.Expect)
	for _, side := range bothSides {
		fate, m := sides.of(side), t.record.Of(side)
		if m.End != nil && fate.By != "" && by(m) != fate.By {
			return fmt.Errorf("the %s's connection ended by %s, expected by %s", side, by(m), fate.By)
		}
	}
	return nil
}

// by is whose doing the end of a side's connection was: the wire shows which
// came first, the peer's closing or its own.
func by(m *judge.Measures) By {
	if m.Cause == "hung up" {
		return Itself
	}
	return Peer
}
