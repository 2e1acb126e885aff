package datagram

import "encoding/binary"

// kind is what a datagram is. The zero kind is none.
type kind byte

const (
	ask kind = iota + 1
	cookie
	open
	sealed
)

const (
	magic   = 0xF1AD
	version = 1

	headSize   = 4 // magic, version, kind
	keySize    = 32
	numberSize = 8
	cookieSize = 24
	macSize    = 16

	// askSize is that of an ask and of its answer.
	askSize    = headSize + keySize + 32
	openSize   = headSize + keySize + numberSize + cookieSize + macSize // without payload
	sealedSize = headSize + len(token{}) + numberSize + macSize         // without payload
)

// MaxWrite is the most that a Write may have, in bytes. With all that is added
// to it, IPv6's and UDP's headers included, it fits into the smallest packet that
// every network must carry (1280 bytes, RFC 8200).
const MaxWrite = 1100

// token is what a connection is known by.
type token [8]byte

// message is a datagram of the right form. Its parts are the datagram's own.
type message struct {
	kind    kind
	token   token
	key     []byte // of ask and open: the client's; of cookie: the listener's
	cookie  []byte
	number  uint64
	signed  []byte // of open and sealed: all that the MAC is of
	payload []byte
	mac     []byte
}

// parse takes a datagram apart; false: it has not the form of any.
func parse(p []byte) (m message, ok bool) {
	if len(p) < headSize || binary.BigEndian.Uint16(p) != magic || p[2] != version {
		return m, false
	}
	m.kind = kind(p[3])
	switch {
	case (m.kind == ask || m.kind == cookie) && len(p) == askSize:
	case m.kind == open && len(p) >= openSize && len(p) <= openSize+MaxWrite:
	case m.kind == sealed && len(p) >= sealedSize && len(p) <= sealedSize+MaxWrite:
	default:
		return m, false
	}
	rest := p[headSize:]
	take := func(n int) (part []byte) {
		part, rest = rest[:n:n], rest[n:]
		return part
	}
	m.token = token(rest)
	switch m.kind {
	case ask:
		m.key = take(keySize)
		return m, true
	case cookie:
		take(len(m.token))
		m.cookie, m.key = take(cookieSize), take(keySize)
		return m, true
	case open:
		m.key = take(keySize)
		m.number, m.cookie = binary.BigEndian.Uint64(take(numberSize)), take(cookieSize)
	default:
		take(len(m.token))
		m.number = binary.BigEndian.Uint64(take(numberSize))
	}
	m.payload = take(len(rest) - macSize)
	m.signed, m.mac = p[:len(p)-macSize], rest
	return m, true
}

func appendHead(b []byte, k kind) []byte {
	b = binary.BigEndian.AppendUint16(b, magic)
	return append(b, version, byte(k))
}

func appendAsk(b, clientKey []byte) []byte {
	b = append(appendHead(b, ask), clientKey...)
	return append(b, make([]byte, askSize-len(b))...)
}

func appendCookie(b []byte, t token, baked, listenerKey []byte) []byte {
	b = append(appendHead(b, cookie), t[:]...)
	return append(append(b, baked...), listenerKey...)
}
