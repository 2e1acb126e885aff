// Package datagram makes connections of datagrams, so that a session runs over
// UDP: a Listener shares one net.PacketConn among its connections, Dial makes
// the other end. A Write is one datagram, which arrives once or not at all, and
// may be overtaken. Nothing that the network or a stranger does makes a Read or a
// Write fail, and closing tells the peer nothing: the end of a session is a bye,
// or silence.
//
//	l, err := datagram.Listen(":7000", datagram.Config{})
//	...
//	go server.Serve(l)
//
//	client, err := heartbeat.NewClient(heartbeat.ClientConfig{
//		Dial: func(ctx context.Context) (net.Conn, error) {
//			return datagram.Dial(ctx, "example.org:7000", datagram.Config{})
//		},
//	})
//
// # Tokens, not addresses
//
// A connection belongs to a token, which is the beginning of a public key that
// the client made for it alone, and to keys that both ends derive from it. The
// listener answers to the address from which the newest authentic datagram came;
// so a client survives a NAT that gives it another port, or another network.
//
// # Wire format
//
// Every datagram begins with the magic 0xF1AD, the version 1, its kind (one byte)
// and the token (8 bytes). Numbers are big endian.
//
//	1 ask     the rest of the client's key (24), zeros (32)
//	2 cookie  the cookie (24), the listener's key (32)
//	3 open    the rest of the client's key (24), number (8), the cookie (24), payload, MAC (16)
//	4 sealed  number (8), payload, MAC (16)
//
// A client whose first payload waits asks, with a new X25519 key. The listener
// keeps nothing, and answers with a cookie: the time, and an HMAC of the time, the
// client's key and its address, with a key of the listener's own. The answer is as
// long as the question, so that nobody is flooded by asking in another's name.
// With the cookie the client opens: the listener now knows that the address
// hears it, and makes the connection. Until something authentic comes back the
// client's datagrams are all of this kind; any but the first are like sealed ones.
//
// Either direction has a key of its own, derived by HKDF from the X25519 secret,
// both public keys and Config.Secret. The MAC is an HMAC-SHA256 of all before it,
// cut to 16 bytes. Numbers rise by one from 0; one that was seen, or is older than
// the newest by 64 or more, is not taken again.
//
// Whatever is of another length, magic, version or token, or does not fit its
// MAC, is dropped without a word.
//
// # What an attacker can do
//
// One who cannot read the datagrams can do nothing: not end, move or open a
// session in another's name, and not make a listener keep or send anything for an
// address that does not answer.
//
// One who reads them, but cannot hold them up, learns who beats and all
// payloads: nothing is encrypted. Forging and replaying is of no use to it. It may
// win the race with a genuine datagram that it saw, sent again from elsewhere:
// then the listener answers there, until the client's next one.
//
// One who can hold datagrams up can do what a bad network does: lose, delay and
// divert them. Without Config.Secret it can also answer in the listener's place
// while a connection opens, and stand between the two from then on. With it, it
// can't.
//
// Whoever answers at its own address may open as many connections as it likes;
// each costs the listener a key agreement, some 50 µs. Server.MaxSessions bounds
// how many there are.
package datagram
