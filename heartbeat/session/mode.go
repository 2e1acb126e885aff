package session

import "fmt"

// Mode is what a session does about a suspicion. The zero Mode is Act.
type Mode uint8

// The modes.
const (
	Act     Mode = iota // say so to the peer and end the session
	Observe             // report suspicion and trust, and keep beating
)

// String is the mode's name in flags, traces and reports.
func (m Mode) String() string {
	if m == Observe {
		return "observe"
	}
	return "act"
}

// MarshalText writes the name.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the name; any other is an error.
func (m *Mode) UnmarshalText(text []byte) error {
	for _, known := range []Mode{Act, Observe} {
		if known.String() == string(text) {
			*m = known
			return nil
		}
	}
	return fmt.Errorf("mode %q: want %v or %v", text, Act, Observe)
}
