package session

// Event is something that happened in a session, as its side saw it.
type Event struct {
	At      int64  // nanoseconds since the session's epoch
	Side    Side   // whose event it is
	Session uint64 // the id that both sides know the session by; 0 before hello
	What    What
	Type    Type   // of Sent and Heard: the frame's type
	Seq     uint64 // of Sent and Heard: the frame's sequence number
	To      int64  // of Stalled: its end; At is its beginning
	Cause   Cause  // of Down and Closed
	Detail  string // of Suspect: the detector's numbers; of Down: the error's text
}

// What happened. The zero What is nothing.
type What uint8

// The events of a session.
const (
	Up      What = iota + 1 // hellos both ways: the session counts from now
	Sent                    // a frame leaves: At is just before the write
	Heard                   // a frame arrived: At is just after the read
	Suspect                 // the detector's deadline passed
	Trust                   // the peer was heard again after a suspicion
	Stalled                 // our own loop stood still in [At, To]
	Down                    // the end, not an orderly one, or no beginning at all
	Closed                  // the orderly end: either side left and said so
)

// String is the word that traces use.
func (w What) String() string {
	switch w {
	case Up:
		return "up"
	case Sent:
		return "sent"
	case Heard:
		return "heard"
	case Suspect:
		return "suspect"
	case Trust:
		return "trust"
	case Stalled:
		return "stall"
	case Down:
		return "down"
	case Closed:
		return "closed"
	default:
		return "unknown"
	}
}
