package heartbeat

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// raw is a peer without machinery.
type raw struct {
	t testing.TB
	net.Conn
}

func (r raw) send(frames ...session.Frame) {
	r.t.Helper()
	var b []byte
	for _, f := range frames {
		b = session.AppendFrame(b, f)
	}
	if len(b) == 0 {
		return
	}
	if _, err := r.Write(b); err != nil {
		r.t.Errorf("raw peer: %v", err)
	}
}

// hear waits for the next frame, at most for five seconds.
func (r raw) hear() session.Frame {
	r.t.Helper()
	_ = r.SetReadDeadline(time.Now().Add(5 * time.Second))
	d := session.Decoder{MaxPayload: 1 << 20}
	var b [1]byte // takes no byte of the frame after
	for {
		if _, err := r.Read(b[:]); err != nil {
			r.t.Fatalf("raw peer: no frame: %v", err)
		}
		f, _, ok, err := d.Decode(b[:])
		if err != nil {
			r.t.Fatalf("raw peer: %v", err)
		}
		if ok {
			return f
		}
	}
}

// rawDial connects a raw peer, which sends frames, to a link.
func rawDial(t testing.TB, l *link, frames ...session.Frame) raw {
	t.Helper()
	c, err := l.dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r := raw{t, c}
	r.send(frames...)
	synctest.Wait()
	return r
}
