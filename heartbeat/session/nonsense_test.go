package session

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestNonsense(t *testing.T) {
	hello := Frame{Type: Hello, Seq: id}
	tests := []struct {
		name  string
		side  Side
		early bool // before the peer's hello
		hears []Frame
		want  FrameError
	}{
		{
			name: "a beat before hello", side: Server, early: true, hears: []Frame{{Type: Beat}},
			want: FrameError{"first frame", "beat", "hello or bye"},
		},
		{
			name: "data before hello", side: Client, early: true, hears: []Frame{{Type: Data}},
			want: FrameError{"first frame", "data", "hello or bye"},
		},
		{
			name: "an echo before hello", side: Client, early: true, hears: []Frame{{Type: Echo}},
			want: FrameError{"first frame", "echo", "hello or bye"},
		},
		{
			name: "another's hello", side: Client, early: true, hears: []Frame{{Type: Hello, Seq: 1}},
			want: FrameError{"session id", "0x1", "ours, 0xc0ffee"},
		},
		{
			name: "an answer without id", side: Client, early: true, hears: []Frame{{Type: Hello}},
			want: FrameError{"session id", "0x0", "ours, 0xc0ffee"},
		},
		{
			name: "a hello without id", side: Server, early: true, hears: []Frame{{Type: Hello}},
			want: FrameError{"session id", "0x0", "not 0"},
		},
		{
			name: "a second hello", side: Server, hears: []Frame{hello},
			want: FrameError{"frame", "a second hello", "beat, echo, data or bye"},
		},
		{
			name: "a second answer", side: Client, hears: []Frame{hello},
			want: FrameError{"frame", "a second hello", "beat, echo, data or bye"},
		},
		{
			name: "beats that don't begin at 0", side: Server, hears: []Frame{{Type: Beat, Seq: 1}},
			want: FrameError{"beat number", "1", "0"},
		},
		{
			name: "the same beat twice", side: Server, hears: []Frame{{Type: Beat, Seq: 0}, {Type: Beat, Seq: 0}},
			want: FrameError{"beat number", "0", "1"},
		},
		{
			name: "an echo of a beat never sent", side: Client, hears: []Frame{{Type: Echo, Seq: 3}},
			want: FrameError{"echo number", "3", "0 to 2"},
		},
		{
			name: "an echo of what was answered", side: Client, hears: []Frame{{Type: Echo, Seq: 1}, {Type: Echo, Seq: 1}},
			want: FrameError{"echo number", "1", "2 to 2"},
		},
		{
			name: "an echo when all is answered", side: Client, hears: []Frame{{Type: Echo, Seq: 2}, {Type: Echo, Seq: 2}},
			want: FrameError{"echo number", "2", "none, for no beat waits for an answer"},
		},
		{
			name: "an echo to a side that doesn't beat", side: Server, hears: []Frame{{Type: Echo, Seq: 0}},
			want: FrameError{"echo number", "0", "none, for no beat waits for an answer"},
		},
		{
			name: "a gap in the data", side: Client, hears: []Frame{{Type: Data, Seq: 0}, {Type: Data, Seq: 2}},
			want: FrameError{"data number", "2", "1"},
		},
		{
			name: "data twice", side: Server, hears: []Frame{{Type: Data, Seq: 0}, {Type: Data, Seq: 0}},
			want: FrameError{"data number", "0", "1"},
		},
		{
			name: "a bye without reason", side: Client, hears: []Frame{{Type: Bye, Seq: 0}},
			want: FrameError{"bye reason", "0", "1 to 5"},
		},
		{
			name: "a bye for a reason of its own", side: Client, early: true, hears: []Frame{{Type: Bye, Seq: 6}},
			want: FrameError{"bye reason", "6", "1 to 5"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var events []Event
			cfg := Config{
				Side: tt.side, Echoes: true, HandshakeTimeout: ms(2000), MaxQueued: 1000,
				Observer: func(e Event) { events = append(events, e) },
			}
			var own uint64
			if tt.side == Client {
				cfg.Interval = ms(2000)
				own = id
			}
			m := New(&cfg, own)
			m.Start(0)
			now := int64(0)
			if !tt.early {
				m.Hear(hello, now)
				for range 3 { // beats, from a client
					drain(m, now)
					now += int64(ms(2000))
					m.Wake(now)
				}
			}
			for _, f := range tt.hears {
				if m.Err() != nil {
					t.Fatalf("ended too soon: %v", m.Err())
				}
				m.Hear(f, now)
			}
			var nonsense *NonsenseError
			var frame *FrameError
			if !errors.As(m.Err(), &nonsense) || !errors.As(m.Err(), &frame) || *frame != tt.want {
				t.Fatalf("ended with %v, want nonsense: %v", m.Err(), &tt.want)
			}
			if want := fmt.Sprintf("%s sent nonsense: %s is %s, want %s", tt.side.Peer(), tt.want.Part, tt.want.Got, tt.want.Want); m.Err().Error() != want {
				t.Errorf("error %q, want %q", m.Err(), want)
			}
			last := events[len(events)-1]
			if last.What != Down || last.Cause != Nonsense {
				t.Errorf("last event is %+v, want down for nonsense", last)
			}
			if sent := drain(m, now); len(sent) != 1 || sent[0].Type != Bye || sent[0].Seq != uint64(ReasonNonsense) {
				t.Errorf("last words %+v, want bye for nonsense", sent)
			}
		})
	}
}

// drain takes all that m has to send.
func drain(m *Machine, now int64) []Frame {
	var frames []Frame
	for f, ok := m.Next(now); ok; f, ok = m.Next(now) {
		frames = append(frames, f)
	}
	return frames
}

func TestMisheardIsNonsense(t *testing.T) {
	s := beginUp(t, Config{Side: Server})
	err := &FrameError{"version", "2", "1"}
	s.m.Misheard(err, 0)
	s.ended(Down, &NonsenseError{Peer: Client, Err: err})
	s.sent(Bye, uint64(ReasonNonsense))
	s.afterTheEnd()
}

// FuzzHear: whatever a lying peer sends, a machine neither panics nor hangs
// on, and what it says at the end has a cause.
func FuzzHear(f *testing.F) {
	f.Fuzz(func(t *testing.T, client bool, stream []byte) { lie(t, client, false, stream) })
}

// FuzzHearDatagrams is FuzzHear where frames may be lost, doubled and overtaken.
func FuzzHearDatagrams(f *testing.F) {
	f.Fuzz(func(t *testing.T, client bool, stream []byte) { lie(t, client, true, stream) })
}

func lie(t *testing.T, client, datagrams bool, stream []byte) {
	cfg := Config{Side: Server, Echoes: true, Datagrams: datagrams, Detector: fixed, HandshakeTimeout: ms(2000), MaxQueued: 200}
	own := uint64(0)
	if client {
		cfg.Side, cfg.Interval, cfg.Detector = Client, ms(2000), echoTimer
		own = id
	}
	m := New(&cfg, own)
	m.Start(0)
	frames, err := decodeAll(stream, 100, whole)
	now := int64(0)
	for _, f := range frames {
		m.Hear(f, now)
		if sent := drain(m, now); datagrams && len(sent) > 3 {
			t.Fatalf("one frame is answered by %d: %+v", len(sent), sent)
		}
		if at, ok := m.WakeAt(); ok && f.Seq%2 == 0 {
			if at < now {
				t.Fatalf("at %d: wants to be woken at %d", now, at)
			}
			now = at
			m.Wake(now)
		}
	}
	if err != nil {
		m.Misheard(err, now)
	} else {
		m.Gone(io.EOF, now)
	}
	if m.Err() == nil || CauseOf(m.Err()) == "" {
		t.Fatalf("ended with %v, cause %q", m.Err(), CauseOf(m.Err()))
	}
	if sent := drain(m, now); len(sent) > 1 || m.Pending() {
		t.Fatalf("still sends %+v", sent)
	}
	if _, ok := m.WakeAt(); ok {
		t.Fatal("wants to be woken after the end")
	}
}
