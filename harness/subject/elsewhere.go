package subject

import (
	"context"
	"errors"
	"net"
	"time"
)

// Elsewhere is a Kind whose client and server run somewhere else already, in
// containers say, and speak the policy under test. The client dials the
// addresses that the network listens on, all of them and again and again; each
// trial takes one. They are timed by what the wire shows.
type Elsewhere struct {
	upstream string
	free     chan string
}

// NewElsewhere makes a Kind of a server at upstream, host:port, and a client
// that dials the network at each address of listen.
func NewElsewhere(upstream string, listen ...string) *Elsewhere {
	e := &Elsewhere{upstream: upstream, free: make(chan string, len(listen))}
	for _, addr := range listen {
		e.free <- addr
	}
	return e
}

// Name is "elsewhere".
func (*Elsewhere) Name() string { return "elsewhere" }

// New makes a subject that waits, where need be, until another trial is done with
// an address.
func (e *Elsewhere) New(s Setup) (Subject, error) {
	return &elsewhere{kind: e, interval: s.Policy.Interval}, nil
}

type elsewhere struct {
	kind     *Elsewhere
	listen   string
	interval time.Duration
}

var _ Placed = (*elsewhere)(nil)

func (e *elsewhere) Place() Place {
	e.listen = <-e.kind.free
	return Place{Upstream: e.kind.upstream, Listen: e.listen}
}

// Left gives the address back.
func (e *elsewhere) Left() { e.kind.free <- e.listen }

// Cue waits for an interval: the hellos were the first bytes both ways, and the
// beats that the phase counts from come an interval after each other.
func (e *elsewhere) Cue(ctx context.Context) error { return After(ctx, e.interval) }

func (e *elsewhere) Serve(net.Listener) error { return errors.New("its server is elsewhere") }

func (e *elsewhere) Dial(ctx context.Context, _ string) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
