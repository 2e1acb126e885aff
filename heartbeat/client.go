package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// ClientConfig configures a client. All but Dial may be zero.
type ClientConfig struct {
	Config
	// Dial makes a connection; required. Its context ends after
	// HandshakeTimeout.
	Dial func(ctx context.Context) (net.Conn, error)
	// Backoff is the wait before each attempt but the first.
	Backoff Backoff
	// MaxAttempts is the number of failed attempts in a row after which Run
	// gives up with a *ConnectError. 0: never.
	MaxAttempts int
}

// Backoff is how long a client waits before it dials again: a random time,
// uniform in [0, cap], where cap starts at Initial, doubles with each further
// attempt and stops at Max. (Full jitter: clients that lost one server do not
// come back in step. But they do come back within Initial, if the first attempt
// succeeds: where many share a server, it should be some seconds.) A session that
// lasted longer than Max sets it back.
type Backoff struct {
	Initial time.Duration // 0: 100 ms
	Max     time.Duration // 0: 2 s
}

// waits makes the sequence of waits.
func (b Backoff) waits() *backoff.ExponentialBackOff {
	// The library draws from interval x (1 +- factor).
	return &backoff.ExponentialBackOff{
		InitialInterval:     b.Initial / 2,
		MaxInterval:         b.Max / 2,
		RandomizationFactor: 1,
		Multiplier:          2,
	}
}

// Client is a client: it keeps one session with a server. Make it with
// NewClient.
type Client struct {
	end         *endpoint
	dial        func(ctx context.Context) (net.Conn, error)
	backoff     Backoff
	maxAttempts int
}

// NewClient makes a client. The error says which part of the configuration is
// wrong, and what would be right.
func NewClient(cfg ClientConfig) (*Client, error) {
	common, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	b := cfg.Backoff
	if b.Initial == 0 {
		b.Initial = 100 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = max(2*time.Second, b.Initial)
	}
	switch {
	case cfg.Dial == nil:
		return nil, errors.New("make client: Dial is nil, want a function that connects to the server")
	case b.Initial < 0 || b.Max < b.Initial:
		return nil, fmt.Errorf("make client: backoff is %v to %v, want 0 < initial <= max", b.Initial, b.Max)
	case cfg.MaxAttempts < 0:
		return nil, fmt.Errorf("make client: max attempts is %d, want 0 (no limit) or more", cfg.MaxAttempts)
	}
	return &Client{newEndpoint(ClientSide, common), cfg.Dial, b, cfg.MaxAttempts}, nil
}

// Run keeps a session up: it dials, says hello and beats, and begins anew
// whenever the session ends, whoever ended it, until ctx ends. Then it closes
// the session in order, as Session.Close does, and returns ctx's error. After
// MaxAttempts failed attempts in a row it returns a *ConnectError.
//
// When Run returns, its connection is closed, and OnUp and OnDown have
// returned. It may then be called again.
func (c *Client) Run(ctx context.Context) error {
	defer c.end.hooks.Wait()
	waits := c.backoff.waits()
	for failed := 0; ; {
		lasted, cameUp, err := c.attempt(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if cameUp {
			failed = 0
		} else if failed++; failed == c.maxAttempts {
			return &ConnectError{Attempts: failed, Err: err}
		}
		if lasted > c.backoff.Max {
			waits.Reset()
		}
		select {
		case <-time.After(waits.NextBackOff()):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// attempt makes a connection and sees a session through to its end.
func (c *Client) attempt(ctx context.Context) (lasted time.Duration, cameUp bool, err error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("dial: %w", err)
	}
	s := c.end.newSession(conn, rand.Uint64N(1<<64-1)+1)
	stop := context.AfterFunc(ctx, s.leave)
	defer stop()
	begun := time.Now()
	s.run()
	return time.Since(begun), s.machine.CameUp(), s.Err()
}

func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.end.HandshakeTimeout)
	defer cancel()
	conn, err := c.dial(ctx)
	if err == nil && conn == nil {
		err = errors.New("neither connection nor error")
	}
	return conn, err
}
