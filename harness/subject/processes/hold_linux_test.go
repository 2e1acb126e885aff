package processes

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAHeldPortWaitsForItsServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	release, err := hold(ln) // while ln listens: there is no moment in between
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().(*net.TCPAddr)
	if conn, err := net.Dial("tcp", addr.String()); err == nil {
		_ = conn.Close()
		t.Error("somebody answers there")
	}

	// Who does not say that it may be bound again cannot have it, as who wants any port
	// cannot.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: addr.Port, Addr: [4]byte{127, 0, 0, 1}}); err != unix.EADDRINUSE {
		t.Errorf("another binds there: %v", err)
	}

	for range 2 { // and again, after a crash
		server, err := net.Listen("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
