//go:build kernel

package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// These tests build real networks: as root, or in a user namespace that they
// enter themselves. Where neither can be had they fail.
func TestMain(m *testing.M) {
	if err := Enter(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(victimOf) != "" {
		victim()
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait.
const patience = 20 * time.Second

// A line is a path with a connection, whose failures fail the test. Its end
// checks that this process holds nothing more than before.
type line struct {
	t *testing.T
	network.Path
	epoch          time.Time
	ctx            context.Context // of the path
	listener       net.Listener
	client, server *end
}

// newNetwork is a network that ends with the test.
func newNetwork(t *testing.T) *Network {
	t.Helper()
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func open(t *testing.T, faults ...network.Fault) *line {
	t.Helper()
	t.Parallel()
	n := newNetwork(t)
	l := &line{t: t, epoch: time.Now()}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	var err error
	if l.Path, err = n.Open(ctx, network.Setup{Name: t.Name(), Epoch: l.epoch, Faults: faults}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l.ctx = network.WithPath(ctx, l.Path)
	l.must(network.On(l.ctx, heartbeat.ServerSide, func() (err error) {
		l.listener, err = net.Listen("tcp", l.Addr())
		return err
	}))
	t.Cleanup(func() { l.listener.Close() })
	l.client, l.server = l.dial()
	return l
}

func (l *line) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) dial() (client, server *end) {
	l.t.Helper()
	c, err := network.Dial(l.ctx, l.Addr())
	l.must(err)
	s, err := l.listener.Accept()
	l.must(err)
	l.t.Cleanup(func() { c.Close(); s.Close() })
	return &end{l.t, c}, &end{l.t, s}
}

func (l *line) now() int64 { return int64(time.Since(l.epoch)) }

func (l *line) apply(i int) { l.t.Helper(); l.must(l.Apply(l.ctx, i)) }
func (l *line) undo(i int)  { l.t.Helper(); l.must(l.Undo(l.ctx, i)) }

func (l *line) observe() network.Observation {
	l.t.Helper()
	o, err := l.Observe(l.ctx)
	l.must(err)
	return o
}

// until waits for something that the proof will say.
func (l *line) until(what string, reached func(network.Observation) bool) network.Observation {
	l.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if o := l.observe(); reached(o) {
			return o
		}
	}
	l.t.Fatalf("waited in vain for %s: %+v", what, l.observe())
	return network.Observation{}
}

// An end is one of a connection.
type end struct {
	t *testing.T
	net.Conn
}

func (e *end) sends(text string) {
	e.t.Helper()
	if _, err := e.Write([]byte(text)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *end) gets(text string) {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(e, got); err != nil || string(got) != text {
		e.t.Fatalf("got %q, %v, want %q", got, err, text)
	}
}

func (e *end) getsNothing(for_ time.Duration) {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(for_))
	if n, err := e.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		e.t.Fatalf("got %d bytes, %v, want silence", n, err)
	}
}

// fails is how the connection ends next.
func (e *end) fails() error {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(patience))
	n, err := e.Read(make([]byte, 1))
	if n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		e.t.Fatalf("got %d bytes, %v, want an end", n, err)
	}
	return err
}

// held are the network namespaces that descriptors of a process hold, by inode.
func held(t *testing.T, pid string) map[string]bool {
	t.Helper()
	dir := "/proc/" + pid + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	spaces := map[string]bool{}
	for _, e := range entries {
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil && strings.HasPrefix(target, "net:[") {
			spaces[target] = true
		}
	}
	return spaces
}
