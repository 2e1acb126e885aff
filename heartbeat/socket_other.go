//go:build !unix

package heartbeat

import "net"

// socket does what can be done without blocking: nothing, here.
type socket struct{}

func (*socket) wrap(net.Conn) {}

func (*socket) usable() bool { return false }

func (*socket) write([]byte) int { return 0 }

func (*socket) drained() bool { return false }
