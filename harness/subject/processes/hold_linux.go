package processes

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// hold keeps a TCP port from everybody but who asks for it by number: a socket
// that is bound, and does not listen. Nobody answers there until a server does.
func hold(addr string) (release func(), err error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	for end := time.Now().Add(patience); err == nil; time.Sleep(time.Millisecond) {
		// A child that is just being started has a copy of the listener that was
		// there, until it becomes another program.
		err = unix.Bind(fd, sa)
		if !errors.Is(err, unix.EADDRINUSE) || time.Now().After(end) {
			break
		}
		err = nil
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return func() { _ = unix.Close(fd) }, nil
}
