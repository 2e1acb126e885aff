package heartbeat

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/datagram"
)

// air is a network of datagrams for synctest: what is sent arrives at once, but
// for what a hook does to it.
type air struct {
	mu sync.Mutex
	// carry says how late each copy of a datagram arrives; nil: one, at once. The
	// lock is held.
	carry func(d flying) []time.Duration
	sent  []flying // all that was
	ports map[port]*aerial
	next  port
}

type flying struct {
	from, to port
	bytes    []byte
}

// port is an address in the air.
type port int

func (port) Network() string  { return "air" }
func (p port) String() string { return fmt.Sprint("air:", int(p)) }

func newAir() *air { return &air{ports: map[port]*aerial{}} }

// open makes a PacketConn.
func (a *air) open() *aerial {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next++
	s := &aerial{air: a, at: a.next}
	s.cond.L = &a.mu
	a.ports[s.at] = s
	return s
}

// move gives what s sends, and gets, another address.
func (a *air) move(s *aerial) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.ports, s.at)
	a.next++
	s.at = a.next
	a.ports[s.at] = s
}

// send sends a datagram, whoever it is said to be from.
func (a *air) send(d flying) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d.bytes = slices.Clone(d.bytes)
	a.sent = append(a.sent, d)
	copies := []time.Duration{0}
	if a.carry != nil {
		copies = a.carry(d)
	}
	for _, late := range copies {
		if late == 0 {
			a.arrive(d)
			continue
		}
		time.AfterFunc(late, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.arrive(d)
		})
	}
}

func (a *air) arrive(d flying) {
	if s := a.ports[d.to]; s != nil {
		s.got = append(s.got, d)
		s.cond.Broadcast()
	}
}

// all are the datagrams sent so far.
func (a *air) all() []flying {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.sent)
}

// aerial is a net.PacketConn. The air's lock guards it.
type aerial struct {
	air      *air
	at       port
	cond     sync.Cond
	got      []flying
	deadline time.Time
	closed   bool
}

func (s *aerial) ReadFrom(p []byte) (int, net.Addr, error) {
	s.air.mu.Lock()
	defer s.air.mu.Unlock()
	for {
		switch {
		case s.closed:
			return 0, nil, net.ErrClosed
		case expired(s.deadline):
			return 0, nil, os.ErrDeadlineExceeded
		case len(s.got) > 0:
			d := s.got[0]
			s.got = s.got[1:]
			return copy(p, d.bytes), d.from, nil
		}
		if s.deadline.IsZero() {
			s.cond.Wait()
			continue
		}
		t := time.AfterFunc(time.Until(s.deadline), func() { s.change(func() {}) })
		s.cond.Wait()
		t.Stop()
	}
}

func (s *aerial) WriteTo(p []byte, to net.Addr) (int, error) {
	s.air.mu.Lock()
	at, closed := s.at, s.closed
	s.air.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	s.air.send(flying{at, to.(port), p})
	return len(p), nil
}

func (s *aerial) change(f func()) {
	s.air.mu.Lock()
	defer s.air.mu.Unlock()
	f()
	s.cond.Broadcast()
}

func (s *aerial) Close() error {
	s.change(func() { s.closed = true; delete(s.air.ports, s.at) })
	return nil
}

func (s *aerial) LocalAddr() net.Addr {
	s.air.mu.Lock()
	defer s.air.mu.Unlock()
	return s.at
}

func (s *aerial) SetReadDeadline(t time.Time) error {
	s.change(func() { s.deadline = t })
	return nil
}
func (s *aerial) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *aerial) SetWriteDeadline(time.Time) error { return nil }

// airBed is a client and a server that talk through the air.
type airBed struct {
	*bed
	air    *air
	home   port      // the server's
	dialed []*aerial // the air's lock guards it
}

// own is the client's first socket.
func (b *airBed) own() *aerial {
	b.air.mu.Lock()
	defer b.air.mu.Unlock()
	return b.dialed[0]
}

func startInAir(t testing.TB, c ClientConfig, s ServerConfig, cfg datagram.Config) *airBed {
	t.Helper()
	b := &airBed{air: newAir()}
	pc := b.air.open()
	b.home = pc.at
	b.bed = start(t, datagram.NewListener(pc, cfg), dialAir(b, cfg.Secret), c, s)
	return b
}

// dialAir dials b's server.
func dialAir(b *airBed, secret []byte) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		own := b.air.open()
		own.change(func() { b.dialed = append(b.dialed, own) })
		return datagram.NewConn(own, b.home, datagram.Config{Secret: secret}), nil
	}
}
