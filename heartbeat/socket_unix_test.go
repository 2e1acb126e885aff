//go:build unix

package heartbeat

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// What a peer said last - a byte, or its end - must not be overlooked, also
// once the read deadline has passed.
func TestSocketDrained(t *testing.T) {
	for _, row := range []struct {
		name string
		say  func(peer net.Conn) error
		want bool
	}{
		{name: "nothing", say: func(net.Conn) error { return nil }, want: true},
		{name: "a byte", say: func(c net.Conn) error { _, err := c.Write([]byte{1}); return err }},
		{name: "its end", say: func(c net.Conn) error { return c.Close() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			near, far := tcpPair(t)
			if err := near.SetReadDeadline(time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := row.say(far); err != nil {
				t.Fatal(err)
			}
			var s socket
			s.wrap(near)
			for end := time.Now().Add(5 * time.Second); s.drained() != row.want; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("drained is %v, want %v", !row.want, row.want)
				}
			}
			_ = near.Close()
			if s.drained() {
				t.Error("a closed connection is drained: nobody can know")
			}
		})
	}
	if new(socket).drained() {
		t.Error("no connection is drained")
	}
}

// A read that began after its deadline finds nothing, whatever lies in the
// socket: a beat that lies there counts all the same. With nothing there, the
// suspicion waits for no further read.
func TestAnOverdueReaderLooksIntoItsSocket(t *testing.T) {
	for _, row := range []struct {
		name string
		beat bool
	}{
		{name: "a beat lies there", beat: true},
		{name: "nothing does"},
	} {
		t.Run(row.name, func(t *testing.T) {
			near, far := tcpPair(t)
			cfg, err := Config{Policy: Policy{
				Name: "late", Profile: Strict(), Probe: ProbePush, Beats: FromClient,
				Interval: 100 * time.Millisecond, Server: detect.Fixed{Timeout: 200 * time.Millisecond},
			}}.complete()
			if err != nil {
				t.Fatal(err)
			}
			s := newEndpoint(ServerSide, cfg).newSession(near, 0)
			send := func(f session.Frame) {
				if _, err := far.Write(session.AppendFrame(nil, f)); err != nil {
					t.Fatal(err)
				}
			}
			s.start()
			send(session.Frame{Type: session.Hello, Seq: 5})
			if !s.read() {
				t.Fatal(s.machine.Err())
			}
			if row.beat {
				send(session.Frame{Type: session.Beat})
			}
			var up bool
			for range 5 { // a machine that stalls here puts its verdict off
				for !s.machine.Overdue(s.end.clock.now()) {
					time.Sleep(time.Millisecond)
				}
				// What a Read says that begins now.
				s.due = s.end.clock.now()
				s.reads = s.due
				if up = s.took(nil, os.ErrDeadlineExceeded); up == row.beat {
					break
				}
			}
			if up != row.beat || s.draining != row.beat {
				t.Fatalf("up %v, listens on %v; want both %v", up, s.draining, row.beat)
			}
			if row.beat && (!s.read() || s.draining) {
				t.Errorf("after the beat: %v, listens on %v", s.machine.Err(), s.draining)
			}
		})
	}
}

func tcpPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if far, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// A write fails while the first part of a long wait has just ended, and the reader
// does not know yet: its timeout is ours, although the deadline is a later one now.
func TestADeadlineThatRangBeforeAnotherWasSetIsOurs(t *testing.T) {
	near, far := tcpPair(t)
	cfg, err := Config{Policy: Policy{
		Name: "patient", Profile: Strict(), Probe: ProbePush, Beats: FromClient,
		Interval: time.Second, Server: detect.Fixed{Timeout: time.Minute},
	}}.complete()
	if err != nil {
		t.Fatal(err)
	}
	s := newEndpoint(ServerSide, cfg).newSession(near, 0)
	s.start()
	if _, err := far.Write(session.AppendFrame(nil, session.Frame{Type: session.Hello, Seq: 5})); err != nil {
		t.Fatal(err)
	}
	if !s.read() {
		t.Fatal(s.machine.Err())
	}
	s.reads, s.expired = s.end.clock.now()-1, false
	broken := errors.New("broken pipe")
	s.writeFailed(broken)
	s.took(nil, os.ErrDeadlineExceeded)
	if err := s.machine.Err(); err != nil && !errors.Is(err, broken) {
		t.Errorf("ended with %v, want it to look for a last word, or to end with %v", err, broken)
	}
}
