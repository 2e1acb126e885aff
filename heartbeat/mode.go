package heartbeat

import "github.com/flatline-go/flatline/heartbeat/session"

// Mode is what a session does about a suspicion.
type Mode = session.Mode

// The modes.
const (
	Act     = session.Act     // say so to the peer, hang up; a client dials again
	Observe = session.Observe // report suspicion and trust, and keep beating
)
