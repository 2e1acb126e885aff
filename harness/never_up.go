package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// neverUp is why the wait for a subject has ended: the context's cause or, of one
// that the lab did not start itself and whose time was up, what was seen of it.
func (l *lab) neverUp(ctx context.Context, o network.Observation) error {
	hosts := network.HasHosts(l.network)
	if l.placed == nil && !hosts || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	limit := l.comeUp()
	var up, down int64
	for _, link := range o.Links {
		up, down = up+link.Up.Passed, down+link.Down.Passed
	}
	switch {
	case len(o.Links) == 0 && hosts:
		return fmt.Errorf("nobody connected to %s within %v: a command is told where by FLATLINE_ADDR, or {addr} in its arguments, and a subject of ours has to dial by network.Dial", l.path.Addr(), limit)
	case len(o.Links) == 0:
		return fmt.Errorf("nobody connected to %s within %v: the client is told where by FLATLINE_ADDR, or {addr} in its arguments; does it connect elsewhere?", l.path.Addr(), limit)
	}
	if err := l.dialUpstream(ctx); err != nil {
		return fmt.Errorf("a client connected, but nobody answers at the upstream, %s: %w", l.place.Upstream, err)
	}
	return fmt.Errorf("no bytes went both ways within %v: %d from the client and %d from the server, on %s", limit, up, down, words.Plural(len(o.Links), "connection"))
}

// dialUpstream connects to the upstream, once, from the server's host.
func (l *lab) dialUpstream(ctx context.Context) error {
	return network.On(ctx, heartbeat.ServerSide, func() error {
		c, err := net.DialTimeout("tcp", l.place.Upstream, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
}
