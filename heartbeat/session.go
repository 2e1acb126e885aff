package heartbeat

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// Session is one session that came up. Its methods are safe for concurrent
// use, but must not be called by an Observer.
type Session struct {
	end   *endpoint
	conn  net.Conn
	most  int  // bytes of a payload
	apart bool // every frame goes out by itself, as a datagram

	mu      sync.Mutex // guards all that follows; never held across I/O that can block
	machine *session.Machine
	due     int64 // when the machine wants to be woken
	reads   int64 // the read deadline that is set for that, perhaps a little sooner
	expired bool  // it has passed and must be set anew
	rang    bool  // one that was set before it may have passed, and the reader not know yet

	writing  bool  // somebody writes
	writeErr error // why a write failed; nil: none did
	unheard  int64 // then: until when we look for a last word of the peer

	told    bool          // OnUp was called, or will be
	greeted bool          // OnUp has returned
	over    bool          // the session has ended and the connection is closed
	news    chan struct{} // closed at the next payload or the end; nil: nobody waits
	done    chan struct{} // closed once over; nil: nobody asked
	idle    chan struct{} // closed once nobody writes; nil: nobody waits

	// The reader's own to change.
	decoder  session.Decoder
	draining bool  // the peer is overdue, and we listen on
	drained  int64 // then: until when
	drainEnd int64 // then: until when at most
	began    int64 // then: when the latest read did
	buf      [4 * session.HeaderSize]byte

	// Whose who writes.
	writes int64 // the write deadline that is set
	socket socket
}

// ID is the number that both sides know the session by.
func (s *Session) ID() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.machine.ID()
}

// Side is which end of the session this is.
func (s *Session) Side() Side { return s.end.side.Side }

// RemoteAddr is the connection's. Over datagrams it may change: it is where the
// newest came from.
func (s *Session) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }

// Send queues a copy of payload for the peer and returns at once. The error is
// ErrQueueFull, Err after the end of the session, or says that payload is
// longer than MaxPayload, or than a datagram has room for.
func (s *Session) Send(payload []byte) error {
	if len(payload) > s.most {
		return fmt.Errorf("send: payload is %d bytes, want at most %d", len(payload), s.most)
	}
	payload = append([]byte(nil), payload...)
	s.mu.Lock()
	err := s.machine.Queue(payload)
	flush := err == nil && s.settle()
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if flush {
		s.flush()
	}
	return nil
}

// Receive waits for the next payload, which is the caller's to keep. What
// arrived before the session's end can still be received after it; then the
// error is Err. It is ctx's if that ends first.
func (s *Session) Receive(ctx context.Context) ([]byte, error) {
	for {
		s.mu.Lock()
		payload, ok := s.machine.Receive()
		err := s.machine.Err()
		if !ok && err == nil && s.news == nil {
			s.news = make(chan struct{})
		}
		news := s.news
		s.mu.Unlock()
		if ok {
			return payload, nil
		}
		if err != nil {
			return nil, fmt.Errorf("receive: %w", err)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, fmt.Errorf("receive: %w", ctx.Err())
		}
	}
}

// Close ends the session in order: what is queued goes out, then a bye, and
// the connection is closed once the peer has hung up, at the latest after one
// second. The error says that the session had ended otherwise before, or that
// not all could be written.
func (s *Session) Close() error {
	s.leave()
	<-s.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.machine.Err(); session.CauseOf(err) != session.WeLeft {
		return fmt.Errorf("close: %w", err)
	}
	if s.machine.Pending() || s.writeErr != nil {
		return fmt.Errorf("close: not all that was queued could be written within %v", lingerTime)
	}
	return nil
}

// Done is closed once the session has ended and its connection is closed.
func (s *Session) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.over {
			close(s.done)
		}
	}
	return s.done
}

// Err is why the session ended, as one of the error types of this package;
// nil: it has not.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.machine.Err()
}
