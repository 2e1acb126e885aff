//go:build unix

package subject

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// policy is the strict one with that probe, or its short name.
func policy(t *testing.T, name string, interval time.Duration) heartbeat.Policy {
	t.Helper()
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		if p.Name == name {
			if p.Interval > 0 {
				p.Interval = interval
			}
			return p
		}
	}
	t.Fatalf("no policy %s", name)
	return heartbeat.Policy{}
}

// stage is a prober that is up, client and server connected without a network
// between them.
type stage struct {
	*prober
	t   *testing.T
	rec *trace.Recorder
}

func newStage(t *testing.T, p heartbeat.Policy) *stage {
	t.Helper()
	epoch := time.Now()
	rec, err := trace.NewRecorder(nil, trace.Header{Epoch: epoch})
	if err != nil {
		t.Fatal(err)
	}
	made, err := Pair{}.New(Setup{Policy: p, Epoch: epoch, Record: rec.Record})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{prober: made.(*prober), t: t, rec: rec}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(ln) })
	running.Go(func() { _ = s.Dial(ctx, ln.Addr().String()) })
	t.Cleanup(func() {
		cancel()
		_ = ln.Close()
		running.Wait()
		_, _ = rec.Close()
		goleak.VerifyNone(t)
	})
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		s.wait(side, trace.Up, "")
	}
	return s
}

// wait returns the first such event, old or new; kind "": any.
func (s *stage) wait(side heartbeat.Side, what trace.What, kind string) trace.Event {
	s.t.Helper()
	return s.waitFor(fmt.Sprintf("%s %s %s", side, what, kind), func(e trace.Event) bool {
		return e.Side == side && e.What == what && (kind == "" || e.Kind == kind)
	})
}

func (s *stage) waitFor(what string, ok func(trace.Event) bool) trace.Event {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	e, err := s.rec.Wait(ctx, ok)
	if err != nil {
		s.t.Fatalf("no %s", what)
	}
	return e
}

// saw is everything that happened to a side, without the instants.
func (s *stage) saw(side heartbeat.Side) []string {
	tr, err := s.rec.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range tr.Events {
		if e.Side == side {
			word := string(e.What)
			for _, more := range []string{e.Kind, e.Cause} {
				if more != "" {
					word += " " + more
				}
			}
			out = append(out, word)
		}
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestProberIsUpAfterAHelloEachWay(t *testing.T) {
	for _, probe := range askable {
		t.Run(string(probe), func(t *testing.T) {
			s := newStage(t, policy(t, string(probe), time.Hour))
			if got, want := s.saw(heartbeat.ClientSide), []string{"sent hello", "heard hello", "up"}; !slices.Equal(got, want) {
				t.Errorf("client saw %q, want %q", got, want)
			}
			if got, want := s.saw(heartbeat.ServerSide), []string{"heard hello", "sent hello", "up"}; !slices.Equal(got, want) {
				t.Errorf("server saw %q, want %q", got, want)
			}
		})
	}
}

// What each client makes of a server that closes in order.
func TestProberWhoseServerCloses(t *testing.T) {
	const interval = 200 * time.Millisecond
	for _, row := range []struct {
		name string
		want []string // from the end of the hello on
	}{
		{name: "urgent", want: []string{"sent beat", "sent beat", "down peer closed"}},
		{name: "keepalive", want: []string{"down peer closed"}},
		{name: "user-timeout", want: []string{"down peer closed"}},
		{name: "tcp-info", want: []string{"down peer closed"}},
		{name: "socket-state", want: []string{"asked", "asked", "asked", "asked", "asked"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := policy(t, row.name, interval)
			if !slices.Contains(askable, p.Probe) {
				t.Skipf("not supported on %s", runtime.GOOS)
			}
			s := newStage(t, p)
			must(t, s.Leave(heartbeat.ServerSide))
			if p.Probe == heartbeat.ProbeSocketState {
				s.waitFor("fifth look", func(e trace.Event) bool { return e.What == trace.Asked && e.Seq == 5 })
			} else {
				s.wait(heartbeat.ClientSide, trace.Down, "")
			}
			if got := s.saw(heartbeat.ClientSide)[3:]; !slices.Equal(got, row.want) {
				t.Errorf("client saw %q, want %q", got, row.want)
			}
			if got, want := s.saw(heartbeat.ServerSide)[3:], []string{"closed we left"}; !slices.Equal(got, want) {
				t.Errorf("server saw %q, want %q", got, want)
			}
		})
	}
}

func TestProberAsksAtMultiplesOfTheInterval(t *testing.T) {
	const interval = 20 * time.Millisecond
	s := newStage(t, policy(t, "socket-state", interval))
	up := s.wait(heartbeat.ClientSide, trace.Up, "").T
	s.waitFor("third look", func(e trace.Event) bool { return e.What == trace.Asked && e.Seq == 3 })
	tr, _ := s.rec.Close()
	n := uint64(0)
	for _, e := range tr.Events {
		if e.What != trace.Asked {
			continue
		}
		n++
		if e.Seq != n || e.Side != heartbeat.ClientSide || e.T < up+int64(n)*int64(interval) {
			t.Errorf("look %d: %+v, up at %d", n, e, up)
		}
	}
}

// An urgent byte is none of the stream's, as long as the peer reads.
func TestUrgentBytesStayOutOfTheStream(t *testing.T) {
	s := newStage(t, policy(t, "urgent", 10*time.Millisecond))
	for _, seq := range []uint64{3, 6, 9} {
		s.waitFor("beat", func(e trace.Event) bool { return e.Kind == "beat" && e.Seq == seq })
		must(t, s.Canary(heartbeat.ClientSide))
	}
	heard := 0
	s.waitFor("third canary", func(e trace.Event) bool {
		if e.Side == heartbeat.ServerSide && e.What == trace.Heard && e.Kind == "data" {
			heard++
		}
		return heard == 3
	})
	if got, want := s.saw(heartbeat.ServerSide)[3:], []string{"heard data", "heard data", "heard data"}; !slices.Equal(got, want) {
		t.Errorf("server saw %q, want %q", got, want)
	}
}

func TestABeatIsHeardAndCounted(t *testing.T) {
	if !slices.Contains(askable, heartbeat.ProbeUserTimeout) {
		t.Skipf("not supported on %s", runtime.GOOS)
	}
	s := newStage(t, policy(t, "user-timeout", 10*time.Millisecond))
	sent := s.waitFor("sending", func(e trace.Event) bool { return e.What == trace.Sent && e.Kind == "beat" && e.Seq == 3 })
	heard := s.waitFor("hearing", func(e trace.Event) bool { return e.What == trace.Heard && e.Kind == "beat" && e.Seq == 3 })
	if sent.Side != heartbeat.ClientSide || heard.Side != heartbeat.ServerSide || sent.Stamp != "before write" || heard.Stamp != "after read" || sent.T > heard.T {
		t.Errorf("sent %+v, heard %+v", sent, heard)
	}
}

// A client that doesn't read begins to for a canary; until then it knows of none.
func TestCanariesArriveBothWays(t *testing.T) {
	for _, probe := range askable {
		t.Run(string(probe), func(t *testing.T) {
			s := newStage(t, policy(t, string(probe), time.Hour))
			must(t, s.Canary(heartbeat.ClientSide))
			s.wait(heartbeat.ServerSide, trace.Heard, "data")
			must(t, s.Canary(heartbeat.ServerSide))
			s.wait(heartbeat.ClientSide, trace.Heard, "data")
		})
	}
}

func TestProberWhoseServerResets(t *testing.T) {
	s := newStage(t, policy(t, "socket-state", 20*time.Millisecond))
	must(t, s.Reset(heartbeat.ServerSide))
	down := s.wait(heartbeat.ClientSide, trace.Down, "")
	if down.Cause != string(session.Vanished) || down.Session != "1" {
		t.Errorf("got %+v", down)
	}
}

// A kernel that gave up waiting is a detector; one that heard of an end isn't.
func TestWhatTheKernelSays(t *testing.T) {
	for _, row := range []struct {
		err  error
		want []string
	}{
		{syscall.ETIMEDOUT, []string{"suspect", "down peer went silent"}},
		{syscall.EHOSTUNREACH, []string{"suspect", "down peer went silent"}},
		{syscall.ENETUNREACH, []string{"suspect", "down peer went silent"}},
		{syscall.ECONNRESET, []string{"down peer closed"}},
	} {
		t.Run(row.err.Error(), func(t *testing.T) {
			s := newStage(t, policy(t, "keepalive", 0))
			e, err := s.end(heartbeat.ClientSide)
			must(t, err)
			e.fail(e.now(), fmt.Errorf("read: %w", &net.OpError{Op: "read", Err: row.err}))
			e.fail(e.now(), row.err) // only the first counts
			e.leave()
			if got := s.saw(heartbeat.ClientSide)[3:]; !slices.Equal(got, row.want) {
				t.Errorf("client saw %q, want %q", got, row.want)
			}
		})
	}
}

func TestProberRefusesWhatTheSystemHasNot(t *testing.T) {
	had := askable
	defer func() { askable = had }()
	askable = []heartbeat.Probe{heartbeat.ProbeUrgent}
	_, err := Pair{}.New(Setup{Policy: policy(t, "tcp-info", time.Second)})
	if want := (UnsupportedError{heartbeat.ProbeTCPInfo}); err != want || err.Error() != "probe tcp-info: not supported on "+runtime.GOOS {
		t.Errorf("error %v, want %v", err, want)
	}
}

func TestAProbersMessageIsAnswered(t *testing.T) {
	s := newStage(t, policy(t, "keepalive", 0))
	must(t, s.Say())
	s.wait(heartbeat.ServerSide, trace.Heard, "data")
	s.wait(heartbeat.ClientSide, trace.Heard, "data")
}
