package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		var story []string // written by one goroutine at a time, in this order
		b := start(t, l, l.dial, ClientConfig{Config: Config{
			OnUp: func(s *Session) {
				story = append(story, "up")
				<-s.Done()
				time.Sleep(time.Second) // still at it when the session has ended
				story = append(story, "up returned")
			},
			OnDown: func(s *Session, err error) {
				story = append(story, fmt.Sprintf("down: %v, %v", err, s.Err() == err))
			},
		}}, ServerConfig{})
		synctest.Wait()
		b.stop(t) // waits for the hooks
		if got, want := strings.Join(story, "; "), "up; up returned; down: session closed by this side, true"; got != want {
			t.Errorf("the hooks told %q, want %q", got, want)
		}
	})
}

// Close of a client's session is no end to the client: it dials again.
func TestClientDialsAgainAfterAnyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{}, ServerConfig{})
		synctest.Wait()
		for n := range 3 {
			r := []*recorder{&b.client, &b.server}[n%2]
			if err := r.session(n).Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * time.Second)
		}
		if err := b.client.session(3).Err(); err != nil {
			t.Error(err)
		}
		b.stop(t)
	})
}

// Attempts that fail count in a row; a session that came up breaks the row.
func TestOnlyFailuresInARowCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		dials := 0
		dial := func(ctx context.Context) (net.Conn, error) {
			if dials++; dials%3 != 0 {
				return nil, syscall.ECONNREFUSED
			}
			return l.dial(ctx)
		}
		b := start(t, l, dial, ClientConfig{MaxAttempts: 3}, ServerConfig{Config: Config{OnUp: func(s *Session) { _ = s.Close() }}})
		time.Sleep(time.Minute)
		if n := len(b.client.all(session.Up)); n < 5 {
			t.Errorf("%d sessions came up in a minute, want many", n)
		}
		b.stop(t)
	})
}

// A session that lasted sets the waits back to short ones; one that ended at
// once doesn't.
func TestLastingSessionsSetTheWaitsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLink()
		b := start(t, l, l.dial, ClientConfig{Backoff: Backoff{Initial: time.Millisecond, Max: time.Hour}}, ServerConfig{})
		synctest.Wait()
		gap := func(n int, lasts time.Duration) time.Duration {
			t.Helper()
			time.Sleep(lasts)
			if err := b.client.session(n).Close(); err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			for len(b.client.all(session.Up)) <= n+1 {
				time.Sleep(time.Millisecond)
			}
			return time.Since(before)
		}
		var longest time.Duration
		n := 0
		for ; n < 15; n++ {
			longest = max(longest, gap(n, 0))
		}
		if longest < time.Second {
			t.Errorf("sessions that ended at once were followed by waits of at most %v, want ever longer ones", longest)
		}
		if d := gap(n, 2*time.Hour); d > 2*time.Millisecond {
			t.Errorf("a session that lasted was followed by a wait of %v, want at most 1ms", d)
		}
		b.stop(t)
	})
}

func TestRunEndsAtOnceInAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := NewClient(ClientConfig{
			Dial:    func(context.Context) (net.Conn, error) { return nil, syscall.ECONNREFUSED },
			Backoff: Backoff{Initial: time.Hour},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		before := time.Now()
		if err := client.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != time.Second {
			t.Errorf("Run returned %v after %v", err, time.Since(before))
		}
	})
}
