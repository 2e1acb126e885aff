package heartbeat

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// A peer that lies or speaks another language ends its own session, with an
// error that says why, and no other.
func TestServerOfLyingClients(t *testing.T) {
	hello := session.Frame{Type: session.Hello, Seq: 5}
	tests := []struct {
		name   string
		send   []byte
		frames []session.Frame
		want   string
	}{
		{name: "another protocol", send: []byte("GET / HTTP/1.1\r\n\r\n"), want: "magic is 0x47..., want 0xf1a7"},
		{name: "one wrong byte", send: []byte{0x16}, want: "magic is 0x16..., want 0xf1a7"},
		{name: "no hello", frames: []session.Frame{{Type: session.Beat}}, want: "first frame is beat, want hello or bye"},
		{name: "two hellos", frames: []session.Frame{hello, hello}, want: "frame is a second hello, want beat, echo, data or bye"},
		{
			name: "an echo out of nothing", frames: []session.Frame{hello, {Type: session.Echo}},
			want: "echo number is 0, want none, for no beat waits for an answer",
		},
		{
			name: "more than it may", frames: []session.Frame{hello, {Type: session.Data, Payload: make([]byte, 65)}},
			want: "payload length is 65, want at most 64",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				cfg := Config{MaxPayload: 64}
				b := start(t, l, l.dial, ClientConfig{Config: cfg}, ServerConfig{Config: cfg})
				synctest.Wait()
				liar := rawDial(t, l)
				before := time.Now()
				for _, f := range tt.frames {
					tt.send = session.AppendFrame(tt.send, f)
				}
				if _, err := liar.Write(tt.send); err != nil {
					t.Fatal(err)
				}
				f := liar.hear()
				if f.Type == session.Hello {
					f = liar.hear()
				}
				if f.Type != session.Bye || session.Reason(f.Seq) != session.ReasonNonsense {
					t.Errorf("was told %+v, want bye for nonsense", f)
				}
				if time.Since(before) > 0 {
					t.Errorf("told after %v, want at once", time.Since(before))
				}
				_ = liar.Close()
				e := b.server.last(session.Down)
				if e.Cause != session.Nonsense || !strings.Contains(e.Detail, tt.want) {
					t.Errorf("server: %+v, want %q", e, tt.want)
				}
				if err := b.client.session(0).Err(); err != nil {
					t.Errorf("an innocent session ended: %v", err)
				}
				b.stop(t)
			})
		})
	}
}

func TestClientOfLyingServers(t *testing.T) {
	tests := []struct {
		name   string
		answer func(hello session.Frame) []session.Frame
		up     bool
		want   string
	}{
		{
			name: "another session's hello", want: "session id is 0x1, want ours, 0x",
			answer: func(session.Frame) []session.Frame { return []session.Frame{{Type: session.Hello, Seq: 1}} },
		},
		{
			name: "a beat first", want: "first frame is beat, want hello or bye",
			answer: func(session.Frame) []session.Frame { return []session.Frame{{Type: session.Beat}} },
		},
		{
			name: "an echo of a beat never sent", up: true, want: "echo number is 7, want 0 to 0",
			answer: func(h session.Frame) []session.Frame { return []session.Frame{h, {Type: session.Echo, Seq: 7}} },
		},
		{
			name: "an unknown reason", up: true, want: "bye reason is 99, want 1 to 5",
			answer: func(h session.Frame) []session.Frame { return []session.Frame{h, {Type: session.Bye, Seq: 99}} },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				r := recorder{t: t}
				client, err := NewClient(ClientConfig{Config: r.on(Config{}), Dial: l.dial, MaxAttempts: 1})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				ran := make(chan error, 1)
				go func() { ran <- client.Run(ctx) }()
				conn, _ := l.Accept()
				server := raw{t, conn}
				answer := tt.answer(server.hear())
				server.send(answer[0])
				synctest.Wait() // so that a beat is sent
				server.send(answer[1:]...)
				synctest.Wait()
				if e := r.last(session.Down); e.Cause != session.Nonsense || !strings.Contains(e.Detail, tt.want) {
					t.Errorf("client: %+v, want %q", e, tt.want)
				}
				_ = conn.Close()
				if tt.up {
					wantCause(t, r.session(0).Err(), session.Nonsense, false)
					cancel()
				}
				err = <-ran
				if ce, ok := errors.AsType[*ConnectError](err); ok == tt.up || ok && (ce.Attempts != 1 || CauseOf(err) != session.Nonsense) {
					t.Errorf("Run returned %v", err)
				}
			})
		})
	}
}
