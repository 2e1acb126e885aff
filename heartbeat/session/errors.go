package session

import (
	"errors"
	"fmt"
	"time"
)

// ErrClosed is the end of a session that this side closed, and what its
// methods return afterwards. Its cause is WeLeft.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string { return "session closed by this side" }
func (closedError) Cause() Cause  { return WeLeft }

// CauseOf is the cause that err, or an error that it wraps, carries; the zero
// Cause if there is none.
func CauseOf(err error) Cause {
	if c, ok := errors.AsType[interface {
		error
		Cause() Cause
	}](err); ok {
		return c.Cause()
	}
	return ""
}

// SilentError is the end of a session whose detector suspected the peer. It
// is a timeout in the sense of net.Error.
type SilentError struct {
	Peer   Side
	Detail string // the detector's numbers
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("%s went silent: %s", e.Peer, e.Detail)
}

// Cause is Silent.
func (*SilentError) Cause() Cause { return Silent }

// Timeout is true.
func (*SilentError) Timeout() bool { return true }

// Temporary is false: the session is over. It is there for net.Error.
func (*SilentError) Temporary() bool { return false }

// GaveUpError is the end of a session whose peer suspected us, and said so.
type GaveUpError struct{ Peer Side }

func (e *GaveUpError) Error() string { return fmt.Sprintf("%s gave up on us", e.Peer) }

// Cause is GaveUp.
func (*GaveUpError) Cause() Cause { return GaveUp }

// ClosedError is the end of a session that the peer closed.
type ClosedError struct {
	Peer Side
	// Announced tells an orderly end, with a bye, from a connection that
	// ended without a word.
	Announced bool
	// Err is what the connection said at an end without a word: io.EOF, a
	// reset, a timeout of the kernel's. nil at an announced one.
	Err error
}

func (e *ClosedError) Error() string {
	if e.Announced {
		return fmt.Sprintf("%s left", e.Peer)
	}
	return fmt.Sprintf("%s closed the connection without a word: %v", e.Peer, e.Err)
}

// Unwrap is what the connection said.
func (e *ClosedError) Unwrap() error { return e.Err }

// Cause is Left or Vanished.
func (e *ClosedError) Cause() Cause {
	if e.Announced {
		return Left
	}
	return Vanished
}

// NonsenseError is the end of a session whose peer broke the protocol.
type NonsenseError struct {
	Peer Side
	Err  error // a *FrameError: what came, and what would have been right
}

func (e *NonsenseError) Error() string { return fmt.Sprintf("%s sent nonsense: %v", e.Peer, e.Err) }

// Unwrap is the frame's error.
func (e *NonsenseError) Unwrap() error { return e.Err }

// Cause is Nonsense.
func (*NonsenseError) Cause() Cause { return Nonsense }

// MisreadError is the end of a session whose peer says that we broke the
// protocol; the peer is broken, or speaks another version.
type MisreadError struct{ Peer Side }

func (e *MisreadError) Error() string { return fmt.Sprintf("%s calls our frames nonsense", e.Peer) }

// Cause is Misread.
func (*MisreadError) Cause() Cause { return Misread }

// HandshakeError means that no hello came in time. It is a timeout in the
// sense of net.Error.
type HandshakeError struct {
	Peer  Side
	After time.Duration // how long we waited
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("no hello from the %s within %v", e.Peer, e.After)
}

// Cause is NoAnswer.
func (*HandshakeError) Cause() Cause { return NoAnswer }

// Timeout is true.
func (*HandshakeError) Timeout() bool { return true }

// Temporary is false. It is there for net.Error.
func (*HandshakeError) Temporary() bool { return false }

// UnreadError is the end of a session in which data arrived faster than it
// was read.
type UnreadError struct {
	Reader Side   // who did not read
	Detail string // how we know
}

func (e *UnreadError) Error() string {
	return fmt.Sprintf("%s does not read: %s", e.Reader, e.Detail)
}

// Cause is Unread.
func (*UnreadError) Cause() Cause { return Unread }

// RefusedError means that a server has as many sessions as it wants.
type RefusedError struct {
	By Side
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s has too many sessions", e.By) }

// Cause is Refused.
func (*RefusedError) Cause() Cause { return Refused }
