package heartbeat

import "github.com/flatline-go/flatline/heartbeat/session"

// Side is one end of a session.
type Side = session.Side

// The two sides.
const (
	ClientSide = session.Client
	ServerSide = session.Server
)

// Cause is why a session ended, or never came up; package session lists them.
type Cause = session.Cause

// HeaderSize is the size of a beat or an echo on the wire, in bytes.
const HeaderSize = session.HeaderSize
