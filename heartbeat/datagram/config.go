package datagram

// Config is what the two ends of a connection must have alike.
type Config struct {
	// Secret is what both ends know and nobody else does, of any length. nil: one
	// who can hold datagrams up may stand between the two; see "What an attacker
	// can do" in the package documentation.
	Secret []byte
}
