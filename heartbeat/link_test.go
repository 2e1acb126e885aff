package heartbeat

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// link is a network for synctest: a listener, and connections to it that
// buffer, and that can lose everything from some instant on.
type link struct {
	// room is how many bytes a direction takes before a write blocks; 0: any
	// number.
	room int

	mu      sync.Mutex
	accepts chan net.Conn
	closed  chan struct{}
	severed bool
	dialled int
	halves  []*half
}

func newLink() *link {
	return &link{accepts: make(chan net.Conn, 100), closed: make(chan struct{})}
}

// dial connects. While the link is cut that takes for ever.
func (l *link) dial(ctx context.Context) (net.Conn, error) {
	l.mu.Lock()
	l.dialled++
	severed := l.severed
	l.mu.Unlock()
	if severed {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	client, server := l.pair()
	select {
	case l.accepts <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// pair makes a connection.
func (l *link) pair() (client, server net.Conn) {
	up, down := &half{room: l.room}, &half{room: l.room}
	up.cond.L, down.cond.L = &up.mu, &down.mu
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halves = append(l.halves, up, down)
	return &linkConn{in: down, out: up}, &linkConn{in: up, out: down}
}

// sever loses all that is sent from now on, and closings with it, on the
// connections that there are; new ones can't be made. heal undoes the latter.
func (l *link) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.severed = true
	for _, h := range l.halves {
		h.mu.Lock()
		h.severed = true
		h.mu.Unlock()
	}
}

func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.severed = false
}

func (l *link) dials() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialled
}

func (l *link) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepts:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *link) Addr() net.Addr { return linkAddr{} }

type linkAddr struct{}

func (linkAddr) Network() string { return "link" }
func (linkAddr) String() string  { return "link" }

// half is one direction of a connection.
type half struct {
	room    int
	mu      sync.Mutex
	cond    sync.Cond // of every change
	bytes   []byte
	closed  bool // by the writer
	eof     bool // and the reader knows
	broken  bool // the reader closed, and the writer knows
	severed bool
}

// waitUntil waits for a change, at the longest until deadline. The lock is held.
func (h *half) waitUntil(deadline time.Time) {
	if !deadline.IsZero() {
		t := time.AfterFunc(time.Until(deadline), func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.cond.Broadcast()
		})
		defer t.Stop()
	}
	h.cond.Wait()
}

// change does something and tells who waits.
func (h *half) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	h.cond.Broadcast()
}

// linkConn is one end of a connection. Like a socket, it reports an expired
// deadline even where bytes lie waiting.
type linkConn struct {
	in, out     *half
	read, write time.Time // deadlines, guarded by in.mu and out.mu
	closed      bool      // guarded by in.mu
}

func expired(deadline time.Time) bool {
	return !deadline.IsZero() && !time.Now().Before(deadline)
}

func (c *linkConn) Read(p []byte) (int, error) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, net.ErrClosed
		case expired(c.read):
			return 0, os.ErrDeadlineExceeded
		case len(c.in.bytes) > 0:
			n := copy(p, c.in.bytes)
			c.in.bytes = c.in.bytes[n:]
			c.in.cond.Broadcast()
			return n, nil
		case c.in.eof:
			return 0, io.EOF
		}
		c.in.waitUntil(c.read)
	}
}

func (c *linkConn) Write(p []byte) (n int, err error) {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.closed:
			return n, net.ErrClosed
		case h.broken:
			return n, io.ErrClosedPipe
		case expired(c.write):
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		}
		free := len(p)
		if h.room > 0 {
			free = min(free, h.room-len(h.bytes))
		}
		if free == 0 {
			h.waitUntil(c.write)
			continue
		}
		if !h.severed {
			h.bytes = append(h.bytes, p[:free]...)
			h.cond.Broadcast()
		}
		n, p = n+free, p[free:]
	}
}

func (c *linkConn) Close() error {
	c.in.change(func() { c.closed, c.in.broken = true, !c.in.severed })
	c.out.change(func() { c.out.closed, c.out.eof = true, !c.out.severed })
	return nil
}

func (c *linkConn) SetReadDeadline(t time.Time) error {
	c.in.change(func() { c.read = t })
	return nil
}

func (c *linkConn) SetWriteDeadline(t time.Time) error {
	c.out.change(func() { c.write = t })
	return nil
}

func (c *linkConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *linkConn) LocalAddr() net.Addr  { return linkAddr{} }
func (c *linkConn) RemoteAddr() net.Addr { return linkAddr{} }
