package kernel

import (
	"encoding/binary"
	"net/netip"

	"github.com/flatline-go/flatline/heartbeat"
)

// packet is one that the router saw, come or go.
type packet struct {
	at       int64
	side     heartbeat.Side // whose link it is on
	goes     bool           // out to that side; else it came from there
	src, dst netip.AddrPort
	seq      uint32
	flags    byte
	payload  int
}

// The flags of TCP (RFC 9293, 3.1).
const (
	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagACK = 0x10
)

func (p packet) has(flag byte) bool { return p.flags&flag != 0 }

// opens says whether it is a client's first.
func (p packet) opens() bool { return p.flags&(flagSYN|flagACK) == flagSYN }

// up says whether it travels from the client to the server.
func (p packet) up() bool { return (p.side == heartbeat.ServerSide) == p.goes }

// same says whether it is q, seen again on its way.
func (p packet) same(q packet) bool {
	return p.seq == q.seq && p.payload == q.payload && p.flags == q.flags
}

// parse reads the headers of IPv4 and TCP; false: it is something else.
func parse(b []byte) (p packet, ok bool) {
	const leastIP, leastTCP, tcp = 20, 20, 6
	if len(b) < leastIP || b[0]>>4 != 4 || b[9] != tcp {
		return p, false
	}
	header := int(b[0]&0xf) * 4
	if header < leastIP || len(b) < header+leastTCP {
		return p, false
	}
	if fragment := binary.BigEndian.Uint16(b[6:]) & 0x1fff; fragment != 0 {
		return p, false
	}
	segment := b[header:]
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	p.src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(segment))
	p.dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(segment[2:]))
	p.seq = binary.BigEndian.Uint32(segment[4:])
	p.flags = segment[13] & 0x3f
	p.payload = int(binary.BigEndian.Uint16(b[2:])) - header - int(segment[12]>>4)*4
	return p, p.payload >= 0
}
