package heartbeat

import (
	"errors"
	"os"
	"slices"
	"sync"

	"github.com/flatline-go/flatline/heartbeat/session"
)

const (
	// batch is how many bytes of small frames go into one write.
	batch = 1 << 10
	// inline is how many batches are written by who wants to write.
	inline = 4
	// piece is how much a write must get rid of within WriteTimeout.
	piece = 16 << 10
)

// startWriting makes the caller the one who writes, if there is something to
// write and nobody does so yet: it must flush once it has let go of the lock.
func (s *Session) startWriting() bool {
	if s.writing || s.writeErr != nil || !s.machine.Pending() {
		return false
	}
	s.writing = true
	return true
}

// flush writes what there is to write: what the connection takes at once, here;
// the rest in a goroutine of its own. The caller is the one who writes; it has
// other things to do, so that however much others send, it writes few batches.
func (s *Session) flush() {
	buffer := buffers.Get().(*[]byte)
	var rest []byte
	for range inline {
		b := s.next((*buffer)[:0])
		if len(b) == 0 {
			putBuffer(buffer)
			return
		}
		*buffer = b
		if rest = b[s.socket.write(b):]; len(rest) > 0 {
			break
		}
	}
	go s.write(buffer, rest)
}

// write writes rest, which lies in buffer, and then all there is.
func (s *Session) write(buffer *[]byte, rest []byte) {
	defer putBuffer(buffer)
	for {
		for p := range slices.Chunk(rest, piece) {
			s.extendWrite(s.end.clock.now())
			if _, err := s.conn.Write(p); err != nil {
				s.writeFailed(err)
				return
			}
		}
		if rest = s.next((*buffer)[:0]); len(rest) == 0 {
			return
		}
		*buffer = rest
	}
}

// next is what to write next, stamped as sent. Where there is nothing, nobody
// writes any more.
func (s *Session) next(b []byte) []byte {
	s.mu.Lock()
	b = s.gather(b, s.end.clock.now()) // just before the write: early by what the scheduler takes
	if len(b) == 0 {
		s.stopWriting()
	} else if s.machine.Err() == nil {
		s.setTimer() // an echo may be due before anything else
	}
	s.mu.Unlock()
	return b
}

// gather appends to b beats and echoes, then payloads, until b is a batch or
// more: what falls due meanwhile waits for one payload at most, or few small
// ones. Of datagrams, each has one frame.
func (s *Session) gather(b []byte, now int64) []byte {
	full := batch
	if s.apart {
		full = 1
	}
	for len(b) < full {
		f, ok := s.machine.Next(now)
		if !ok {
			break
		}
		b = session.AppendFrame(b, f)
	}
	return b
}

// stopWriting says that nobody writes. The lock is held.
func (s *Session) stopWriting() {
	s.writing = false
	if s.idle != nil {
		close(s.idle)
	}
}

// extendWrite sees to it that a write that starts now has between one and two
// WriteTimeouts; so the deadline moves rarely.
func (s *Session) extendWrite(now int64) {
	if timeout := int64(s.end.WriteTimeout); s.writes < now+timeout {
		s.writeUntil(now + 2*timeout)
	}
}

// writeUntil sets the write deadline.
func (s *Session) writeUntil(instant int64) {
	s.writes = instant
	_ = s.conn.SetWriteDeadline(s.end.clock.time(instant)) // where this fails, Write does
}

// writeFailed ends the writing and, but for a last word of the peer that may
// lie in our receive buffer, the session.
func (s *Session) writeFailed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.end.clock.now()
	s.writeErr, s.unheard = err, now+int64(drainTime)
	s.stopWriting()
	if s.machine.Err() != nil {
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.machine.Stuck(s.end.WriteTimeout, now)
		s.readUntil(now)
	}
	s.settle() // there is nothing to flush any more
}

// buffers are what reads of data, and writes, borrow.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 32<<10)
	return &b
}}

// putBuffer gives a buffer back, unless a payload made it grow too large to keep.
func putBuffer(b *[]byte) {
	if cap(*b) <= 1<<17 {
		buffers.Put(b)
	}
}
