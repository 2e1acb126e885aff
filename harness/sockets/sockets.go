// Package sockets is what the kernel says of this machine's TCP sockets, of all
// processes in its network namespace.
package sockets

import (
	"net/netip"
	"time"
)

// Socket is one of them.
type Socket struct {
	Local, Remote netip.AddrPort // an IPv4 address is one, also on an IPv6 socket
	Listens       bool
	Established   bool
	// Keepalive says that the kernel will ask the peer whether it lives, the
	// next time after Next; false as well while it waits for an acknowledgement.
	Keepalive bool
	Next      time.Duration
	Inode     string // as in /proc/PID/fd
}
