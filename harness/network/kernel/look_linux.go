package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// socketTable is what a host's kernel knows of its TCP sockets.
type socketTable struct{ netlink map[int]*nl.SocketHandle }

func newSocketTable(s space) (*socketTable, error) {
	socket, err := nl.GetNetlinkSocketAt(s.ns, s.home, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	return &socketTable{map[int]*nl.SocketHandle{unix.NETLINK_INET_DIAG: {Socket: socket}}}, nil
}

// wanted asks for one connection, by its addresses: struct inet_diag_req_v2
// (include/uapi/linux/inet_diag.h).
type wanted connection

func (wanted) Len() int { return 56 }

func (c wanted) Serialize() []byte {
	b := make([]byte, 56)
	b[0], b[1] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], ^uint32(0)) // any state
	binary.BigEndian.PutUint16(b[8:], c.local.Port())
	binary.BigEndian.PutUint16(b[10:], c.remote.Port())
	local, remote := c.local.Addr().As4(), c.remote.Addr().As4()
	copy(b[12:], local[:])
	copy(b[28:], remote[:])
	binary.NativeEndian.PutUint64(b[48:], ^uint64(0)) // any cookie
	return b
}

func (t *socketTable) request(what, flags int, c connection) ([][]byte, error) {
	req := nl.NewNetlinkRequest(what, flags)
	req.Sockets = t.netlink
	req.AddData(wanted(c))
	return req.Execute(unix.NETLINK_INET_DIAG, 0)
}

// socket is what a host's kernel knows of a connection; the zero socket: nothing.
type socket struct {
	open   bool  // nobody has closed it
	state  byte  // include/net/tcp_states.h
	queued int64 // bytes that its peer has not acknowledged
}

// States of sockets. One that only listens is found where its connection is gone.
const (
	established = 1
	synSent     = 2
	synRecv     = 3
	closeWait   = 8
	listening   = 10
	newSynRecv  = 12
)

// find looks for a connection.
func (t *socketTable) find(c connection) (socket, error) {
	answers, err := t.request(nl.SOCK_DIAG_BY_FAMILY, 0, c)
	if errors.Is(err, unix.ENOENT) {
		return socket{}, nil
	}
	if err != nil {
		return socket{}, fmt.Errorf("look for the socket %v: %w", c.local, err)
	}
	// struct inet_diag_msg: the state is its second byte, the queue of what was
	// written the 61st to 64th.
	if len(answers) == 0 || len(answers[0]) < 64 || answers[0][1] == listening {
		return socket{}, nil
	}
	s := socket{state: answers[0][1], queued: int64(binary.NativeEndian.Uint32(answers[0][60:]))}
	switch s.state {
	case established, synSent, synRecv, closeWait, newSynRecv:
		s.open = true
	}
	return s, nil
}

// destroy ends a connection, whoever has it, without a word to its peer.
func (t *socketTable) destroy(c connection) error {
	found, err := t.find(c)
	if err != nil || found == (socket{}) {
		return err
	}
	_, err = t.request(nl.SOCK_DESTROY, unix.NLM_F_ACK, c)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("end the connection of %v, in state %d: %w", c.local, found.state, err)
	}
	return nil
}

func (t *socketTable) close() {
	if t != nil {
		t.netlink[unix.NETLINK_INET_DIAG].Close()
	}
}
