package heartbeat

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// A frame that comes while an overdue peer's last millisecond runs is heard.
func TestDrainBeforeVerdict(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration // the deadline
		up    bool
	}{
		{name: "just in time", after: drainTime / 2, up: true},
		{name: "too late", after: drainTime + 1, up: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				r := recorder{t: t}
				server := serve(t, l, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
				c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
				time.Sleep(8550*time.Millisecond + tt.after)
				_, _ = c.Write(session.AppendFrame(nil, session.Frame{Type: session.Beat})) // into the void, if too late
				synctest.Wait()
				if got := r.session(0).Err() == nil; got != tt.up {
					t.Errorf("up: %v, want %v", got, tt.up)
				}
				if n := len(r.all(session.Stalled)); n > 0 {
					t.Errorf("%d stalls, want none", n)
				}
				_ = c.Close()
				server()
			})
		})
	}
}

// lateConn is a connection whose reader is late once: after a timeout it
// sleeps.
type lateConn struct {
	net.Conn
	late *atomic.Int64 // nanoseconds
}

func (c lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		time.Sleep(time.Duration(c.late.Swap(0)))
	}
	return n, err
}

// A stall of our own is told, and is not taken for the peer's silence: what
// arrived meanwhile is heard before any verdict.
func TestStallIsNotTakenForSilence(t *testing.T) {
	tests := []struct {
		name   string
		late   time.Duration
		stalls int
	}{
		{name: "a stall", late: 300 * time.Millisecond, stalls: 1},
		{name: "a trifle", late: stallTime, stalls: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				r := recorder{t: t}
				var late atomic.Int64
				server := serve(t, lateListener{l, &late}, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
				c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
				time.Sleep(8500 * time.Millisecond) // the handshake's deadline passes first, and what is early
				late.Store(int64(tt.late))
				time.Sleep(50*time.Millisecond + tt.late/2) // during the stall
				c.send(session.Frame{Type: session.Beat})
				time.Sleep(5 * time.Second)
				if err := r.session(0).Err(); err != nil {
					t.Errorf("ended: %v", err)
				}
				stalls := r.all(session.Stalled)
				if len(stalls) != tt.stalls {
					t.Fatalf("stalls %+v, want %d", stalls, tt.stalls)
				}
				if tt.stalls > 0 {
					if e := stalls[0]; e.At != int64(8550*time.Millisecond) || e.To-e.At != int64(tt.late) {
						t.Errorf("stall %+v, want one of %v at 8.55s", e, tt.late)
					}
				}
				_ = c.Close()
				server()
			})
		})
	}
}

type lateListener struct {
	net.Listener
	late *atomic.Int64
}

func (l lateListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return lateConn{c, l.late}, err
}

// A stall that lasts beyond the deadline, with nothing arriving, delays the
// verdict by its length.
func TestSilenceThroughAStallIsStillFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		r := recorder{t: t}
		var late atomic.Int64
		server := serve(t, lateListener{l, &late}, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		time.Sleep(8500 * time.Millisecond)
		late.Store(int64(300 * time.Millisecond))
		time.Sleep(10 * time.Second)
		if got, want := time.Duration(r.last(session.Suspect).At), 8850*time.Millisecond+drainTime; got != want {
			t.Errorf("suspected at %v, want %v", got, want)
		}
		_ = c.Close()
		server()
	})
}

// A stall while we listen on is a stall like any other.
func TestStallWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		r := recorder{t: t}
		var late atomic.Int64
		server := serve(t, lateListener{l, &late}, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		time.Sleep(8550*time.Millisecond + drainTime/2)
		late.Store(int64(300 * time.Millisecond))
		time.Sleep(100 * time.Millisecond)
		c.send(session.Frame{Type: session.Beat})
		time.Sleep(time.Second)
		if err := r.session(0).Err(); err != nil {
			t.Errorf("ended: %v", err)
		}
		if e := r.last(session.Stalled); e.At != int64(8550*time.Millisecond+drainTime) || e.To-e.At != int64(300*time.Millisecond) {
			t.Errorf("stall %+v", e)
		}
		_ = c.Close()
		server()
	})
}

// Most of a long wait is waited first. By how much that ends late, as a kernel may
// let it, is no stall and delays nothing.
func TestALongWaitIsTwo(t *testing.T) {
	for _, row := range []struct {
		name string
		late time.Duration // of the first
		want time.Duration // the suspicion
	}{
		{name: "a kernel that is late by as much as it may", late: 8550 * time.Millisecond / 200, want: 8550 * time.Millisecond},
		{name: "one that is not late", want: 8550 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				r := recorder{t: t}
				var late atomic.Int64
				server := serve(t, lateListener{l, &late}, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
				c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
				time.Sleep(8 * time.Second) // the handshake's deadline passes first
				late.Store(int64(row.late))
				time.Sleep(490 * time.Millisecond)
				if row.late > 0 && late.Load() != 0 {
					t.Error("it slept on, want it awake a hundredth before its deadline")
				}
				late.Store(0)
				time.Sleep(time.Second)
				if got := time.Duration(r.last(session.Suspect).At); got != row.want+drainTime {
					t.Errorf("suspected at %v, want %v", got, row.want+drainTime)
				}
				if n := len(r.all(session.Stalled)); n > 0 {
					t.Errorf("%d stalls, want none", n)
				}
				_ = c.Close()
				server()
			})
		})
	}
}
