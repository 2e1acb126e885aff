package network

import (
	"errors"
	"net"
)

// HasDatagrams says whether n's paths carry datagrams, and not connections: such
// a network has a method of that name.
func HasDatagrams(n Network) bool {
	_, has := n.(interface{ Datagrams() })
	return has
}

// ListenPacket listens for datagrams at addr, for a subject that takes a
// net.Listener: what it returns is a net.PacketConn as well, and accepts nothing.
func ListenPacket(addr string) (net.Listener, error) {
	pc, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	return packets{pc}, nil
}

// packets is a net.Listener and a net.PacketConn.
type packets struct{ net.PacketConn }

func (packets) Accept() (net.Conn, error) {
	return nil, errors.New("this network carries datagrams: use the listener as a net.PacketConn")
}

func (p packets) Addr() net.Addr { return p.LocalAddr() }
