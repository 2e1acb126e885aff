package heartbeat

import (
	"context"
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// breaks is a listener whose Accepts fail, as long as there are errors.
type breaks struct {
	*link
	errs chan error
}

func newBreaks(errs ...error) breaks {
	b := breaks{newLink(), make(chan error, 1000)}
	for _, err := range errs {
		b.errs <- err
	}
	return b
}

func (b breaks) Accept() (net.Conn, error) {
	select {
	case err := <-b.errs:
		return nil, err
	default:
		return b.link.Accept()
	}
}

func TestAcceptErrorsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBreaks(syscall.EMFILE, syscall.EMFILE, errors.New("what next"))
		before := time.Now()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		time.Sleep(40 * time.Millisecond)
		b.client.session(0)
		if up := time.Duration(b.client.last(session.Up).At); up != 35*time.Millisecond {
			t.Errorf("up after %v (%v), want 5 + 10 + 20 ms", up, before)
		}
		b.stop(t)
	})
}

// The waits after errors of Accept double up to a second, and begin anew after
// a connection.
func TestAcceptWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBreaks(slices.Repeat([]error{syscall.EMFILE}, 10)...)
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
		c := rawDial(t, l.link, session.Frame{Type: session.Hello, Seq: 5})
		c.hear()
		if got, want := time.Duration(r.last(session.Up).At), (5+10+20+40+80+160+320+640+2*1000)*time.Millisecond; got != want {
			t.Errorf("accepted after %v, want %v", got, want)
		}
		l.errs <- syscall.EMFILE // of the accepts to come; the one that waits goes on
		rawDial(t, l.link).Close()
		before := time.Now()
		c = rawDial(t, l.link, session.Frame{Type: session.Hello, Seq: 6})
		c.hear()
		if got, want := time.Since(before), 5*time.Millisecond; got != want {
			t.Errorf("accepted after %v, want %v", got, want)
		}
		_ = c.Close()
		stop()
	})
}

func TestShutdownWhileAcceptFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBreaks(slices.Repeat([]error{syscall.EMFILE}, 1000)...)
		stop := serve(t, l, ServerConfig{})
		time.Sleep(time.Minute)
		before := time.Now()
		stop()
		if took := time.Since(before); took > 0 {
			t.Errorf("took %v, want no wait", took)
		}
	})
}

func TestListenerClosedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		_ = l.Close()
		if err := <-b.served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve returned %v, want %v", err, net.ErrClosed)
		}
		time.Sleep(time.Minute)
		if err := b.server.session(0).Err(); err != nil {
			t.Errorf("the session ended with its listener: %v", err)
		}
		b.served <- ErrClosed // for stop
		b.stop(t)
	})
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		b.stopServer(t)
		wantCause(t, b.server.down(0), session.WeLeft, false)
		wantCause(t, b.client.session(0).Err(), session.Left, false)
		if err := b.serverEnd.Serve(newLink()); !errors.Is(err, ErrClosed) {
			t.Errorf("Serve after Shutdown: %v, want %v", err, ErrClosed)
		}
		if err := b.serverEnd.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown again: %v", err)
		}
		b.stopClient()
		<-b.ran
	})
}

// A peer that doesn't take its bye is waited for no longer than one wants.
func TestShutdownClosesHard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		r := recorder{t: t}
		s, err := NewServer(ServerConfig{Config: r.on(Config{})})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		before := time.Now()
		err = s.Shutdown(ctx)
		if took := time.Since(before); took != 100*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v after %v", err, took)
		}
		<-served
		<-r.session(0).Done()
		_ = c.Close()
	})
}
