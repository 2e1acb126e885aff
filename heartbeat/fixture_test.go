package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// strict is a built-in policy in the profile strict.
func strict(t testing.TB, name string) Policy {
	t.Helper()
	policies, err := Policies(Strict())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no policy %s", name)
	return Policy{}
}

// recorder observes, and remembers what the hooks were called with.
type recorder struct {
	t testing.TB

	mu     sync.Mutex
	events []session.Event
	ups    []*Session
	downs  []error
}

// on adds the recorder to a configuration.
func (r *recorder) on(c Config) Config {
	c.Observer = func(e session.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.t.Logf("%12v %s %v %v %d %s %s", time.Duration(e.At), e.Side, e.What, e.Type, e.Seq, e.Cause, e.Detail)
		r.events = append(r.events, e)
	}
	onUp := c.OnUp
	c.OnUp = func(s *Session) {
		r.mu.Lock()
		r.ups = append(r.ups, s)
		r.mu.Unlock()
		if onUp != nil {
			onUp(s)
		}
	}
	onDown := c.OnDown
	c.OnDown = func(s *Session, err error) {
		r.mu.Lock()
		r.downs = append(r.downs, err)
		r.mu.Unlock()
		if onDown != nil {
			onDown(s, err)
		}
	}
	return c
}

// all are the events of one kind.
func (r *recorder) all(what session.What) []session.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []session.Event
	for _, e := range r.events {
		if e.What == what {
			found = append(found, e)
		}
	}
	return found
}

// last is the last event of one kind, which must have happened.
func (r *recorder) last(what session.What) session.Event {
	r.t.Helper()
	all := r.all(what)
	if len(all) == 0 {
		r.t.Fatalf("no event %v", what)
	}
	return all[len(all)-1]
}

// session is the n-th session that came up.
func (r *recorder) session(n int) *Session {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.ups) {
		r.t.Fatalf("%d sessions came up, want more than %d", len(r.ups), n)
	}
	return r.ups[n]
}

// down is the error of the n-th session that went down.
func (r *recorder) down(n int) error {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.downs) {
		r.t.Fatalf("%d sessions went down, want more than %d", len(r.downs), n)
	}
	return r.downs[n]
}

// bed is a client and a server that talk over a listener.
type bed struct {
	client, server recorder
	stopClient     context.CancelFunc
	ran            chan error // what Run returned
	served         chan error // what Serve returned
	serverEnd      *Server
}

// start starts both. A test that doesn't fail ends by stop.
func start(t testing.TB, l net.Listener, dial func(context.Context) (net.Conn, error), c ClientConfig, s ServerConfig) *bed {
	t.Helper()
	b := &bed{ran: make(chan error, 1), served: make(chan error, 1)}
	b.client.t, b.server.t = t, t
	c.Config, s.Config = b.client.on(c.Config), b.server.on(s.Config)
	if c.Dial == nil {
		c.Dial = dial
	}
	server, err := NewServer(s)
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	b.serverEnd = server
	ctx, cancel := context.WithCancel(context.Background())
	b.stopClient = cancel
	t.Cleanup(cancel)
	go func() { b.served <- server.Serve(l) }()
	go func() { b.ran <- client.Run(ctx) }()
	return b
}

// stop ends both, and looks whether they end as they should.
func (b *bed) stop(t testing.TB) {
	t.Helper()
	b.stopClient()
	if err := <-b.ran; !errors.Is(err, context.Canceled) {
		t.Errorf("client: Run returned %v, want %v", err, context.Canceled)
	}
	b.stopServer(t)
}

func (b *bed) stopServer(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.serverEnd.Shutdown(ctx); err != nil {
		t.Errorf("server: Shutdown returned %v", err)
	}
	if err := <-b.served; !errors.Is(err, ErrClosed) {
		t.Errorf("server: Serve returned %v, want %v", err, ErrClosed)
	}
}

// waitFor waits until a session of r came up, on a real network.
func (r *recorder) waitFor(n int) *Session {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		r.mu.Lock()
		enough := len(r.ups) > n
		r.mu.Unlock()
		if enough {
			break
		}
	}
	return r.session(n)
}

// receive waits for a payload, not for ever.
func receive(t testing.TB, s *Session) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p, err := s.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

// wantCause says that err has the cause, and is a timeout or not.
func wantCause(t testing.TB, err error, cause Cause, timeout bool) {
	t.Helper()
	if CauseOf(err) != cause {
		t.Errorf("error %v has the cause %q, want %q", err, CauseOf(err), cause)
	}
	var ne net.Error
	if got := errors.As(err, &ne) && ne.Timeout(); got != timeout {
		t.Errorf("error %v is a timeout: %v, want %v", err, got, timeout)
	}
}

// echo is an application that sends back what it receives.
func echo(s *Session) {
	for {
		p, err := s.Receive(context.Background())
		if err != nil {
			return
		}
		if err := s.Send(p); err != nil {
			return
		}
	}
}

func number(n int) []byte { return fmt.Append(nil, n) }
