package datagram

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// cookieLife is how long a cookie is good for. It is also for how long a
// connection that has ended is remembered, so that the datagram which opened it
// can't open it again.
const cookieLife = 10 * time.Second

// bakery makes cookies, and knows its own.
type bakery struct{ key []byte }

func newBakery() bakery {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // it never fails
	return bakery{key}
}

// bake makes a cookie for a client's key at an address. now is nanoseconds since
// an epoch of the caller's.
func (b bakery) bake(clientKey []byte, addr string, now int64) []byte {
	baked := binary.BigEndian.AppendUint64(make([]byte, 0, cookieSize), uint64(now))
	mac := hmac.New(sha256.New, b.key)
	mac.Write(baked)
	mac.Write(clientKey)
	mac.Write([]byte(addr))
	return append(baked, mac.Sum(nil)[:cookieSize-8]...)
}

// good says whether a cookie is b's, for that key and address, and not too old.
func (b bakery) good(baked, clientKey []byte, addr string, now int64) bool {
	at := int64(binary.BigEndian.Uint64(baked))
	return at <= now && now-at <= int64(cookieLife) && hmac.Equal(baked, b.bake(clientKey, addr, at))
}
