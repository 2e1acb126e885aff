package processes

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// hold keeps the TCP port that ln listens at, from before ln is closed, from everybody
// but who asks for it by number: by a socket that is bound, and does not listen.
// Nobody answers there until a server does.
func hold(ln net.Listener) (release func(), err error) {
	at, err := netip.ParseAddrPort(ln.Addr().String())
	if err != nil {
		return nil, err
	}
	if err := share(ln); err != nil {
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
	// To bind beside ln, which listens, both must share their port; a server then
	// binds beside us because we only bind, and may be bound again.
	for _, option := range []int{unix.SO_REUSEPORT, unix.SO_REUSEADDR} {
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1)
		}
	}
	if err == nil {
		err = unix.Bind(fd, sa)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return func() { _ = unix.Close(fd) }, nil
}

// share lets another socket of this user bind where ln listens.
func share(ln net.Listener) error {
	conn, ok := ln.(syscall.Conn)
	if !ok {
		return fmt.Errorf("a %T has no socket", ln)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	broken := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if broken != nil {
		return broken
	}
	return err
}
