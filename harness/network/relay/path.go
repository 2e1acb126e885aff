package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// path is a socket for the clients, and a port for each of them.
type path struct {
	network  *Network
	setup    network.Setup
	upstream *net.UDPAddr
	socket   net.PacketConn
	reading  sync.WaitGroup

	mu      sync.Mutex
	channel *channel
	clients map[netip.AddrPort]*port
	closed  bool
}

var _ network.Path = (*path)(nil)

func newPath(n *Network, setup network.Setup, upstream *net.UDPAddr, socket net.PacketConn) *path {
	return &path{
		network: n, setup: setup, upstream: upstream, socket: socket,
		channel: newChannel(setup), clients: map[netip.AddrPort]*port{},
	}
}

func (p *path) now() int64 { return int64(time.Since(p.setup.Epoch)) }

// Addr is where clients send to.
func (p *path) Addr() string { return p.socket.LocalAddr().String() }

// readClients takes in what clients send, until the path is closed.
func (p *path) readClients() {
	p.read(p.socket, func(d []byte, from net.Addr) {
		client := from.(*net.UDPAddr).AddrPort()
		o := p.clients[client]
		if o == nil {
			o = &port{path: p, link: p.channel.join(p.now()), client: from}
			p.clients[client] = o
		}
		w := o.link.up()
		for _, d := range p.channel.pass(o.link, w, d, p.now()) {
			o.up.put(p, p.channel.delay(w, p.now()), func() { o.send(d) })
		}
	})
}

// read hands over what a socket gets, under the path's lock.
func (p *path) read(socket net.PacketConn, take func(d []byte, from net.Addr)) {
	var buf [64 << 10]byte
	for {
		n, from, err := socket.ReadFrom(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // nobody was there for what we sent: so it is lost
			time.Sleep(time.Millisecond)
			continue
		}
		d := append([]byte(nil), buf[:n]...)
		p.mu.Lock()
		if !p.closed {
			take(d, from)
		}
		p.mu.Unlock()
	}
}

// Apply refuses a fault that is active already.
func (p *path) Apply(ctx context.Context, i int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.usable(ctx, i)
	if err == nil && p.strike(i) != nil {
		err = errors.New("it is active; undo it first")
	}
	if err != nil {
		return fmt.Errorf("path %q: apply fault %d: %w", p.setup.Name, i, err)
	}
	s := p.channel.on(i, p.now())
	if s.Kind == scenario.NATRebind {
		for _, o := range p.clients {
			o.forget(s)
		}
	}
	return nil
}

// Undo refuses a fault that is not active.
func (p *path) Undo(ctx context.Context, i int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.usable(ctx, i)
	s := p.strike(i)
	if err == nil && s == nil {
		err = errors.New("it is not active")
	}
	if err != nil {
		return fmt.Errorf("path %q: undo fault %d: %w", p.setup.Name, i, err)
	}
	p.channel.off(s, p.now())
	return nil
}

// usable is why fault i cannot be switched, if so. The lock is held, as below.
func (p *path) usable(ctx context.Context, i int) error {
	switch {
	case p.closed:
		return errClosed
	case i < 0 || i >= len(p.setup.Faults):
		return fmt.Errorf("there is none; accepted: below %d", len(p.setup.Faults))
	}
	return ctx.Err()
}

// strike is the active one of a fault, or nil.
func (p *path) strike(fault int) *strike {
	for _, s := range p.channel.active() {
		if s.Strike.Fault == fault {
			return s
		}
	}
	return nil
}

// Observe is the proof, which ends when the path is closed.
func (p *path) Observe(ctx context.Context) (network.Observation, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := ctx.Err()
	if p.closed {
		err = errClosed
	}
	if err != nil {
		return network.Observation{}, fmt.Errorf("observe path %q: %w", p.setup.Name, err)
	}
	return p.channel.observation(p.now()), nil
}

var errClosed = errors.New("the path is closed")

// Close loses what is under way. It may be called again, to no effect.
func (p *path) Close(context.Context) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	errs := []error{p.socket.Close()}
	for _, o := range p.clients {
		errs = append(errs, o.close())
	}
	p.mu.Unlock()
	p.reading.Wait()
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	delete(p.network.open, p)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close path %q: %w", p.setup.Name, err)
	}
	return nil
}
