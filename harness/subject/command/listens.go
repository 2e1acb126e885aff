package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/sockets"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// listens waits until somebody listens at addr, for so long, or the context ends.
func listens(ctx context.Context, addr string, limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		var listens bool
		if err := network.On(ctx, heartbeat.ServerSide, func() error {
			listens = isListening(addr)
			return nil
		}); err != nil || listens {
			return err
		}
		if err := subject.After(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server did not listen on %s within %v: it is told where by FLATLINE_PORT, or {port} in its arguments; does it listen elsewhere?", addr, limit)
}

// isListening asks the kernel, where it can be asked: not every server bears a
// connection that is none.
func isListening(addr string) bool {
	all, err := sockets.All()
	if errors.Is(err, errors.ErrUnsupported) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}
	want, bad := netip.ParseAddrPort(addr)
	return err == nil && bad == nil && slices.ContainsFunc(all, func(s sockets.Socket) bool {
		return s.Listens && s.Local.Port() == want.Port() && (s.Local.Addr() == want.Addr() || s.Local.Addr().IsUnspecified())
	})
}
