package datagram

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// maxUnread is how many payloads wait for a Read; more are lost.
const maxUnread = 64

// accepted is the listener's end of a connection. The listener reads for it.
type accepted struct {
	l     *Listener
	token token
	wake  chan struct{} // holds one, whenever a Read that waits has to look again

	mu       sync.Mutex
	addr     net.Addr // where the newest authentic datagram came from
	in       receiver
	out      sender
	unread   [][]byte
	deadline time.Time   // of Read; the zero Time: none
	timer    *time.Timer // wakes a Read at the deadline; nil: not made yet
	closed   bool
}

// MaxDatagram is MaxWrite.
func (*accepted) MaxDatagram() int { return MaxWrite }

func (c *accepted) LocalAddr() net.Addr { return c.l.Addr() }

// RemoteAddr is where the newest authentic datagram came from.
func (c *accepted) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addr
}

// take keeps the payload of an authentic datagram for a Read, and says whether it
// is authentic.
func (c *accepted) take(m message, from net.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ok, newest := c.in.take(m)
	if !ok || c.closed {
		return false
	}
	if newest {
		c.addr = from
	}
	if len(c.unread) < maxUnread && len(m.payload) > 0 {
		c.unread = append(c.unread, append([]byte(nil), m.payload...))
		c.look()
	}
	return true
}

// look makes a Read that waits look again.
func (c *accepted) look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Read returns the next payload, or what it had no room for of the one before:
// after an expired deadline too, if there is one. The error is
// os.ErrDeadlineExceeded or net.ErrClosed. One Read at a time.
func (c *accepted) Read(p []byte) (int, error) {
	for {
		n, err := c.next(p)
		if n > 0 || err != nil {
			return n, err
		}
		<-c.wake
	}
}

// next is a Read that doesn't wait.
func (c *accepted) next(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case len(c.unread) > 0:
		n := copy(p, c.unread[0])
		if c.unread[0] = c.unread[0][n:]; len(c.unread[0]) == 0 {
			c.unread = c.unread[1:]
		}
		if len(c.unread) == 0 {
			c.unread = nil
		}
		return n, nil
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return 0, os.ErrDeadlineExceeded
	}
	return 0, nil
}

// Write sends p as one datagram. The error is about the length of p, or
// net.ErrClosed; whatever else goes wrong is a loss, as any.
func (c *accepted) Write(p []byte) (int, error) {
	if len(p) > MaxWrite {
		return 0, fmt.Errorf("write: %d bytes, want at most %d", len(p), MaxWrite)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	b := c.out.appendSealed(make([]byte, 0, sealedSize+len(p)), c.token, p)
	to := c.addr
	c.mu.Unlock()
	if err := c.l.write(b, to); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends a Read that waits, and takes the connection out. The client is told
// nothing.
func (c *accepted) Close() error {
	c.mu.Lock()
	c.closed, c.unread = true, nil
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.look()
	return c.l.end(c)
}

// SetReadDeadline is net.Conn's.
func (c *accepted) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.deadline = t
	switch {
	case t.IsZero() && c.timer != nil:
		c.timer.Stop()
	case t.IsZero():
	case c.timer == nil:
		c.timer = time.AfterFunc(time.Until(t), c.look)
	default:
		c.timer.Reset(time.Until(t))
	}
	c.look()
	return nil
}

// SetWriteDeadline has no effect: what can't be sent is lost.
func (*accepted) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is SetReadDeadline.
func (c *accepted) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }
