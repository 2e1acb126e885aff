//go:build !unix

package subject

import (
	"net"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

// askable are the probes that this operating system has.
var askable []heartbeat.Probe

func sendUrgent(*net.TCPConn) error { return UnsupportedError{heartbeat.ProbeUrgent} }

func setUserTimeout(*net.TCPConn, time.Duration) error {
	return UnsupportedError{heartbeat.ProbeUserTimeout}
}

func flags(*net.TCPConn) error { return UnsupportedError{heartbeat.ProbeSocketState} }

func tcpInfo(*net.TCPConn) error { return UnsupportedError{heartbeat.ProbeTCPInfo} }
