package heartbeat

import "net"

// DatagramConn is a connection whose Writes arrive by themselves, each whole or
// not at all, in any order, and whose end the other end isn't told of. Where a
// client dials or a server accepts one, each frame is a Write. A Read may return
// a datagram in parts, but nothing of two. See package datagram.
type DatagramConn interface {
	net.Conn
	// MaxDatagram is the most bytes that a Write may have; HeaderSize or more.
	MaxDatagram() int
}
