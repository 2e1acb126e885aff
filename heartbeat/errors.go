package heartbeat

import (
	"fmt"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// The ends of a session, as Session.Err, OnDown and ConnectError give them.
// Each has a method Cause; CauseOf finds it through wrapping.

type (
	// SilentError says that the peer went silent; Timeout() is true.
	SilentError = session.SilentError
	// GaveUpError says that the peer gave up on us.
	GaveUpError = session.GaveUpError
	// ClosedError says that the peer closed, announced or not.
	ClosedError = session.ClosedError
	// NonsenseError says that the peer broke the protocol; it wraps a *FrameError.
	NonsenseError = session.NonsenseError
	// MisreadError says that the peer calls our frames nonsense.
	MisreadError = session.MisreadError
	// HandshakeError says that no hello came in time; Timeout() is true.
	HandshakeError = session.HandshakeError
	// UnreadError says that data was not read in time, on either side.
	UnreadError = session.UnreadError
	// RefusedError says that the server has too many sessions.
	RefusedError = session.RefusedError
	// FrameError is what a NonsenseError is about.
	FrameError = session.FrameError
)

// ErrClosed is the end of a session that this side closed, what its methods
// return afterwards, and what Server.Serve returns after Shutdown.
var ErrClosed = session.ErrClosed

// CauseOf is the cause that err, or an error that it wraps, carries; "" if
// there is none.
func CauseOf(err error) Cause { return session.CauseOf(err) }

// ConnectError means that a client gave up connecting: as many attempts in a
// row as it is allowed brought no session up.
type ConnectError struct {
	Attempts int
	Err      error // what the last attempt ended with
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("gave up connecting after %d attempts: %v", e.Attempts, e.Err)
}

// Cause is that of the last attempt; NoDial if no connection was made.
func (e *ConnectError) Cause() Cause {
	if c := CauseOf(e.Err); c != "" {
		return c
	}
	return session.NoDial
}

// Unwrap is what the last attempt ended with.
func (e *ConnectError) Unwrap() error { return e.Err }

// ErrQueueFull is what Send returns when the peer takes data more slowly than
// we send it. The session goes on; the payload was not queued.
var ErrQueueFull = session.ErrQueueFull
