//go:build !unix

package subject

import (
	"errors"
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

// systemKeepalive is not to be had here.
func systemKeepalive() (heartbeat.Keepalive, error) { return keepaliveOf(0) }

func keepaliveOf(int) (heartbeat.Keepalive, error) {
	return heartbeat.Keepalive{}, errors.ErrUnsupported
}

func ofSocket(*net.TCPConn, func(int) error) error { return errors.ErrUnsupported }
