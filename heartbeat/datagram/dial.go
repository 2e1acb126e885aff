package datagram

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Dial makes the client's end of a connection to a Listener at addr, host:port,
// with a UDP socket of its own. It sends nothing: the first Write does. The error
// is about addr, or the socket.
func Dial(ctx context.Context, addr string, cfg Config) (net.Conn, error) {
	listener, err := resolve(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	network := "udp4"
	if listener.Addr().Is6() {
		network = "udp6"
	}
	pc, err := net.ListenPacket(network, ":0")
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	return NewConn(pc, net.UDPAddrFromAddrPort(listener), cfg), nil
}

func resolve(ctx context.Context, addr string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(port)), nil
}

// NewConn is Dial over a PacketConn, which is the connection's from now on.
// Deadlines to write are the PacketConn's business.
func NewConn(pc net.PacketConn, listener net.Addr, cfg Config) net.Conn {
	key := newKey()
	c := &dialled{PacketConn: pc, listener: listener, secret: cfg.Secret, key: key, public: key.PublicKey().Bytes()}
	copy(c.token[:], c.public)
	return c
}

// dialled is the client's end.
type dialled struct {
	net.PacketConn
	listener net.Addr
	secret   []byte
	key      *ecdh.PrivateKey
	public   []byte
	token    token

	// The reader's own.
	buf  [openSize + MaxWrite + 1]byte
	rest []byte // of the payload that was read last

	mu     sync.Mutex
	first  []byte // the latest payload that waits for a cookie
	cookie []byte // nil: none has come yet
	heard  bool   // something authentic has come
	out    sender
	in     receiver
}

// MaxDatagram is MaxWrite.
func (*dialled) MaxDatagram() int { return MaxWrite }

func (c *dialled) RemoteAddr() net.Addr { return c.listener }

// Read returns the payload of the next authentic datagram, or what it had no room
// for of the one before. The error is os.ErrDeadlineExceeded or net.ErrClosed.
func (c *dialled) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		n, _, err := c.ReadFrom(c.buf[:])
		switch {
		case err == nil:
			c.rest = c.take(c.buf[:n])
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			return 0, err
		default:
			time.Sleep(pause)
		}
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// pause is how long to wait after an error of a PacketConn that says nothing of
// an end, such as a host that is out of reach just now.
const pause = 5 * time.Millisecond

// take does what a datagram asks for and returns its payload, if there is one.
func (c *dialled) take(p []byte) []byte {
	m, ok := parse(p)
	if !ok || m.token != c.token {
		return nil
	}
	if m.kind == cookie {
		if b := c.open(m); b != nil {
			_, _ = c.WriteTo(b, c.listener)
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.kind != sealed || c.cookie == nil {
		return nil
	}
	if ok, _ = c.in.take(m); !ok {
		return nil
	}
	c.heard = true
	return m.payload
}

// open takes the first cookie and returns the datagram that opens the connection.
func (c *dialled) open(m message) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cookie != nil || c.first == nil {
		return nil
	}
	keys, err := agree(c.key, m.key, c.public, m.key, c.secret)
	if err != nil {
		return nil
	}
	c.out, c.in = newSender(keys.up), newReceiver(keys.down)
	c.cookie = append([]byte(nil), m.cookie...)
	b := c.out.appendOpen(nil, c.public, c.cookie, c.first)
	c.first = nil
	return b
}

// Write sends p as one datagram. The error is about the length of p, or
// net.ErrClosed; whatever else goes wrong is a loss, as any.
func (c *dialled) Write(p []byte) (int, error) {
	if len(p) > MaxWrite {
		return 0, fmt.Errorf("write: %d bytes, want at most %d", len(p), MaxWrite)
	}
	if _, err := c.WriteTo(c.wrap(p), c.listener); errors.Is(err, net.ErrClosed) {
		return 0, err
	}
	return len(p), nil
}

// wrap makes a datagram of p; before a cookie has come it asks for one.
func (c *dialled) wrap(p []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := make([]byte, 0, openSize+len(p))
	switch {
	case c.heard:
		return c.out.appendSealed(b, c.token, p)
	case c.cookie != nil:
		return c.out.appendOpen(b, c.public, c.cookie, p)
	default:
		c.first = append([]byte(nil), p...)
		return appendAsk(b, c.public)
	}
}
