package subject

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/sockets"
)

// serverComeUp bounds how long a server may take until it listens.
const serverComeUp = 30 * time.Second

// listens waits until somebody listens at addr, or the context ends.
func listens(ctx context.Context, addr string) error {
	for limit := time.Now().Add(serverComeUp); time.Now().Before(limit); {
		if isListening(addr) {
			return nil
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the server did not listen on %s within %v: it is told where by FLATLINE_PORT, or {port} in its arguments", addr, serverComeUp)
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
