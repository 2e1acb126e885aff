package subject

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/heartbeat"
)

// askable are the probes that this operating system has.
var askable = []heartbeat.Probe{
	heartbeat.ProbeUrgent, heartbeat.ProbeKeepalive, heartbeat.ProbeUserTimeout, heartbeat.ProbeSocketState, heartbeat.ProbeTCPInfo,
}

func setUserTimeout(c *net.TCPConn, t time.Duration) error {
	return ofSocket(c, func(fd int) error {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(t.Milliseconds())); err != nil {
			return fmt.Errorf("TCP_USER_TIMEOUT: %w", err)
		}
		return nil
	})
}

// States of a connection (include/net/tcp_states.h).
const (
	established = 1
	closeWait   = 8 // the peer has closed
)

// tcpInfo is what the kernel knows without asking anybody.
func tcpInfo(c *net.TCPConn) error {
	return ofSocket(c, func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		switch {
		case err != nil:
			return fmt.Errorf("TCP_INFO: %w", err)
		case info.State == closeWait:
			return fmt.Errorf("TCP_INFO: state CLOSE_WAIT")
		case info.State != established:
			return fmt.Errorf("TCP_INFO: state %d", info.State)
		}
		return nil
	})
}

// systemKeepalive is what the kernel does unless it is told otherwise: that of a
// fresh socket (net.ipv4.tcp_keepalive_*).
func systemKeepalive() (heartbeat.Keepalive, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return heartbeat.Keepalive{}, fmt.Errorf("ask the kernel for its keepalive: %w", err)
	}
	k, err := keepaliveOf(fd)
	return k, errors.Join(err, unix.Close(fd))
}

// keepaliveOf is what the kernel does for a socket.
func keepaliveOf(fd int) (k heartbeat.Keepalive, err error) {
	var values [3]int
	for i, o := range []struct {
		name string
		opt  int
	}{{"TCP_KEEPIDLE", unix.TCP_KEEPIDLE}, {"TCP_KEEPINTVL", unix.TCP_KEEPINTVL}, {"TCP_KEEPCNT", unix.TCP_KEEPCNT}} {
		if values[i], err = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, o.opt); err != nil {
			return k, fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return heartbeat.Keepalive{Idle: time.Duration(values[0]) * time.Second, Interval: time.Duration(values[1]) * time.Second, Count: values[2]}, nil
}
