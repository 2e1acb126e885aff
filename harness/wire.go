package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
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

// neverUp is why the wait for a subject has ended: the context's cause or, of one
// that the lab did not start itself and whose time was up, what was seen of it.
func (l *lab) neverUp(ctx context.Context, o network.Observation) error {
	if l.placed == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	limit := l.place.ComeUp
	var up, down int64
	for _, link := range o.Links {
		up, down = up+link.Up.Passed, down+link.Down.Passed
	}
	switch {
	case len(o.Links) == 0:
		return fmt.Errorf("nobody connected to %s within %v: the client is told where by FLATLINE_ADDR, or {addr} in its arguments; does it connect elsewhere?", l.path.Addr(), limit)
	case !reachable(l.place.Upstream):
		return fmt.Errorf("a client connected, but nobody answers at the upstream, %s", l.place.Upstream)
	default:
		return fmt.Errorf("no bytes went both ways within %v: %d from the client and %d from the server, on %d connections", limit, up, down, len(o.Links))
	}
}

// reachable connects to addr, once.
func reachable(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// stillUp is an error if a trial about hang-ups has no connection to strike.
func (l *lab) stillUp(ctx context.Context) error {
	if !l.expects(scenario.HangsUp) && !l.expects(scenario.StaysUp) || l.struck > 0 {
		return nil
	}
	l.struck = l.rec.Now()
	o, err := l.path.Observe(ctx)
	if err != nil {
		return fmt.Errorf("watch the wire: %w", err)
	}
	if slices.ContainsFunc(o.Links, inUse) {
		return nil
	}
	select {
	case err := <-l.ended:
		return fmt.Errorf("there was nothing left to strike: %w", err)
	default:
		return errors.New("there was nothing left to strike: every connection had ended")
	}
}

// inUse says whether a connection has carried something, and has two ends.
func inUse(l network.Link) bool {
	return !l.Dead && l.Up.Passed+l.Down.Passed > 0 && !(over(l.Up, l.Down) || over(l.Down, l.Up))
}

// over says whether the sending end of a flow has nothing more to tell: it hung
// up, or its connection was ended.
func over(own, other network.Flow) bool {
	return own.HungUp != network.Never || other.Closed != network.Never || other.Ended != network.Never
}

// untilHungUp waits until both ends of every connection that the first fault met
// are over, or until end; what it saves of the time is noted.
func (l *lab) untilHungUp(ctx context.Context, end int64) error {
	for l.rec.Now() < end {
		o, err := l.path.Observe(ctx)
		if err != nil {
			return fmt.Errorf("watch the wire: %w", err)
		}
		open := func(link network.Link) bool {
			return link.Born <= l.struck && link.Up.Passed+link.Down.Passed > 0 && !(over(link.Up, link.Down) && over(link.Down, link.Up))
		}
		if !slices.ContainsFunc(o.Links, open) {
			l.saved = end - l.rec.Now()
			return nil
		}
		if err := l.sleepUntil(ctx, min(end, l.rec.Now()+int64(glance))); err != nil {
			return err
		}
	}
	return nil
}

// recoverByWire waits for a connection that carries bytes both ways after the
// faults' end, or until end.
func (l *lab) recoverByWire(ctx context.Context, from, end int64) error {
	for l.rec.Now() < end {
		o, err := l.path.Observe(ctx)
		if err != nil {
			return fmt.Errorf("watch the wire: %w", err)
		}
		for _, link := range o.Links {
			if _, carries := link.CarriesSince(from); carries {
				return nil
			}
		}
		select {
		case <-l.dialled: // nobody is left to come back
			return nil
		default:
		}
		if err := l.sleepUntil(ctx, l.rec.Now()+int64(glance)); err != nil {
			return err
		}
	}
	return nil
}
