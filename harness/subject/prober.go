package subject

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// prober is the pair for policies whose probe asks the kernel: a plain TCP
// client and server. They exchange a byte each way, which is when both are up;
// then the sides that the policy names ask once per interval, and a side that
// gets a bad answer hangs up, for good.
//
// The server reads, and so does a client that leaves it to the kernel when to
// end the connection. One that writes urgent bytes or looks at local state does
// not: to read would tell it of a close at once.
type prober struct {
	Setup

	mu   sync.Mutex
	ends map[heartbeat.Side]*probeEnd // the newest of each side
}

var _ Actor = (*prober)(nil)

func newProber(s Setup) (*prober, error) {
	if !slices.Contains(askable, s.Policy.Probe) {
		return nil, UnsupportedError{s.Policy.Probe}
	}
	return &prober{Setup: s, ends: map[heartbeat.Side]*probeEnd{}}, nil
}

// UnsupportedError says that this operating system has no such probe.
type UnsupportedError struct{ Probe heartbeat.Probe }

func (e UnsupportedError) Error() string {
	return fmt.Sprintf("probe %s: not supported on %s", e.Probe, runtime.GOOS)
}

func (p *prober) Serve(ln net.Listener) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for n := uint64(1); ; n++ {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		// What ends a session is an event of its own.
		running.Go(func() { _ = p.run(ctx, p.Setup, heartbeat.ServerSide, n, c) })
	}
}

// mostDials are the attempts to connect for the first time.
const mostDials = 3

// Dial does not connect again, once it has: whoever asks the kernel gets an answer once.
func (p *prober) Dial(ctx context.Context, addr string) error {
	own := p.Setup
	if own.Policy.Keepalive == heartbeat.KeepaliveDefault() { // that is the client's kernel's to say
		err := network.On(ctx, heartbeat.ClientSide, func() error {
			k, err := systemKeepalive()
			if err == nil {
				own.Policy.Keepalive = k
			}
			return err
		})
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	c, err := network.Dial(ctx, addr)
	for tries := 1; err != nil && tries < mostDials; tries++ {
		// On a busy machine even a host next door may not answer in time where it is.
		if err := After(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		c, err = network.Dial(ctx, addr)
	}
	if err != nil {
		return err
	}
	return p.run(ctx, own, heartbeat.ClientSide, 1, c)
}

// run is one side's session, from the first byte to the last goroutine.
func (p *prober) run(ctx context.Context, own Setup, side heartbeat.Side, n uint64, c net.Conn) error {
	conn, ok := c.(*net.TCPConn)
	if !ok {
		return errors.Join(fmt.Errorf("the %s's connection is a %T, want TCP", side, c), c.Close())
	}
	e := &probeEnd{
		Setup: own, side: side, session: trace.SessionName(n), conn: conn,
		reads: make(chan struct{}), over: make(chan struct{}),
	}
	defer context.AfterFunc(ctx, e.leave)()
	if err := e.comeUp(); err != nil {
		return errors.Join(fmt.Errorf("the %s's hello: %w", side, err), conn.Close())
	}
	p.mu.Lock()
	p.ends[side] = e
	p.mu.Unlock()
	e.run()
	return fmt.Errorf("the %s's only session has ended", side)
}

func (p *prober) end(side heartbeat.Side) (*probeEnd, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.ends[side]; e != nil {
		return e, nil
	}
	return nil, fmt.Errorf("the %s has no session yet", side)
}

// Say sends one byte, which the server answers with another.
func (p *prober) Say() error {
	e, err := p.end(heartbeat.ClientSide)
	if err != nil {
		return err
	}
	return e.say()
}

// Canary makes the other side read, if it doesn't yet: what it was to find out
// without, it has found out.
func (p *prober) Canary(side heartbeat.Side) error {
	e, err := p.end(side)
	if err != nil {
		return err
	}
	if peer, err := p.end(side.Peer()); err == nil {
		peer.read()
	}
	_, err = e.conn.Write([]byte{byteCanary})
	return err
}

func (p *prober) Leave(side heartbeat.Side) error {
	e, err := p.end(side)
	if err != nil {
		return err
	}
	e.leave()
	return nil
}

func (p *prober) Reset(side heartbeat.Side) error {
	e, err := p.end(side)
	if err != nil {
		return err
	}
	if err := e.conn.SetLinger(0); err != nil {
		return fmt.Errorf("reset the %s's connection: %w", side, err)
	}
	e.leave()
	return nil
}
