//go:build unix

package heartbeat

import (
	"net"
	"testing"
	"time"
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
