package heartbeat

import (
	"net"
	"sync"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// endpoint is what all sessions of a client or a server have in common.
type endpoint struct {
	Config // complete
	clock  clock
	side   session.Config
	packet session.Config // the same, over datagrams
	hooks  sync.WaitGroup // OnUp and OnDown that run
}

func newEndpoint(side Side, cfg Config) *endpoint {
	e := &endpoint{Config: cfg, clock: newClock(cfg.Epoch), side: cfg.Policy.Session(side)}
	e.side.Mode, e.side.HandshakeTimeout = cfg.Mode, cfg.HandshakeTimeout
	e.side.MaxQueued, e.side.Observer = cfg.MaxQueued, cfg.Observer
	e.packet = e.side
	e.packet.Datagrams = true
	return e
}

// newSession makes a session over conn that has yet to run.
func (e *endpoint) newSession(conn net.Conn, id uint64) *Session {
	side, most := &e.side, e.MaxPayload
	d, datagrams := conn.(DatagramConn)
	if datagrams {
		side, most = &e.packet, min(most, d.MaxDatagram()-HeaderSize)
	}
	s := &Session{
		end:     e,
		conn:    conn,
		most:    most,
		apart:   datagrams,
		machine: session.New(side, id),
		decoder: session.Decoder{MaxPayload: uint32(e.MaxPayload)}, // at most maxPayload
		due:     never,
		reads:   never,
	}
	s.socket.wrap(conn)
	return s
}

// up calls OnUp, and then OnDown if the session has ended meanwhile.
func (e *endpoint) up(s *Session) {
	e.OnUp(s)
	s.mu.Lock()
	s.greeted = true
	down := s.over
	s.mu.Unlock()
	if down {
		e.down(s)
	}
}

func (e *endpoint) down(s *Session) {
	if e.OnDown != nil {
		e.OnDown(s, s.Err())
	}
}

// Grace is how long after its detector's deadline a side may still hear its peer
// and not suspect it: its timer may be late, and what lies in the receive buffer
// counts. The suspicion of a peer of whom nothing lies there waits for none of
// it but the timer.
const Grace = stallTime + drainMax

// Linger is how long a side that ends a session in order waits at most for its
// peer to hang up first.
const Linger = lingerTime

// Time limits of the driver, beside those of the configuration.
const (
	// stallTime is how late a timer may be before we call it a stall of our
	// own. Less is ordinary for a scheduler that has much to do.
	stallTime = 10 * time.Millisecond
	// longWait is the longest wait for which one timer is good enough: see early.
	longWait = 2 * time.Second
	// drainTime is how long we listen on once the peer is overdue, unless the
	// socket says that nothing lies there. It must be more than nothing: after
	// an expired deadline a Read reports a timeout even where bytes lie waiting.
	drainTime = time.Millisecond
	// drainMax is how long we do so at most: a peer whose bytes never end, and
	// never are a whole frame, is silent all the same.
	drainMax = 10 * time.Millisecond
	// byeTime is how long the last word to a silent peer may take.
	byeTime = 50 * time.Millisecond
	// lingerTime is how long what is queued and the last word to a live peer
	// may take, with the wait for it to hang up. To hang up while its bytes
	// arrive would make the kernel throw away what we sent.
	lingerTime = time.Second
)
