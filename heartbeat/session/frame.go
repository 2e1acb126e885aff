package session

import (
	"encoding/binary"
	"fmt"
)

// Type is the type of a frame. The zero Type is no frame.
type Type uint8

// The frame types. Only Data has a payload.
const (
	Hello Type = iota + 1 // opens a session; Seq is its id, chosen by the client, not 0
	Beat                  // "I live"; Seq counts from 0
	Echo                  // answers Beat Seq, and so all beats before it
	Data                  // the application's; Seq counts from 0
	Bye                   // ends the session; Seq is the Reason
)

// String is the word that traces use.
func (t Type) String() string {
	switch t {
	case Hello:
		return "hello"
	case Beat:
		return "beat"
	case Echo:
		return "echo"
	case Data:
		return "data"
	case Bye:
		return "bye"
	default:
		return "unknown"
	}
}

// Reason is why a side ends a session, as its bye says. The zero Reason is
// none, and not allowed in a bye.
type Reason uint64

// The reasons.
const (
	ReasonLeft     Reason = iota + 1 // an orderly end
	ReasonGaveUp                     // the peer was silent for too long
	ReasonNonsense                   // the peer broke the protocol
	ReasonUnread                     // our application does not read
	ReasonBusy                       // the server has too many sessions
)

// Version is the version of the wire format that this package speaks.
const Version = 1

// HeaderSize is the size of a frame without its payload, in bytes.
const HeaderSize = 16

// magic opens every frame: a stream that holds anything else is told apart at
// its first two bytes.
const magic = 0xF1A7

// Frame is a unit of the wire format.
type Frame struct {
	Type Type
	Seq  uint64
	// Payload is the application's data, in frames of type Data.
	Payload []byte
}

// AppendFrame appends f, as it goes over the wire, to b.
func AppendFrame(b []byte, f Frame) []byte {
	b = binary.BigEndian.AppendUint16(b, magic)
	b = append(b, Version, byte(f.Type))
	b = binary.BigEndian.AppendUint64(b, f.Seq)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Payload)))
	return append(b, f.Payload...)
}

// FrameError says what is wrong with a frame that arrived.
type FrameError struct {
	Part string // of the frame, or of the exchange: "magic", "data sequence number"
	Got  string // what came
	Want string // what would have been right
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("%s is %s, want %s", e.Part, e.Got, e.Want)
}
