package session

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// decodeAll feeds the decoder stream in pieces of the sizes that cut gives,
// the rest at once, and returns all frames.
func decodeAll(stream []byte, limit uint32, cut func() int) ([]Frame, error) {
	d := Decoder{MaxPayload: limit}
	var frames []Frame
	for len(stream) > 0 {
		n := min(max(cut(), 1), len(stream))
		piece := stream[:n]
		stream = stream[n:]
		for len(piece) > 0 {
			f, rest, ok, err := d.Decode(piece)
			if err != nil {
				return frames, err
			}
			if ok {
				frames = append(frames, f)
			} else if len(rest) > 0 {
				return frames, fmt.Errorf("no frame, yet %d bytes were left", len(rest))
			}
			piece = rest
		}
	}
	return frames, nil
}

func whole() int { return 1 << 30 }

func TestDecodeAnySplit(t *testing.T) {
	want := []Frame{
		{Type: Hello, Seq: 0x0123456789ABCDEF},
		{Type: Beat, Seq: 0},
		{Type: Data, Seq: 0, Payload: []byte("hello, world")},
		{Type: Data, Seq: 1},
		{Type: Echo, Seq: 1<<64 - 1},
		{Type: Bye, Seq: uint64(ReasonLeft)},
	}
	var stream []byte
	for _, f := range want {
		stream = AppendFrame(stream, f)
	}
	for size := 1; size <= len(stream); size++ {
		got, err := decodeAll(stream, 12, func() int { return size })
		if err != nil {
			t.Fatalf("in pieces of %d: %v", size, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("in pieces of %d: got %+v, want %+v", size, got, want)
		}
	}
}

func TestHeaderOnTheWire(t *testing.T) {
	got := AppendFrame(nil, Frame{Type: Data, Seq: 0x0102030405060708, Payload: []byte{0xAA, 0xBB}})
	want := []byte{0xF1, 0xA7, 1, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 2, 0xAA, 0xBB}
	if !bytes.Equal(got, want) {
		t.Fatalf("got % x, want % x", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	frame := func(change func(b []byte)) []byte {
		b := AppendFrame(nil, Frame{Type: Beat})
		change(b)
		return b
	}
	tests := []struct {
		name   string
		stream []byte
		after  int // bytes that are enough to know
		want   string
	}{
		{
			name: "another protocol", stream: []byte("GET / HTTP/1.1\r\n"), after: 1,
			want: "magic is 0x47..., want 0xf1a7",
		},
		{
			name: "half the magic", stream: frame(func(b []byte) { b[1] = 0 }), after: 2,
			want: "magic is 0xf100..., want 0xf1a7",
		},
		{
			name: "a later version", stream: frame(func(b []byte) { b[2] = 2 }), after: 3,
			want: "version is 2, want 1",
		},
		{
			name: "type 0", stream: frame(func(b []byte) { b[3] = 0 }), after: 4,
			want: "frame type is 0, want 1 to 5",
		},
		{
			name: "type 6", stream: frame(func(b []byte) { b[3] = 6 }), after: 4,
			want: "frame type is 6, want 1 to 5",
		},
		{
			name: "a beat with a payload", stream: frame(func(b []byte) { b[15] = 1 }), after: 16,
			want: "length of a beat frame is 1, want 0",
		},
		{
			name: "a payload above the limit", stream: AppendFrame(nil, Frame{Type: Data, Payload: make([]byte, 13)}), after: 16,
			want: "payload length is 13, want at most 12",
		},
		{
			name: "a payload of 4 GiB", stream: append(AppendFrame(nil, Frame{Type: Data})[:12], 0xFF, 0xFF, 0xFF, 0xFF), after: 16,
			want: "payload length is 4294967295, want at most 12",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decoder{MaxPayload: 12}
			if _, _, ok, err := d.Decode(tt.stream[:tt.after-1]); ok || err != nil {
				t.Fatalf("after %d bytes: frame %v, error %v; want neither", tt.after-1, ok, err)
			}
			_, _, ok, err := d.Decode(tt.stream[tt.after-1 : tt.after])
			if ok || err == nil || err.Error() != tt.want {
				t.Fatalf("after %d bytes: frame %v, error %v; want %q", tt.after, ok, err, tt.want)
			}
			if _, again := errors.AsType[*FrameError](err); !again {
				t.Errorf("error is %T, want *FrameError", err)
			}
			// A good frame later mends nothing.
			if _, _, ok, later := d.Decode(AppendFrame(nil, Frame{Type: Beat})); ok || later != err {
				t.Errorf("later: frame %v, error %v; want the same error", ok, later)
			}
			if _, split := decodeAll(tt.stream, 12, whole); split == nil || split.Error() != tt.want {
				t.Errorf("all at once: error %v, want %q", split, tt.want)
			}
		})
	}
}

// A header that promises much must not make us pay for it.
func TestDecodeMakesRoomOnlyForWhatArrives(t *testing.T) {
	header := append(AppendFrame(nil, Frame{Type: Data})[:12], 0x40, 0, 0, 0) // 1 GiB
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		d := Decoder{MaxPayload: 1 << 30}
		for _, p := range [][]byte{header, make([]byte, 100)} {
			if _, _, ok, err := d.Decode(p); ok || err != nil {
				t.Fatal("want to be asked for more")
			}
		}
	}
	runtime.ReadMemStats(&after)
	bytesPerRun := (after.TotalAlloc - before.TotalAlloc) / runs
	if bytesPerRun > 1000 {
		t.Errorf("100 bytes of a payload of 1 GiB took %d bytes", bytesPerRun)
	}
}

func TestDecodedPayloadIsTheCallersToKeep(t *testing.T) {
	stream := AppendFrame(nil, Frame{Type: Data, Payload: []byte("mine")})
	d := Decoder{MaxPayload: 4}
	f, _, ok, err := d.Decode(stream)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for i := range stream {
		stream[i] = 'x'
	}
	if string(f.Payload) != "mine" {
		t.Errorf("payload changed to %q with the buffer it was read into", f.Payload)
	}
}

func TestDecoderDoesNotAllocateForBeats(t *testing.T) {
	stream := AppendFrame(AppendFrame(nil, Frame{Type: Beat, Seq: 1}), Frame{Type: Echo, Seq: 1})
	var d Decoder
	if n := testing.AllocsPerRun(100, func() {
		for p := stream; len(p) > 0; {
			_, rest, ok, err := d.Decode(p)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			p = rest
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzDecode: no stream makes the decoder panic; frames and error are the same
// however the stream is cut; what was decoded encodes to the bytes it came from.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, stream, cuts []byte) {
		const limit = 100
		want, wantErr := decodeAll(stream, limit, whole)
		i := 0
		got, gotErr := decodeAll(stream, limit, func() int {
			if len(cuts) == 0 {
				return 1
			}
			i++
			return int(cuts[(i-1)%len(cuts)])
		})
		if !reflect.DeepEqual(got, want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("cut by %v: got %v and %v, want %v and %v", cuts, got, gotErr, want, wantErr)
		}
		var again []byte
		for _, f := range got {
			if len(f.Payload) > limit || f.Type != Data && len(f.Payload) > 0 {
				t.Fatalf("decoded a frame that is not allowed: %+v", f)
			}
			again = AppendFrame(again, f)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("decoded %+v, which encode to % x, of % x", got, again, stream)
		}
		if wantErr == nil && len(stream)-len(again) >= HeaderSize+limit {
			t.Fatalf("%d bytes gave neither frame nor error", len(stream)-len(again))
		}
		if wantErr != nil && !strings.Contains(wantErr.Error(), "want") {
			t.Fatalf("error %q doesn't say what would be right", wantErr)
		}
	})
}
