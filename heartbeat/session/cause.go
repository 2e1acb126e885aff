package session

// Cause is why a session ended, or never came up. The zero Cause is unknown.
type Cause string

// The causes, as traces and reports write them.
const (
	Silent   Cause = "peer went silent"               // our detector suspected the peer and we acted on it
	GaveUp   Cause = "peer gave up on us"             // the peer said so
	Left     Cause = "peer left"                      // the peer announced an orderly end
	Vanished Cause = "peer closed"                    // the connection ended without a word
	Nonsense Cause = "peer sent nonsense"             // a frame that the protocol doesn't allow
	Misread  Cause = "peer calls our frames nonsense" // the peer could not make sense of our frames
	NoAnswer Cause = "no hello in time"               // the handshake timed out
	WeLeft   Cause = "we left"                        // we closed the session
	Unread   Cause = "data was not read"              // our consumer or the peer's did not read in time
	Refused  Cause = "too many sessions"              // a limit was reached, on either side
	NoDial   Cause = "dial failed"                    // no connection was made
)

// Causes are all of them.
func Causes() []Cause {
	return []Cause{Silent, GaveUp, Left, Vanished, Nonsense, Misread, NoAnswer, WeLeft, Unread, Refused, NoDial}
}
