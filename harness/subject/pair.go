package subject

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/datagram"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// Pair is our own client and server, in this process. Both speak the trial's
// policy and tell all that happens; the client reconnects at most 2 s after a
// failed attempt, and gives a handshake 2 s. Where the policy's probe asks the
// kernel, they are plain TCP, and the client does not reconnect. On a network that
// carries datagrams they talk over UDP.
type Pair struct{}

// Name is "pair".
func (Pair) Name() string { return "pair" }

// SpeaksDatagrams is true.
func (Pair) SpeaksDatagrams() bool { return true }

// Reconnect is the longest that a pair's client takes from one attempt to the
// next: a handshake that goes unanswered, and the longest backoff.
const Reconnect = Handshake + BackoffMax

// How patient a pair is.
const (
	Handshake      = 2 * time.Second        // with a hello that goes unanswered
	BackoffInitial = 100 * time.Millisecond // see heartbeat.Backoff
	BackoffMax     = 2 * time.Second
)

// New makes a pair for one trial; an UnsupportedError where this operating
// system doesn't have the policy's probe.
func (Pair) New(s Setup) (Subject, error) {
	if err := s.Policy.Validate(); err != nil {
		return nil, err
	}
	if s.Policy.Probe.AsksKernel() {
		return newProber(s)
	}
	p := &pair{datagrams: s.Datagrams, up: map[heartbeat.Side]*heartbeat.Session{}}
	p.config = heartbeat.Config{
		Policy: s.Policy, Mode: s.Mode, Epoch: s.Epoch, HandshakeTimeout: Handshake,
		Observer: func(e session.Event) { s.Record(trace.FromSession(e)) },
		OnUp:     func(hs *heartbeat.Session) { p.talk(hs, s) },
	}
	return p, nil
}

type pair struct {
	config    heartbeat.Config
	datagrams bool

	mu    sync.Mutex
	up    map[heartbeat.Side]*heartbeat.Session // the newest of each side
	conns map[heartbeat.Side]net.Conn           // likewise, for resets
	said  uint64
}

func (p *pair) Serve(ln net.Listener) error {
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: p.config})
	if err != nil {
		return fmt.Errorf("make the pair's server: %w", err)
	}
	if pc, ok := ln.(net.PacketConn); ok {
		ln = datagram.NewListener(pc, datagram.Config{})
	}
	err = server.Serve(&tap{ln, func(c net.Conn) { p.keep(heartbeat.ServerSide, c) }})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// Whoever is behind a cut does not say goodbye in time: no error.
	if down := server.Shutdown(ctx); down != nil && !errors.Is(down, context.DeadlineExceeded) {
		err = errors.Join(err, down)
	}
	return err
}

func (p *pair) Dial(ctx context.Context, addr string) error {
	client, err := heartbeat.NewClient(heartbeat.ClientConfig{
		Config: p.config,
		Dial: func(ctx context.Context) (net.Conn, error) {
			dial := network.Dial
			if p.datagrams {
				dial = overUDP
			}
			c, err := dial(ctx, addr)
			if err == nil {
				p.keep(heartbeat.ClientSide, c)
			}
			return c, err
		},
		Backoff: heartbeat.Backoff{Initial: BackoffInitial, Max: BackoffMax},
	})
	if err != nil {
		return fmt.Errorf("make the pair's client: %w", err)
	}
	return client.Run(ctx)
}

func overUDP(ctx context.Context, addr string) (net.Conn, error) {
	return datagram.Dial(ctx, addr, datagram.Config{})
}

// talk is the application: the server answers every message with itself, the
// client looks whether that is something it said, and said later than what was
// answered before.
func (p *pair) talk(hs *heartbeat.Session, s Setup) {
	p.mu.Lock()
	p.up[hs.Side()] = hs
	p.mu.Unlock()
	next := uint64(0) // the least number that the next answer may have
	for {
		msg, err := hs.Receive(context.Background())
		if err != nil {
			return // the session's end is an event of its own
		}
		if bytes.Equal(msg, canary) {
			continue
		}
		intact := bytes.Equal(msg, message(msg))
		if hs.Side() == heartbeat.ClientSide && intact {
			n := binary.BigEndian.Uint64(msg)
			intact = (n >= next || p.datagrams) && n < p.spoken()
			next = n + 1
		}
		if !intact {
			s.Record(trace.Event{
				T: int64(time.Since(s.Epoch)), Side: hs.Side(), What: trace.Damaged, Session: trace.SessionName(hs.ID()),
			})
		}
		if hs.Side() == heartbeat.ServerSide {
			_ = hs.Send(msg) // a session that has ended says so by itself
		}
	}
}

var canary = []byte{0xCA}

// message is the n-th message: n, and bytes that follow from n. Given a
// message, it is what that one ought to have been.
func message(like []byte) []byte {
	msg := make([]byte, 64)
	copy(msg[:8], like)
	for i := 8; i < len(msg); i++ {
		msg[i] = msg[i%8] ^ byte(i)
	}
	return msg
}

func (p *pair) keep(side heartbeat.Side, c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		p.conns = map[heartbeat.Side]net.Conn{}
	}
	p.conns[side] = c
}

func (p *pair) session(side heartbeat.Side) (*heartbeat.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.up[side]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("the %s has no session yet", side)
}

func (p *pair) Say() error {
	s, err := p.session(heartbeat.ClientSide)
	if err != nil {
		return err
	}
	p.mu.Lock()
	number := binary.BigEndian.AppendUint64(nil, p.said)
	p.said++
	p.mu.Unlock()
	return s.Send(message(number))
}

// spoken is how many messages the client has said.
func (p *pair) spoken() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

func (p *pair) Canary(side heartbeat.Side) error {
	s, err := p.session(side)
	if err != nil {
		return err
	}
	return s.Send(canary)
}

func (p *pair) Leave(side heartbeat.Side) error {
	s, err := p.session(side)
	if err != nil {
		return err
	}
	return s.Close()
}

func (p *pair) Reset(side heartbeat.Side) error {
	p.mu.Lock()
	c := p.conns[side]
	p.mu.Unlock()
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("reset the %s's connection: it has none", side)
	}
	if err := tcp.SetLinger(0); err != nil {
		return fmt.Errorf("reset the %s's connection: %w", side, err)
	}
	return tcp.Close()
}

// tap shows every accepted connection to seen.
type tap struct {
	net.Listener
	seen func(net.Conn)
}

func (t *tap) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err == nil {
		t.seen(c)
	}
	return c, err
}
