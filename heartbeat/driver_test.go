package heartbeat

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestSessionOverAPipe(t *testing.T) {
	// A pipe has no buffer at all: each write waits for its reader.
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, func(context.Context) (net.Conn, error) {
			c, s := net.Pipe()
			l.accepts <- s
			return c, nil
		}, ClientConfig{Config: Config{Policy: strict(t, "push")}}, ServerConfig{Config: Config{Policy: strict(t, "push"), OnUp: echo}})
		synctest.Wait()
		c := b.client.session(0)
		for n := range 100 {
			if err := c.Send(number(n)); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 100 {
			if got := receive(t, c); got != string(number(n)) {
				t.Fatalf("received %q, want %d", got, n)
			}
		}
		time.Sleep(time.Minute)
		if got := len(b.server.all(session.Heard)); got < 30+100 {
			t.Errorf("the server heard %d frames, want 30 beats and 100 payloads", got)
		}
		b.stop(t)
		wantCause(t, b.client.down(0), session.WeLeft, false)
		wantCause(t, b.server.down(0), session.Left, false)
		if n := len(b.client.all(session.Down)) + len(b.server.all(session.Down)); n > 0 {
			t.Errorf("%d sessions went down, want an orderly end", n)
		}
		if b.client.last(session.Closed).Cause != session.WeLeft || b.server.last(session.Closed).Cause != session.Left {
			t.Errorf("closed events are %+v and %+v", b.client.last(session.Closed), b.server.last(session.Closed))
		}
	})
}

func TestBothSidesKnowTheSessionByOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		c, s := b.client.session(0), b.server.session(0)
		if c.ID() == 0 || c.ID() != s.ID() {
			t.Errorf("ids are %d and %d, want the same, not 0", c.ID(), s.ID())
		}
		if c.Side() != ClientSide || s.Side() != ServerSide {
			t.Errorf("sides are %v and %v", c.Side(), s.Side())
		}
		if c.RemoteAddr() != (linkAddr{}) {
			t.Errorf("remote address is %v", c.RemoteAddr())
		}
		b.stop(t)
	})
}

// The live session suspects at the instant that the detector says, plus the
// millisecond in which it listens on.
func TestCutIsDetectedOnTime(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		policy         string
		cut            time.Duration // after the session came up
		client, server time.Duration // when each suspects; 0: never
	}{
		// The last beat that the server heard is that of 4 s, the first that
		// it doesn't answer that of 6 s.
		{policy: "echo-timer", cut: 4001 * ms, client: 6000*ms + 6750*ms, server: 4000*ms + 8550*ms},
		{policy: "echo-timer", cut: 5999 * ms, client: 6000*ms + 6750*ms, server: 4000*ms + 8550*ms},
		{policy: "fixed", cut: 5000 * ms, client: 4000*ms + 8550*ms, server: 4000*ms + 8550*ms},
		{policy: "push", cut: 5000 * ms, client: 4000*ms + 8550*ms, server: 4000*ms + 8550*ms},
		{policy: "none", cut: 5000 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				cfg := Config{Policy: strict(t, tt.policy)}
				b := start(t, l, l.dial, ClientConfig{Config: cfg}, ServerConfig{Config: cfg})
				time.Sleep(tt.cut)
				l.sever()
				time.Sleep(time.Minute)
				for _, side := range []struct {
					*recorder
					want time.Duration
				}{{&b.client, tt.client}, {&b.server, tt.server}} {
					if side.want == 0 {
						if n := len(side.all(session.Suspect)) + len(side.all(session.Down)); n > 0 {
							t.Errorf("%d suspicions, want none", n)
						}
						continue
					}
					if got := time.Duration(side.last(session.Suspect).At); got != side.want+drainTime {
						t.Errorf("suspected at %v, want %v and %v of listening on", got, side.want, drainTime)
					}
					wantCause(t, side.down(0), session.Silent, true)
					select {
					case <-side.session(0).Done():
					default:
						t.Error("the session is not done")
					}
					wantCause(t, side.session(0).Err(), session.Silent, true)
					wantCause(t, side.session(0).Send(nil), session.Silent, true)
				}
				b.stop(t)
			})
		})
	}
}

func TestClientComesBackAfterACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		cfg := Config{Policy: strict(t, "echo-timer")}
		b := start(t, l, l.dial, ClientConfig{Config: cfg}, ServerConfig{Config: cfg})
		time.Sleep(5 * time.Second)
		l.sever()
		time.Sleep(time.Minute)
		if n := len(b.client.all(session.Up)); n != 1 {
			t.Fatalf("%d sessions came up while cut, want none", n-1)
		}
		healed := time.Now()
		l.heal()
		time.Sleep(5 * time.Second) // at most 2 s of dialling, and 2 s of backoff
		c, s := b.client.session(1), b.server.session(1)
		if c.ID() == b.client.session(0).ID() || c.ID() != s.ID() {
			t.Errorf("the new session's ids are %d and %d, the old one's is %d", c.ID(), s.ID(), b.client.session(0).ID())
		}
		up := time.Duration(b.client.last(session.Up).At)
		t.Logf("up again %v after the heal, after %d dials", up-time.Minute-5*time.Second, l.dials())
		if time.Since(healed) > 5*time.Second {
			t.Errorf("took %v", time.Since(healed))
		}
		b.stop(t)
	})
}

func TestObserverStaysThroughACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		cfg := Config{Policy: strict(t, "echo-timer"), Mode: Observe}
		b := start(t, l, l.dial, ClientConfig{Config: cfg}, ServerConfig{Config: cfg})
		time.Sleep(5 * time.Second)
		l.sever()
		time.Sleep(time.Hour)
		for _, r := range []*recorder{&b.client, &b.server} {
			if n := len(r.all(session.Suspect)); n != 1 {
				t.Errorf("%d suspicions, want 1", n)
			}
			if n := len(r.all(session.Down)); n != 0 {
				t.Errorf("%d sessions went down, want none", n)
			}
		}
		if n := len(b.client.all(session.Sent)); n < 1800 {
			t.Errorf("sent %d frames in an hour, want a beat every 2 s", n)
		}
		b.stop(t)
	})
}

// A detector that wakes earlier than the read deadline that is set, because a
// beat was sent, must get its way.
func TestEchoTimerMovesTheTimerForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		policy := Policy{
			Name: "long", Probe: ProbeEcho, Beats: FromClient, Interval: time.Hour,
			Client: detect.EchoTimer{Timeout: time.Second},
		}
		r := recorder{t: t}
		client, err := NewClient(ClientConfig{Config: r.on(Config{Policy: policy}), Dial: l.dial})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		ran := make(chan error, 1)
		go func() { ran <- client.Run(ctx) }()
		s, _ := l.Accept()
		server := raw{t, s}
		server.send(server.hear())
		time.Sleep(1500 * time.Millisecond)
		if got, want := time.Duration(r.last(session.Suspect).At), time.Second+drainTime; got != want {
			t.Errorf("suspected at %v, want %v", got, want)
		}
		_ = s.Close()
		<-ran
	})
}

// serve starts a server; what it returns stops it.
func serve(t testing.TB, l net.Listener, cfg ServerConfig) (stop func()) {
	t.Helper()
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	return func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, ErrClosed) {
			t.Errorf("Serve: %v, want %v", err, ErrClosed)
		}
	}
}

func TestReceiveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := b.client.session(0).Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		b.stop(t)
	})
}

func TestLargestPayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1000
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{Config: Config{OnUp: echo}})
		synctest.Wait()
		c := b.client.session(0)
		want := bytes.Repeat([]byte("0123456789abcdef"), 4096)
		if err := c.Send(want); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, c); got != string(want) {
			t.Errorf("received %d bytes, want the %d that were sent", len(got), len(want))
		}
		if err := c.Send(append(want, 0)); err == nil || err.Error() != "send: payload is 65537 bytes, want at most 65536" {
			t.Errorf("a byte more: %v", err)
		}
		b.stop(t)
	})
}
