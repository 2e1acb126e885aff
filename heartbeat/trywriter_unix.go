//go:build unix

package heartbeat

import (
	"net"
	"syscall"
)

// tryWriter writes what a connection takes without blocking. The zero
// tryWriter writes nothing.
//
// It saves the kernel's own connections a goroutine per write, which to an
// otherwise idle process costs about as much as the write itself: the
// scheduler wakes another thread to look for work. Connections that wrap
// others have a Write of their own that must not be bypassed.
type tryWriter struct {
	raw syscall.RawConn
	fn  func(fd uintptr) bool // w.attempt, made once
	p   []byte
	n   int
}

// wrap prepares w for conn.
func (w *tryWriter) wrap(conn net.Conn) {
	var c syscall.Conn
	switch conn := conn.(type) {
	case *net.TCPConn:
		c = conn
	case *net.UnixConn:
		c = conn
	default:
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		w.raw, w.fn = raw, w.attempt
	}
}

// usable says whether write can write anything.
func (w *tryWriter) usable() bool { return w.raw != nil }

// write writes as much of p as is taken at once, and returns how much that is.
// An error shows at the next write that may block.
func (w *tryWriter) write(p []byte) int {
	if w.raw == nil {
		return 0
	}
	w.p, w.n = p, 0
	err := w.raw.Write(w.fn)
	w.p = nil
	if err != nil {
		return 0
	}
	return w.n
}

// attempt always reports that it is done, so that RawConn.Write doesn't wait.
func (w *tryWriter) attempt(fd uintptr) bool {
	n, err := syscall.Write(int(fd), w.p)
	if err == nil {
		w.n = n
	}
	return true
}
