package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// ServerConfig configures a server. All of it may be zero.
type ServerConfig struct {
	Config
	// MaxSessions is the most connections that are served at a time, those
	// that have not said hello included; one more is told so and closed.
	// 0: 10000.
	MaxSessions int
}

// maxRefusals is how many connections beyond MaxSessions are told so at a
// time; more are just closed.
const maxRefusals = 100

// Server is a server: it holds a session with each client that connects.
// Make it with NewServer. Its methods are safe for concurrent use.
type Server struct {
	end         *endpoint
	maxSessions int
	closing     chan struct{} // closed by Shutdown

	mu        sync.Mutex
	listeners map[*net.Listener]struct{} // by address: not every listener can be a key
	sessions  map[*Session]struct{}
	refusals  int            // how many of sessions are just told that there are too many
	running   sync.WaitGroup // sessions
}

// NewServer makes a server. The error says which part of the configuration is
// wrong, and what would be right.
func NewServer(cfg ServerConfig) (*Server, error) {
	common, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("make server: %w", err)
	}
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = 10000
	}
	if cfg.MaxSessions < 0 {
		return nil, fmt.Errorf("make server: max sessions is %d, want 0 (10000) or more", cfg.MaxSessions)
	}
	return &Server{
		end:         newEndpoint(ServerSide, common),
		maxSessions: cfg.MaxSessions,
		closing:     make(chan struct{}),
		listeners:   map[*net.Listener]struct{}{},
		sessions:    map[*Session]struct{}{},
	}, nil
}

// Serve accepts connections from l and holds a session on each, until
// Shutdown, which closes l: then it returns ErrClosed. When something else
// closes l, the error wraps net.ErrClosed, and sessions go on. Other errors of
// Accept, such as too many open files, pass: Serve tries again after 5 ms, and
// ever more slowly up to 1 s.
//
// It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	if !s.listen(&l) {
		_ = l.Close()
		return ErrClosed
	}
	defer s.unlisten(&l)
	const shortest, longest = 5 * time.Millisecond, time.Second
	wait := shortest
	for {
		conn, err := l.Accept()
		if err == nil {
			wait = shortest
			s.welcome(conn)
			continue
		}
		if s.closed() {
			return ErrClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept: %w", err)
		}
		select {
		case <-s.closing:
			return ErrClosed
		case <-time.After(wait):
			wait = min(2*wait, longest)
		}
	}
}

// Shutdown closes the listeners and all sessions, in order, as Session.Close
// does, and waits until OnUp and OnDown have returned. When ctx ends first, it
// closes the connections hard and returns ctx's error without waiting for the
// hooks.
func (s *Server) Shutdown(ctx context.Context) error {
	s.close()
	for _, session := range s.all() {
		session.leave()
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		s.end.hooks.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, session := range s.all() {
			_ = session.conn.Close()
		}
		s.running.Wait()
		return fmt.Errorf("shut down: %w", ctx.Err())
	}
}

// welcome begins a session on conn, or refuses to.
func (s *Server) welcome(conn net.Conn) {
	session := s.end.newSession(conn, 0)
	s.mu.Lock()
	full := len(s.sessions)-s.refusals >= s.maxSessions
	out := s.closed() || full && s.refusals == maxRefusals
	if !out {
		s.sessions[session] = struct{}{}
		s.running.Add(1)
		if full {
			s.refusals++
		}
	}
	s.mu.Unlock()
	switch {
	case out:
		_ = conn.Close()
	case full:
		go s.refuse(session)
	default:
		go s.hold(session)
	}
}

// hold sees a session through.
func (s *Server) hold(session *Session) {
	session.run()
	s.forget(session, 0)
}

// refuse tells a client that there are too many sessions.
func (s *Server) refuse(session *Session) {
	session.refuse()
	s.forget(session, 1)
}

// forget drops a session that is over, and so many refusals.
func (s *Server) forget(session *Session, refusals int) {
	defer s.running.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session)
	s.refusals -= refusals
}

// listen keeps l for Shutdown to close; false: that was already.
func (s *Server) listen(l *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) unlisten(l *net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// close lets nothing new in.
func (s *Server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed() {
		close(s.closing)
	}
	for l := range s.listeners {
		_ = (*l).Close()
	}
}

func (s *Server) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// all are the sessions of this moment.
func (s *Server) all() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}
