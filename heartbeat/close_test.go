package heartbeat

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestCloseSendsWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		c, s := b.client.session(0), b.server.session(0)
		for range 10 {
			if err := c.Send(make([]byte, 1<<14)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("again: %v", err)
		}
		for range 10 {
			if got := receive(t, s); len(got) != 1<<14 {
				t.Fatalf("received %d bytes", len(got))
			}
		}
		_, err := s.Receive(context.Background())
		wantCause(t, err, session.Left, false)
		if err := c.Send(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("send after close: %v, want %v", err, ErrClosed)
		}
		if _, err := c.Receive(context.Background()); !errors.Is(err, ErrClosed) {
			t.Errorf("receive after close: %v, want %v", err, ErrClosed)
		}
		b.stop(t)
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		s := r.session(0)
		if err := s.Send(make([]byte, 1<<14)); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		err := s.Close()
		if took := time.Since(before); err == nil || took != lingerTime {
			t.Errorf("closed after %v with %v, want an error after %v", took, err, lingerTime)
		}
		_ = c.Close()
		stop()
	})
}

// A session that ended otherwise says so when it is closed.
func TestCloseAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		_ = c.Close()
		synctest.Wait()
		err := r.session(0).Close()
		wantCause(t, err, session.Vanished, false)
		if !errors.Is(err, io.EOF) {
			t.Errorf("error %v, want it to wrap %v", err, io.EOF)
		}
		stop()
	})
}

// writeFails is a connection whose peer has left and closed: writes fail while
// its last word lies there to be read.
type writeFails struct{ net.Conn }

func (writeFails) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestLastWordIsHeardThoughWritesFail(t *testing.T) {
	tests := []struct {
		name  string
		bye   bool
		cause Cause
	}{
		{name: "with a bye", bye: true, cause: session.Left},
		{name: "without", bye: false, cause: session.Vanished},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				client, server := l.pair()
				r := recorder{t: t}
				cfg, err := r.on(Config{}).complete()
				if err != nil {
					t.Fatal(err)
				}
				peer := raw{t, server}
				s := newEndpoint(ClientSide, cfg).newSession(writeFails{client}, 5)
				go s.run()
				if tt.bye {
					time.Sleep(drainTime / 2)
					peer.send(session.Frame{Type: session.Bye, Seq: uint64(session.ReasonLeft)})
				}
				<-s.Done()
				if took := time.Duration(s.end.clock.now()); took > drainTime {
					t.Errorf("ended after %v, want at most %v", took, drainTime)
				}
				wantCause(t, s.Err(), tt.cause, false)
				if !tt.bye && !errors.Is(s.Err(), syscall.EPIPE) {
					t.Errorf("error %v does not wrap %v", s.Err(), syscall.EPIPE)
				}
			})
		})
	}
}

// failing is a connection that reads nothing but an error.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A connection that times out for reasons of its own has ended; it would go on
// saying so for ever.
func TestConnectionThatTimesOutByItself(t *testing.T) {
	for _, err := range []error{syscall.ETIMEDOUT, os.ErrDeadlineExceeded} {
		client, _ := newLink().pair()
		cfg, bad := Config{}.complete()
		if bad != nil {
			t.Fatal(bad)
		}
		s := newEndpoint(ClientSide, cfg).newSession(failing{client, err}, 5)
		s.run()
		wantCause(t, s.Err(), session.Vanished, true) // for so says the connection
		if !errors.Is(s.Err(), err) {
			t.Errorf("error %v does not wrap %v", s.Err(), err)
		}
	}
}

// When the peer has said its last word, nothing of ours is worth a wait.
func TestByeEndsABlockedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		s := r.session(0)
		if err := s.Send(make([]byte, 1<<14)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := time.Now()
		c.send(session.Frame{Type: session.Bye, Seq: uint64(session.ReasonLeft)})
		<-s.Done()
		if took := time.Since(before); took > 0 {
			t.Errorf("closed after %v, want at once", took)
		}
		_ = c.Close()
		stop()
	})
}
