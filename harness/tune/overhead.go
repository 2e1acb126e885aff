package tune

import (
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

// The bytes of a packet before its payload, on the Internet's own level:
// an IPv4 header, one of TCP, and TCP's timestamps, which Linux, macOS and
// Windows Server send. IPv6 adds 20, Ethernet 18 (38 on the wire).
const packet = 20 + 20 + 12

// Overhead is what a connection costs while nothing else is sent on it.
type Overhead struct {
	// BeatsPerHour are the client's, without their echoes.
	BeatsPerHour float64 `json:"beats_per_hour"`
	// BytesPerBeat are those of all packets that a beat makes: itself, its echo
	// and TCP's acknowledgements, with the headers of IPv4 and TCP.
	BytesPerBeat int     `json:"bytes_per_beat"`
	BytesPerHour float64 `json:"bytes_per_hour"`
	// BytesPerDay are those of all the connections that were asked for.
	BytesPerDay float64 `json:"bytes_per_day"`
}

// Counted says what is.
const Counted = "Bytes are those of idle connections, with the headers of IPv4 and TCP (52 with timestamps) and TCP's own acknowledgements; without Ethernet's 18."

// bytesPerBeat are those of one beat, and of all that follows from it. Of an echo
// that is 188, in three packets; Linux 6.18 was seen to send just that.
func bytesPerBeat(p heartbeat.Probe) int {
	const acknowledgement = packet
	switch p {
	case heartbeat.ProbeEcho: // the echo acknowledges the beat
		return packet + heartbeat.HeaderSize + packet + heartbeat.HeaderSize + acknowledgement
	case heartbeat.ProbeKeepalive: // both are empty
		return packet + acknowledgement
	default:
		return packet + p.BeatSize() + acknowledgement
	}
}

func overhead(p heartbeat.Probe, interval time.Duration, connections int) Overhead {
	o := Overhead{BeatsPerHour: float64(time.Hour) / float64(interval), BytesPerBeat: bytesPerBeat(p)}
	o.BytesPerHour = o.BeatsPerHour * float64(o.BytesPerBeat)
	o.BytesPerDay = 24 * o.BytesPerHour * float64(connections)
	return o
}
