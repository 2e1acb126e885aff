package datagram

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// newKey makes a private key.
func newKey() *ecdh.PrivateKey {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // rand.Reader never fails
	}
	return key
}

// agreement is what both ends have once each knows the other's public key: up is
// from the client.
type agreement struct{ up, down []byte }

// agree derives the keys. The error says that peer is no key.
func agree(own *ecdh.PrivateKey, peer, clientKey, listenerKey, secret []byte) (agreement, error) {
	public, err := ecdh.X25519().NewPublicKey(peer)
	if err != nil {
		return agreement{}, fmt.Errorf("read the peer's key: %w", err)
	}
	shared, err := own.ECDH(public)
	if err != nil {
		return agreement{}, fmt.Errorf("agree with the peer: %w", err)
	}
	info := "flatline datagram 1" + string(clientKey) + string(listenerKey)
	keys, err := hkdf.Key(sha256.New, shared, secret, info, 2*keySize)
	if err != nil {
		return agreement{}, fmt.Errorf("derive keys: %w", err)
	}
	return agreement{up: keys[:keySize], down: keys[keySize:]}, nil
}

// sender seals what one end sends. It is not safe for concurrent use.
type sender struct {
	mac  hash.Hash
	next uint64 // number
}

func newSender(key []byte) sender { return sender{mac: hmac.New(sha256.New, key)} }

func (s *sender) appendOpen(b, clientKey, baked, payload []byte) []byte {
	b = append(appendHead(b, open), clientKey...)
	b = s.appendNumber(b)
	return s.finish(append(append(b, baked...), payload...))
}

func (s *sender) appendSealed(b []byte, t token, payload []byte) []byte {
	b = append(appendHead(b, sealed), t[:]...)
	return s.finish(append(s.appendNumber(b), payload...))
}

func (s *sender) appendNumber(b []byte) []byte {
	s.next++
	return binary.BigEndian.AppendUint64(b, s.next-1)
}

// finish appends the MAC of b, which is a whole datagram.
func (s *sender) finish(b []byte) []byte { return append(b, sum(s.mac, b)...) }

// receiver opens what the other end sent. It is not safe for concurrent use.
type receiver struct {
	mac hash.Hash
	window
}

func newReceiver(key []byte) receiver { return receiver{mac: hmac.New(sha256.New, key)} }

// take says whether m, an open or sealed one, is authentic and was not taken
// before, and whether it is the newest so far.
func (r *receiver) take(m message) (ok, newest bool) {
	if !r.fresh(m.number) || !hmac.Equal(m.mac, sum(r.mac, m.signed)) {
		return false, false
	}
	return true, r.mark(m.number)
}

func sum(mac hash.Hash, p []byte) []byte {
	mac.Reset()
	mac.Write(p)
	var b [sha256.Size]byte
	return mac.Sum(b[:0])[:macSize]
}
