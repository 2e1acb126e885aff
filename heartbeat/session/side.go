package session

// Side is one end of a session. The zero Side is neither.
type Side string

// The two sides.
const (
	Client Side = "client"
	Server Side = "server"
)

// Peer is the other side.
func (s Side) Peer() Side {
	switch s {
	case Client:
		return Server
	case Server:
		return Client
	default:
		return ""
	}
}
