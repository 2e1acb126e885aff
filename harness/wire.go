package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// glance is how often to look at the wire, to know what comes next. Measures are
// the network's stamps.
const glance = 20 * time.Millisecond

// readyByWire is ready for a subject that tells nothing: bytes have passed both
// ways. The network's stamps are the measure; they are only looked at now and
// then.
func (l *lab) readyByWire(ctx context.Context) (int64, error) {
	var o network.Observation
	for {
		next, err := l.path.Observe(ctx)
		if ctx.Err() != nil {
			return 0, l.neverUp(ctx, o)
		}
		if err != nil {
			return 0, fmt.Errorf("watch the wire: %w", err)
		}
		o = next
		for _, link := range o.Links {
			if link.Up.Passed > 0 && link.Down.Passed > 0 {
				return max(link.Down.LastPassed, network.Never), nil
			}
		}
		if err := l.sleepUntil(ctx, l.rec.Now()+int64(glance)); err != nil {
			return 0, l.neverUp(ctx, o)
		}
	}
}

// stillUp is an error if a trial about hang-ups has no connection to strike.
func (l *lab) stillUp(ctx context.Context) error {
	if !l.expects(scenario.HangsUp) && !l.expects(scenario.StaysUp) || l.struck > 0 {
		return nil
	}
	o, err := l.path.Observe(ctx)
	if err != nil {
		return fmt.Errorf("watch the wire: %w", err)
	}
	now := l.rec.Now()
	if slices.ContainsFunc(o.Links, func(link network.Link) bool { return link.OpenAt(now) }) {
		return nil
	}
	select {
	case err := <-l.ended:
		return fmt.Errorf("there was nothing left to strike: %w", err)
	default:
		when := ""
		if l.placed != nil {
			when = " (--after TIME)"
		}
		return fmt.Errorf("there was nothing left to strike: every connection had ended; strike while one is open, earlier or later%s: without a connection that lasts, there is nothing to time", when)
	}
}

// untilHungUp waits until both ends of every connection that the fault met which
// struck then are over, or until end: what the side does that is not put to the
// test is told as well. What it saves of the time is noted.
func (l *lab) untilHungUp(ctx context.Context, struck, end int64) error {
	for l.rec.Now() < end {
		o, err := l.path.Observe(ctx)
		if err != nil {
			return fmt.Errorf("watch the wire: %w", err)
		}
		met, client, server := stillOpen(o, struck)
		l.tell(State{Client: sideWord(client), Server: sideWord(server)})
		if met > 0 && (client+server == 0 || l.decided(client, server)) {
			l.saved += end - l.rec.Now()
			return nil
		}
		if err := l.sleepUntil(ctx, min(end, l.rec.Now()+int64(glance))); err != nil {
			return err
		}
	}
	return nil
}

// bystander is how long after the window a side is waited for that is not put to
// the test, once those that are have hung up.
const bystander = 10 * time.Second

// decided says that nothing can change the verdict any more, and that the other
// side had its time.
func (l *lab) decided(client, server int) bool {
	tested := map[heartbeat.Side]bool{}
	for _, e := range l.trial.Scenario.Expect {
		if e.That == scenario.HangsUp {
			tested[heartbeat.ClientSide] = tested[heartbeat.ClientSide] || e.Side != heartbeat.ServerSide
			tested[heartbeat.ServerSide] = tested[heartbeat.ServerSide] || e.Side != heartbeat.ClientSide
		}
	}
	window := l.trial.Window()
	late := l.struck + int64(window.Hi+bystander)
	return window != (heartbeat.Window{}) && l.rec.Now() > late &&
		!(tested[heartbeat.ClientSide] && client > 0) && !(tested[heartbeat.ServerSide] && server > 0)
}

// stillOpen counts the connections that a fault met, and those that a side has not
// been done with.
func stillOpen(o network.Observation, struck int64) (met, client, server int) {
	open := func(link network.Link, side heartbeat.Side) int {
		if at, _ := link.Over(side); at != network.Never {
			return 0
		}
		return 1
	}
	for _, link := range o.Links {
		if link.OpenAt(struck) {
			met++
			client += open(link, heartbeat.ClientSide)
			server += open(link, heartbeat.ServerSide)
		}
	}
	return met, client, server
}

func sideWord(open int) string {
	if open == 0 {
		return sideHungUp
	}
	return sideUp
}

// recoverByWire waits for a new connection that carries bytes both ways after the
// faults' end, or until all that the first fault met do so again, or until end.
func (l *lab) recoverByWire(ctx context.Context, from, end int64) error {
	for l.rec.Now() < end {
		o, err := l.path.Observe(ctx)
		if err != nil {
			return fmt.Errorf("watch the wire: %w", err)
		}
		if l.recovered(o, from) {
			return nil
		}
		select {
		case <-l.gone: // nobody is left to come back
			return nil
		default:
		}
		if err := l.sleepUntil(ctx, l.rec.Now()+int64(glance)); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) recovered(o network.Observation, heal int64) bool {
	old, resumed := 0, 0
	for _, link := range o.Links {
		if _, carries := link.Carries(heal); carries {
			return true
		}
		if link.OpenAt(l.struck) {
			old++
			if _, resumes := link.Resumes(heal); resumes {
				resumed++
			}
		}
	}
	return old > 0 && resumed == old
}
