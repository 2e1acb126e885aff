package session

import "fmt"

// What is wrong with a frame that is well formed, but not to be sent here.

func (m *Machine) outOfPlace(t Type) error {
	if t == Hello {
		return &FrameError{"frame", "a second hello", "beat, echo, data or bye"}
	}
	return &FrameError{"first frame", t.String(), "hello or bye"}
}

func (m *Machine) wrongID(id uint64) error {
	want := "not 0"
	if m.cfg.Side == Client {
		want = fmt.Sprintf("ours, %#x", m.id)
	}
	return &FrameError{"session id", fmt.Sprintf("%#x", id), want}
}

func (m *Machine) wrongEcho(seq uint64) error {
	want := "none, for no beat waits for an answer"
	if m.answered < m.beats {
		want = fmt.Sprintf("%d to %d", m.answered, m.beats-1)
	}
	return &FrameError{"echo number", fmt.Sprint(seq), want}
}

func wrongNumber(t Type, seq, want uint64) error {
	return &FrameError{t.String() + " number", fmt.Sprint(seq), fmt.Sprint(want)}
}

func wrongReason(r Reason) error {
	return &FrameError{"bye reason", fmt.Sprint(uint64(r)), fmt.Sprintf("%d to %d", ReasonLeft, ReasonBusy)}
}

// unread says that another payload, of n bytes, finds no room.
func (m *Machine) unread(n int) error {
	return &UnreadError{Reader: m.cfg.Side, Detail: fmt.Sprintf(
		"%d bytes wait to be received, %d more would pass the limit of %d", m.in.bytes, n+HeaderSize, m.cfg.MaxQueued)}
}
