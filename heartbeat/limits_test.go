package heartbeat

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestTooManySessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{MaxSessions: 1})
		synctest.Wait()
		other, err := NewClient(ClientConfig{Dial: l.dial, MaxAttempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		err = other.Run(context.Background())
		wantCause(t, err, session.Refused, false)
		if took := time.Since(before); took > 0 {
			t.Errorf("refused after %v, want at once", took)
		}
		if e := b.server.last(session.Down); e.Cause != session.Refused {
			t.Errorf("server: %+v", e)
		}
		// Who leaves makes room.
		if err := b.client.session(0).Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		if b.client.session(1).Err() != nil {
			t.Error("no session after one has left")
		}
		b.stop(t)
	})
}

// A flood beyond the limit costs a bounded number of goroutines.
func TestFloodIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		stop := serve(t, l, ServerConfig{MaxSessions: 1})
		rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		told, closed := 0, 0
		for range maxRefusals + 50 {
			c := rawDial(t, l)
			defer c.Close()
			switch _, err := c.Read(make([]byte, 100)); err {
			case nil:
				told++
			case io.EOF:
				closed++
			default:
				t.Fatal(err)
			}
		}
		if told != maxRefusals || closed != 50 {
			t.Errorf("%d were told, %d closed; want %d and 50", told, closed, maxRefusals)
		}
		time.Sleep(2 * lingerTime)
		if f := rawDial(t, l).hear(); f.Type != session.Bye || session.Reason(f.Seq) != session.ReasonBusy {
			t.Errorf("after the flood, heard %+v, want to be told again", f)
		}
		stop()
	})
}

func TestConsumerThatDoesNotReceiveIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		const queued = 10 * (100 + HeaderSize)
		cfg := Config{MaxPayload: 100, MaxQueued: queued}
		b := start(t, l, l.dial, ClientConfig{Config: cfg}, ServerConfig{Config: cfg})
		synctest.Wait()
		c, s := b.client.session(0), b.server.session(0)
		for range 10 {
			if err := c.Send(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if s.Err() != nil {
			t.Fatalf("ended within the limit: %v", s.Err())
		}
		if err := c.Send(nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		wantCause(t, s.Err(), session.Unread, false)
		wantCause(t, c.Err(), session.Unread, false)
		if !strings.HasPrefix(s.Err().Error(), "server does not read") || !strings.HasPrefix(c.Err().Error(), "server does not read") {
			t.Errorf("errors %q and %q don't say who", s.Err(), c.Err())
		}
		// What arrived in time can still be received.
		for range 10 {
			if p, err := s.Receive(context.Background()); err != nil || len(p) != 100 {
				t.Fatalf("received %d bytes (%v)", len(p), err)
			}
		}
		if _, err := s.Receive(context.Background()); !errors.As(err, new(*UnreadError)) {
			t.Errorf("after all is received: %v", err)
		}
		b.stop(t)
	})
}

// A peer that beats, but reads nothing: our writes block, and no beat, no
// deadline and no call of ours waits for them.
func TestPeerThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{Policy: strict(t, "push"), MaxQueued: 1 << 17})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		s := r.session(0)
		var err error
		sends := 0
		for ; err == nil; sends++ {
			err = s.Send(make([]byte, 1<<14))
			synctest.Wait()
		}
		if !errors.Is(err, ErrQueueFull) || sends < 8 {
			t.Errorf("send %d: %v, want %v", sends, err, ErrQueueFull)
		}
		for seq := range uint64(30) {
			if s.Err() != nil {
				break
			}
			c.send(session.Frame{Type: session.Beat, Seq: seq})
			time.Sleep(2 * time.Second)
		}
		wantCause(t, s.Err(), session.Unread, false)
		// Strict's window ends at 9 s, so that a write may take 18 to 36 s.
		if at := time.Duration(r.last(session.Down).At); at < 18*time.Second || at > 36*time.Second {
			t.Errorf("ended after %v, want 18 to 36 s", at)
		}
		if n := len(r.all(session.Suspect)); n > 0 {
			t.Errorf("%d suspicions of a peer that beats", n)
		}
		_ = c.Close()
		stop()
	})
}

// A beat waits for the payload that is being written, and for no other.
func TestBeatPassesQueuedData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{Policy: strict(t, "push")})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		for range 5 {
			if err := r.session(0).Send(make([]byte, 1<<14)); err != nil {
				t.Fatal(err)
			}
		}
		const hello, beat, data = session.Hello, session.Beat, session.Data
		for _, want := range [][]session.Type{
			{hello, beat, data, beat}, // the second beat fell due while the first payload was written
			{data, beat, data, data, data},
		} {
			time.Sleep(2500 * time.Millisecond)
			var got []session.Type
			for range want {
				got = append(got, c.hear().Type)
			}
			if !slices.Equal(got, want) {
				t.Errorf("heard %v, want %v", got, want)
			}
		}
		_ = c.Close()
		stop()
	})
}

// Behind a write that blocks, a silent peer is found on time, and the hang-up
// doesn't wait either.
func TestSilenceBehindABlockedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 1 << 12
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{Policy: strict(t, "fixed")})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		s := r.session(0)
		for range 10 {
			if err := s.Send(make([]byte, 1<<14)); err != nil {
				t.Fatal(err)
			}
		}
		before := time.Now()
		<-s.Done()
		wantCause(t, s.Err(), session.Silent, true)
		if took, want := time.Since(before), 8550*time.Millisecond+drainTime+byeTime; took != want {
			t.Errorf("closed after %v, want %v", took, want)
		}
		_ = c.Close()
		stop()
	})
}

// Send takes a copy: the caller may write to its buffer again.
func TestSendCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		l.room = 100
		r := recorder{t: t}
		stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
		c := rawDial(t, l, session.Frame{Type: session.Hello, Seq: 5})
		c.hear()
		s := r.session(0)
		payload := make([]byte, 200) // more than the link takes: what follows is queued
		for n := range 3 {
			payload[0] = byte(n)
			if err := s.Send(payload); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		for n := range 3 {
			if f := c.hear(); f.Payload[0] != byte(n) {
				t.Errorf("payload %d begins with %d", n, f.Payload[0])
			}
		}
		_ = c.Close()
		stop()
	})
}
