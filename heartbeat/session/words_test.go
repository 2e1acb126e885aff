package session

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

func TestErrors(t *testing.T) {
	tests := []struct {
		err     error
		cause   Cause
		timeout bool
		text    string
	}{
		{err: ErrClosed, cause: WeLeft, text: "session closed by this side"},
		{
			err: &SilentError{Peer: Server, Detail: "numbers"}, cause: Silent, timeout: true,
			text: "server went silent: numbers",
		},
		{err: &GaveUpError{Peer: Client}, cause: GaveUp, text: "client gave up on us"},
		{err: &ClosedError{Peer: Client, Announced: true}, cause: Left, text: "client left"},
		{
			err: &ClosedError{Peer: Client, Err: io.EOF}, cause: Vanished,
			text: "client closed the connection without a word: EOF",
		},
		{
			err: &NonsenseError{Peer: Server, Err: &FrameError{"version", "2", "1"}}, cause: Nonsense,
			text: "server sent nonsense: version is 2, want 1",
		},
		{err: &MisreadError{Peer: Server}, cause: Misread, text: "server calls our frames nonsense"},
		{
			err: &HandshakeError{Peer: Server, After: 2 * time.Second}, cause: NoAnswer, timeout: true,
			text: "no hello from the server within 2s",
		},
		{err: &UnreadError{Reader: Client, Detail: "why"}, cause: Unread, text: "client does not read: why"},
		{err: &RefusedError{By: Server}, cause: Refused, text: "server has too many sessions"},
		{err: io.EOF, cause: "", text: "EOF"},
	}
	for _, tt := range tests {
		if got := CauseOf(fmt.Errorf("wrapped: %w", tt.err)); got != tt.cause {
			t.Errorf("%v: cause %q, want %q", tt.err, got, tt.cause)
		}
		if tt.err.Error() != tt.text {
			t.Errorf("error %q, want %q", tt.err, tt.text)
		}
		var timeout net.Error
		if got := errors.As(tt.err, &timeout) && timeout.Timeout(); got != tt.timeout {
			t.Errorf("%v: timeout %v, want %v", tt.err, got, tt.timeout)
		}
	}
	if c := CauseOf(nil); c != "" {
		t.Errorf("no error has the cause %q", c)
	}
}

func TestModeText(t *testing.T) {
	for _, m := range []Mode{Act, Observe} {
		text, err := m.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got := Mode(9)
		if err := got.UnmarshalText(text); err != nil || got != m {
			t.Errorf("%s: read %v (%v), want %v", text, got, err, m)
		}
	}
	var m Mode
	if err := m.UnmarshalText([]byte("watch")); err == nil || err.Error() != `mode "watch": want act or observe` {
		t.Errorf("watch: error %v", err)
	}
}

func TestPeer(t *testing.T) {
	for side, want := range map[Side]Side{Client: Server, Server: Client, "": "", "network": ""} {
		if got := side.Peer(); got != want {
			t.Errorf("peer of %q is %q, want %q", side, got, want)
		}
	}
}
