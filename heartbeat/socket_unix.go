//go:build unix

package heartbeat

import (
	"net"
	"syscall"
)

// socket does what the kernel's own connections can do without blocking: it
// writes what is taken at once, and looks whether anything was heard. The zero
// socket can't.
//
// The first saves a goroutine per write, which to an otherwise idle process
// costs about as much as the write itself: the scheduler wakes another thread
// to look for work. The second saves a silent peer's detection the wait for
// what may lie unread. Connections that wrap others have a Write and a Read of
// their own that must not be bypassed.
type socket struct {
	raw syscall.RawConn
	fn  func(fd uintptr) bool // s.attempt, made once
	p   []byte
	n   int
}

// wrap prepares s for conn.
func (s *socket) wrap(conn net.Conn) {
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
		s.raw, s.fn = raw, s.attempt
	}
}

// usable says whether write can write anything.
func (s *socket) usable() bool { return s.raw != nil }

// write writes as much of p as is taken at once, and returns how much that is.
// An error shows at the next write that may block.
func (s *socket) write(p []byte) int {
	if s.raw == nil {
		return 0
	}
	s.p, s.n = p, 0
	err := s.raw.Write(s.fn)
	s.p = nil
	if err != nil {
		return 0
	}
	return s.n
}

// attempt always reports that it is done, so that RawConn.Write doesn't wait.
func (s *socket) attempt(fd uintptr) bool {
	n, err := syscall.Write(int(fd), s.p)
	if err == nil {
		s.n = n
	}
	return true
}

// drained says that nothing lies in the receive buffer, no byte, end or error;
// false: something does, or nobody knows.
func (s *socket) drained() (empty bool) {
	if s.raw == nil {
		return false
	}
	err := s.raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		empty = err == syscall.EAGAIN
	})
	return err == nil && empty
}
