package heartbeat

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestHandshakeLimits(t *testing.T) {
	t.Run("a client that says nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLink()
			r := recorder{t: t}
			stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
			c := rawDial(t, l)
			before := time.Now()
			f := c.hear()
			if took := time.Since(before); f.Type != session.Bye || took != 2*time.Second+drainTime {
				t.Errorf("heard %+v after %v, want bye after 2s and %v", f, took, drainTime)
			}
			_ = c.Close()
			stop()
			if e := r.last(session.Down); e.Cause != session.NoAnswer {
				t.Errorf("down event %+v", e)
			}
			if len(r.ups)+len(r.downs) > 0 {
				t.Errorf("%d OnUp, %d OnDown for a session that never was", len(r.ups), len(r.downs))
			}
		})
	})
	t.Run("a server that says nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLink()
			r := recorder{t: t}
			client, err := NewClient(ClientConfig{
				Config: r.on(Config{HandshakeTimeout: time.Second}), Dial: l.dial, MaxAttempts: 3,
			})
			if err != nil {
				t.Fatal(err)
			}
			err = client.Run(context.Background())
			wantCause(t, err, session.NoAnswer, true)
			if ce, ok := errors.AsType[*ConnectError](err); !ok || ce.Attempts != 3 || l.dials() != 3 {
				t.Errorf("Run returned %v after %d dials, want a *ConnectError after 3", err, l.dials())
			}
			if want := "gave up connecting after 3 attempts: no hello from the server within 1s"; err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
		})
	})
	t.Run("a dial that hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newLink()
			l.sever()
			client, err := NewClient(ClientConfig{Dial: l.dial, MaxAttempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			err = client.Run(context.Background())
			if took := time.Since(before); took != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Run returned %v after %v", err, took)
			}
			if CauseOf(err) != session.NoDial {
				t.Errorf("cause %q, want %q", CauseOf(err), session.NoDial)
			}
		})
	})
	t.Run("a dial that gives nothing", func(t *testing.T) {
		client, err := NewClient(ClientConfig{
			Dial: func(context.Context) (net.Conn, error) { return nil, nil }, MaxAttempts: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		err = client.Run(context.Background())
		if err == nil || !strings.HasSuffix(err.Error(), "dial: neither connection nor error") {
			t.Errorf("Run returned %v", err)
		}
	})
}
