package network

import (
	"context"
	"net"

	"github.com/flatline-go/flatline/heartbeat"
)

// Hosted is a Path whose sides are hosts of their own: the server listens at
// Addr on its host, and the client dials from its.
type Hosted interface {
	Path
	// On runs do on side's host: sockets that it opens and processes that it
	// starts belong there, goroutines that it starts do not.
	On(side heartbeat.Side, do func() error) error
}

// HasHosts says whether n's paths are Hosted: such a network has a method of
// that name. The server then listens once the path is there, and not before.
func HasHosts(n Network) bool {
	_, has := n.(interface{ Hosted() })
	return has
}

type hostedKey struct{}

// WithPath makes ctx one of a trial whose path is p.
func WithPath(ctx context.Context, p Path) context.Context {
	if h, ok := p.(Hosted); ok {
		return context.WithValue(ctx, hostedKey{}, h)
	}
	return ctx
}

// OfHosts says whether ctx is one of a trial whose path is Hosted.
func OfHosts(ctx context.Context) bool { return ctx.Value(hostedKey{}) != nil }

// On runs do on side's host, if ctx is one of a trial whose path is Hosted;
// anywhere else it just runs do.
func On(ctx context.Context, side heartbeat.Side, do func() error) error {
	if h, ok := ctx.Value(hostedKey{}).(Hosted); ok {
		return h.On(side, do)
	}
	return do()
}

// Dial connects to addr by TCP, from the client's host. A subject whose Dial uses
// it runs on every network; without it, on those that need no hosts.
func Dial(ctx context.Context, addr string) (c net.Conn, err error) {
	err = On(ctx, heartbeat.ClientSide, func() (err error) {
		var d net.Dialer
		c, err = d.DialContext(ctx, "tcp", addr)
		return err
	})
	return c, err
}
