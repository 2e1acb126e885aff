package datagram

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// maxWaiting is how many connections wait for Accept; more don't open.
	maxWaiting = 128
	// maxEnded is how many connections are remembered that ended within
	// cookieLife; while there are more, none open.
	maxEnded = 1 << 16
)

// Listener is a net.Listener whose connections share a PacketConn. Make it with
// Listen or NewListener. Its methods are safe for concurrent use.
type Listener struct {
	pc      net.PacketConn
	secret  []byte
	key     *ecdh.PrivateKey
	public  []byte
	cookies bakery
	began   time.Time
	waiting chan *accepted
	closing chan struct{} // closed by Close

	mu     sync.Mutex
	conns  map[token]*accepted
	ended  map[token]struct{}
	ending []ending // the same, in the order of their end
	closed bool
}

// ending is a connection that has ended.
type ending struct {
	token token
	until int64 // when it may be forgotten
}

// Listen listens for datagrams at a UDP address, host:port; an empty host is any.
func Listen(addr string, cfg Config) (*Listener, error) {
	pc, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	return NewListener(pc, cfg), nil
}

// NewListener listens over a PacketConn, which is the listener's from now on.
func NewListener(pc net.PacketConn, cfg Config) *Listener {
	key := newKey()
	l := &Listener{
		pc: pc, secret: cfg.Secret, key: key, public: key.PublicKey().Bytes(), cookies: newBakery(), began: time.Now(),
		waiting: make(chan *accepted, maxWaiting), closing: make(chan struct{}),
		conns: map[token]*accepted{}, ended: map[token]struct{}{},
	}
	go l.read()
	return l
}

// Addr is the PacketConn's.
func (l *Listener) Addr() net.Addr { return l.pc.LocalAddr() }

// Accept waits for a client that has proved that its address hears us. The error
// is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.closing:
		return nil, net.ErrClosed
	case c := <-l.waiting:
		return c, nil
	}
}

// Close lets no more connections in. Those that Accept returned go on; with the
// last of them the PacketConn is closed.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return net.ErrClosed
	}
	l.closed = true
	close(l.closing)
	last := len(l.conns) == 0
	l.mu.Unlock()
	for {
		select {
		case c := <-l.waiting:
			_ = c.Close()
		default:
			if last {
				return l.pc.Close()
			}
			return nil
		}
	}
}

// read takes in datagrams until the PacketConn is closed; if somebody else does
// that, the listener and its connections are, too.
func (l *Listener) read() {
	var buf [openSize + MaxWrite + 1]byte
	for {
		n, from, err := l.pc.ReadFrom(buf[:])
		switch {
		case err == nil:
			l.take(buf[:n], from)
		case errors.Is(err, net.ErrClosed):
			_ = l.Close()
			for _, c := range l.all() {
				_ = c.Close()
			}
			return
		default:
			time.Sleep(pause)
		}
	}
}

// take does what a datagram asks for.
func (l *Listener) take(p []byte, from net.Addr) {
	m, ok := parse(p)
	if !ok {
		return
	}
	switch c := l.conn(m.token); {
	case c != nil:
		if m.kind == sealed || m.kind == open {
			c.take(m, from)
		}
	case m.kind == ask:
		baked := l.cookies.bake(m.key, from.String(), l.now())
		_, _ = l.pc.WriteTo(appendCookie(nil, m.token, baked, l.public), from)
	case m.kind == open && l.cookies.good(m.cookie, m.key, from.String(), l.now()):
		l.open(m, from)
	}
}

func (l *Listener) conn(t token) *accepted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[t]
}

func (l *Listener) all() []*accepted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.conns))
}

func (l *Listener) now() int64 { return int64(time.Since(l.began)) }

// open makes a connection, unless m isn't authentic, or there is no room. Only
// the reader calls it.
func (l *Listener) open(m message, from net.Addr) {
	if !l.mayOpen(m.token) {
		return
	}
	keys, err := agree(l.key, m.key, m.key, l.public, l.secret)
	if err != nil {
		return
	}
	c := &accepted{l: l, token: m.token, addr: from, in: newReceiver(keys.up), out: newSender(keys.down), wake: make(chan struct{}, 1)}
	if !c.take(m, from) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	select {
	case l.waiting <- c:
		l.conns[m.token] = c
	default: // the client will try again
	}
}

// mayOpen says whether there is room, and that this is none of those that ended.
func (l *Listener) mayOpen(t token) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	_, over := l.ended[t]
	return !over && len(l.ending) < maxEnded && !l.closed && len(l.waiting) < maxWaiting
}

// forget drops the connections whose cookie nobody can use any more. The lock is
// held.
func (l *Listener) forget() {
	n := 0
	for now := l.now(); n < len(l.ending) && l.ending[n].until < now; n++ {
		delete(l.ended, l.ending[n].token)
	}
	if l.ending = l.ending[n:]; len(l.ending) == 0 {
		l.ending = nil
	}
}

// end takes a connection out.
func (l *Listener) end(c *accepted) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns[c.token] != c {
		return net.ErrClosed
	}
	delete(l.conns, c.token)
	l.forget()
	l.ended[c.token] = struct{}{}
	l.ending = append(l.ending, ending{c.token, l.now() + int64(cookieLife)})
	if l.closed && len(l.conns) == 0 {
		return l.pc.Close()
	}
	return nil
}

// write sends a datagram. What goes wrong is a loss, unless we have closed.
func (l *Listener) write(b []byte, to net.Addr) error {
	if _, err := l.pc.WriteTo(b, to); errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
