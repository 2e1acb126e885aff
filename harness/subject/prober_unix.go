//go:build unix

package subject

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// sendUrgent writes one out-of-band byte, which takes a place in the sequence
// but not in the stream. A peer that has not read up to it before the next one
// is sent finds it in its stream all the same, on Linux; and one that leaves it
// unread, as Go does while nothing follows it, ends its connection by a reset.
func sendUrgent(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	err = raw.Write(func(fd uintptr) (done bool) {
		_, sent = unix.SendmsgN(int(fd), []byte{byteUrgent}, nil, nil, unix.MSG_OOB)
		return sent != unix.EAGAIN
	})
	if err == nil && sent != nil {
		err = fmt.Errorf("write: %w", sent)
	}
	return err
}

// flags is what the local flags say: whether the socket has a peer, and an
// error that nobody has heard of yet.
func flags(c *net.TCPConn) error {
	return ofSocket(c, func(fd int) error {
		if _, err := unix.Getpeername(fd); err != nil {
			return fmt.Errorf("getpeername: %w", err)
		}
		pending, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && pending != 0 {
			err = unix.Errno(pending)
		}
		if err != nil {
			return fmt.Errorf("SO_ERROR: %w", err)
		}
		return nil
	})
}

func ofSocket(c *net.TCPConn, ask func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var answer error
	if err := raw.Control(func(fd uintptr) { answer = ask(int(fd)) }); err != nil {
		return err
	}
	return answer
}
