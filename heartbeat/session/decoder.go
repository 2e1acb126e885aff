package session

import (
	"encoding/binary"
	"fmt"
)

// Decoder makes frames of a stream that arrives in pieces of any size. It
// refuses what is wrong as soon as the first wrong byte is there, and it never
// makes room for more payload than has arrived, twice over. The zero Decoder
// takes frames without payload only.
type Decoder struct {
	// MaxPayload is the longest payload that is no error, in bytes.
	MaxPayload uint32

	n       uint8 // bytes of header that have arrived
	header  [HeaderSize]byte
	payload []byte
	err     error
}

// Decode takes in p up to the end of the first frame that it completes, and
// returns that frame and the rest of p. ok is false when p ends before a frame
// does; then all of p was taken in. A payload is the caller's to keep.
//
// The error is a *FrameError, and stays: nothing after it can be trusted to be
// a frame.
func (d *Decoder) Decode(p []byte) (f Frame, rest []byte, ok bool, err error) {
	if d.err != nil {
		return Frame{}, p, false, d.err
	}
	if d.n < HeaderSize {
		n := copy(d.header[d.n:], p)
		d.n += uint8(n)
		p = p[n:]
		if d.err = d.check(); d.err != nil || d.n < HeaderSize {
			return Frame{}, p, false, d.err
		}
	}
	n := min(d.Missing(), len(p))
	d.payload = append(d.payload, p[:n]...)
	p = p[n:]
	if d.Missing() > 0 {
		return Frame{}, p, false, nil
	}
	f = Frame{Type: Type(d.header[3]), Seq: binary.BigEndian.Uint64(d.header[4:]), Payload: d.payload}
	d.n, d.payload = 0, nil
	return f, p, true, nil
}

// Missing is how many bytes of payload the frame that has begun still needs;
// 0 between frames and within a header.
func (d *Decoder) Missing() int {
	if d.n < HeaderSize {
		return 0
	}
	return int(binary.BigEndian.Uint32(d.header[12:])) - len(d.payload)
}

// check looks at the part of the header that has arrived, in the order of its
// bytes, so that the verdict does not depend on how the stream was cut.
func (d *Decoder) check() error {
	h := d.header[:d.n]
	for i, want := range [...]byte{magic >> 8, magic & 0xFF} {
		if i < len(h) && h[i] != want {
			return &FrameError{"magic", fmt.Sprintf("%#x...", h[:i+1]), fmt.Sprintf("%#x", magic)}
		}
	}
	if len(h) > 2 && h[2] != Version {
		return &FrameError{"version", fmt.Sprint(h[2]), fmt.Sprint(Version)}
	}
	if len(h) > 3 && (h[3] < byte(Hello) || h[3] > byte(Bye)) {
		return &FrameError{"frame type", fmt.Sprint(h[3]), fmt.Sprintf("%d to %d", Hello, Bye)}
	}
	if len(h) < HeaderSize {
		return nil
	}
	length, t := binary.BigEndian.Uint32(h[12:]), Type(h[3])
	if t != Data && length != 0 {
		return &FrameError{"length of a " + t.String() + " frame", fmt.Sprint(length), "0"}
	}
	if length > d.MaxPayload {
		return &FrameError{"payload length", fmt.Sprint(length), fmt.Sprintf("at most %d", d.MaxPayload)}
	}
	return nil
}
