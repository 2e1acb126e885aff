package subject

import (
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
