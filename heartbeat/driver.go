package heartbeat

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// A live session parks one goroutine, the reader, which owns the machine: its
// read deadline is the machine's timer. Who makes the machine want to write
// does so at once, as far as that can be without blocking; only for what is
// left, a writer is started, which ends when nothing is left. So an idle
// session costs one stack. All touch the machine under the session's lock,
// which nobody holds across I/O: a write that blocks holds up no deadline.
//
// That stack ought to stay at its least size, 2 KiB. What runs with every beat
// is therefore cut into functions with small frames; BenchmarkIdle tells.

// run starts the session, sees it through to its end and closes the connection.
func (s *Session) run() {
	s.start()
	for s.read() {
	}
	s.hangUp()
}

func (s *Session) start() {
	s.mu.Lock()
	now := s.end.clock.now()
	if !s.socket.usable() {
		// A TLS connection writes in its first Read: that must not outlast
		// the handshake.
		s.writeUntil(now + int64(s.end.HandshakeTimeout))
	}
	s.machine.Start(now)
	flush := s.settle()
	s.mu.Unlock()
	if flush {
		s.flush()
	}
}

// read reads once and says whether the session goes on.
func (s *Session) read() bool {
	if s.decoder.Missing() > len(s.buf) {
		return s.readLarge()
	}
	if s.draining {
		s.began = s.end.clock.now()
	}
	n, err := s.conn.Read(s.buf[:])
	return s.took(s.buf[:n], err)
}

func (s *Session) readLarge() bool {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	p := (*buf)[:cap(*buf)]
	n, err := s.conn.Read(p)
	return s.took(p[:n], err)
}

// took does all that follows from a read, and says whether the session goes on.
func (s *Session) took(p []byte, err error) bool {
	now := s.end.clock.now() // just after the read: late by what the scheduler takes
	s.mu.Lock()
	s.checkTimer(now)
	s.hear(p, now)
	if err != nil {
		s.readFailed(err, now)
	}
	s.rang = false
	s.wake(now)
	flush := s.settle()
	on := s.machine.Err() == nil
	s.mu.Unlock()
	if flush {
		s.flush()
	}
	return on
}

// checkTimer notes that the read deadline has passed, and how late we are.
func (s *Session) checkTimer(now int64) {
	if now < s.reads {
		return
	}
	s.expired = true
	if now-s.due > int64(stallTime) {
		s.machine.Stalled(s.due, now)
		s.draining = false // what arrived meanwhile may still lie there
	}
}

// hear makes frames of p.
func (s *Session) hear(p []byte, now int64) {
	for len(p) > 0 && s.machine.Err() == nil {
		f, rest, ok, err := s.decoder.Decode(p)
		switch {
		case err != nil:
			s.machine.Misheard(err, now)
		case ok:
			s.machine.Hear(f, now)
		}
		p = rest
	}
}

// readFailed tells the machine that the connection has ended. A timeout that
// is not of our making is the connection giving up. (Some, like TLS before its
// handshake, repeat one for ever.)
func (s *Session) readFailed(err error, now int64) {
	ours := errors.Is(err, os.ErrDeadlineExceeded) && (s.expired || s.draining || s.rang)
	if !ours {
		s.machine.Gone(err, now)
	}
}

// wake wakes the machine; but not if it would find the peer wanting while what
// the peer said may lie in the receive buffer.
func (s *Session) wake(now int64) {
	m := s.machine
	if s.writeErr != nil && now >= s.unheard {
		m.Gone(s.writeErr, now)
	}
	if m.Overdue(now) && !s.nothingThere(now) {
		if !s.draining {
			s.draining, s.drainEnd = true, now+int64(drainMax)
		}
		s.drained = now + int64(drainTime)
		return
	}
	s.draining = false
	m.Wake(now)
}

// nothingThere says that all that has arrived was heard. Where the socket can't
// tell, a read that began in time must have found nothing.
func (s *Session) nothingThere(now int64) bool {
	switch {
	case s.draining && now >= s.drainEnd:
		return true
	case s.socket.usable():
		return s.socket.drained()
	default:
		return s.draining && now >= s.drained && s.began < s.drained
	}
}

// settle does what the machine asks for after any change to it, and says
// whether the caller must flush, after it has let go of the lock.
func (s *Session) settle() (flush bool) {
	m := s.machine
	if m.CameUp() && !s.told {
		s.tell()
	}
	if s.news != nil && (m.Unreceived() || m.Err() != nil) {
		close(s.news)
		s.news = nil
	}
	if m.Err() != nil {
		return false // hangUp writes the last word
	}
	s.setTimer()
	return s.startWriting()
}

// tell tells the application that the session is up.
func (s *Session) tell() {
	s.told = true
	s.greeted = s.end.OnUp == nil
	if !s.greeted {
		s.end.hooks.Go(func() { s.end.up(s) })
	}
}

// setTimer moves the read deadline, unless it already comes early enough: a
// deadline moves on with every beat heard, and that must not cost a system
// timer each. The lock is held.
func (s *Session) setTimer() {
	wake, ok := s.machine.WakeAt()
	if !ok {
		wake = never
	}
	if s.draining {
		wake = s.drained
	}
	if s.writeErr != nil {
		wake = min(wake, s.unheard)
	}
	if s.expired || wake < s.due {
		s.readUntil(wake)
	}
}

// readUntil sets the read deadline, so as to be awake at an instant. The lock is
// held.
func (s *Session) readUntil(due int64) {
	before, heeded := s.reads, s.expired
	s.due, s.reads, s.expired = due, early(s.end.clock.now(), due), false
	_ = s.conn.SetReadDeadline(s.end.clock.time(s.reads)) // where this fails, Read does
	if !heeded && s.end.clock.now() >= before {
		s.rang = true // a Read may have ended by the deadline before
	}
}

// early is when to wake first so as to be in time at an instant. Linux ends a poll late
// by up to a thousandth of its length, or by 5 thousandths in a niced process
// (fs/select.c, select_estimate_accuracy), and a process that is otherwise idle
// polls for as long as its next timer is away: 9 ms of 9 s, 40 ms of 40 s. So a
// long wait ends a hundredth sooner, and another one, a hundredth as long, follows.
func early(now, instant int64) int64 {
	if wait := instant - now; instant != never && wait > int64(longWait) {
		return instant - wait/100
	}
	return instant
}

// leave ends the session in order, without waiting for it.
func (s *Session) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machine.Err() == nil {
		now := s.end.clock.now()
		s.machine.Leave(now)
		s.settle() // the reader flushes: it is woken, and hangs up
		s.readUntil(now)
	}
}

// refuse says that there are too many sessions, and closes the connection.
func (s *Session) refuse() {
	s.mu.Lock()
	s.machine.Refuse(s.end.clock.now())
	s.mu.Unlock()
	s.hangUp()
}

// hangUp says the last word, as far as the peer takes it, and closes the
// connection.
func (s *Session) hangUp() {
	s.mu.Lock()
	cause := session.CauseOf(s.machine.Err())
	limit := lingerTime
	if cause == session.Silent {
		limit = byeTime
	}
	bye := s.machine.SaysBye() && s.writeErr == nil
	flush := s.startWriting()
	var idle chan struct{}
	if s.writing {
		idle = make(chan struct{})
		s.idle = idle
	}
	s.mu.Unlock()

	// Closing is what ends a read or a write that blocks.
	closer := time.AfterFunc(limit, func() { _ = s.conn.Close() })
	if flush {
		s.flush()
	}
	if idle != nil && !bye {
		_ = s.conn.Close() // nothing that is worth waiting for
	}
	if idle != nil {
		<-idle
	}
	if bye && cause != session.Silent && !s.apart {
		// To hang up while the peer's bytes arrive would make the kernel
		// throw away what we said; so the peer hangs up first.
		_ = s.conn.SetReadDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, s.conn)
	}
	closer.Stop()
	_ = s.conn.Close()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.done != nil {
		close(s.done)
	}
	if s.greeted {
		s.end.hooks.Go(func() { s.end.down(s) })
	}
}
