package toxiproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// A rig is a network and a server behind it. Its end checks that nothing is
// left of either.
type rig struct {
	t        *testing.T
	network  network.Network
	listener net.Listener
	epoch    time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &rig{t: t, network: n, listener: listener, epoch: time.Now()}
}

func (r *rig) setup(faults ...network.Fault) network.Setup {
	return network.Setup{
		Name:     r.t.Name(),
		Upstream: r.listener.Addr().String(),
		Epoch:    r.epoch,
		Seed:     1,
		Faults:   faults,
	}
}

// open opens a path, which is closed at the test's end at the latest.
func (r *rig) open(setup network.Setup) *line {
	r.t.Helper()
	p, err := r.network.Open(r.ctx(), setup)
	if err != nil {
		r.t.Fatal(err)
	}
	l := &line{rig: r, Path: p}
	r.t.Cleanup(l.close)
	return l
}

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *rig) now() int64 { return int64(time.Since(r.epoch)) }

// A line is a path whose failures fail the test.
type line struct {
	*rig
	network.Path
}

func (l *line) apply(i int) {
	l.t.Helper()
	if err := l.Apply(l.ctx(), i); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) undo(i int) {
	l.t.Helper()
	if err := l.Undo(l.ctx(), i); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) observe() network.Observation {
	l.t.Helper()
	o, err := l.Observe(l.ctx())
	if err != nil {
		l.t.Fatal(err)
	}
	return o
}

func (l *line) close() {
	l.t.Helper()
	if err := l.Close(l.ctx()); err != nil {
		l.t.Error(err)
	}
}

// until waits for something that the proof will say.
func (l *line) until(what string, reached func(network.Observation) bool) network.Observation {
	l.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if o := l.observe(); reached(o) {
			return o
		}
	}
	l.t.Fatalf("waited in vain for %s: %+v", what, l.observe())
	return network.Observation{}
}

// dial makes a connection: its two ends. The proxy takes it up a little later
// than it is made.
func (l *line) dial() (client, server *peer) {
	l.t.Helper()
	links := len(l.observe().Links)
	c, err := net.DialTimeout("tcp", l.Addr(), patience)
	if err != nil {
		l.t.Fatal(err)
	}
	s, err := l.listener.Accept()
	if err != nil {
		l.t.Fatal(err)
	}
	client, server = &peer{t: l.t, Conn: c}, &peer{t: l.t, Conn: s}
	l.t.Cleanup(func() { client.Close(); server.Close() })
	l.until("the link's birth", func(o network.Observation) bool { return len(o.Links) > links })
	return client, server
}

// A peer is one end of a connection.
type peer struct {
	t *testing.T
	net.Conn
}

func (p *peer) sends(text string) {
	p.t.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) wants(text string) {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(p, got); err != nil || string(got) != text {
		p.t.Fatalf("got %q, %v, want %q", got, err, text)
	}
}

// wantsSilence checks that nothing comes, neither a byte nor an end.
func (p *peer) wantsSilence() {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	var timeout net.Error
	n, err := p.Read(make([]byte, 1))
	if n > 0 || !errors.As(err, &timeout) || !timeout.Timeout() {
		p.t.Fatalf("got %d bytes, %v, want silence", n, err)
	}
}

// wantsEnd checks that the connection ends next, by a FIN or an RST.
func (p *peer) wantsEnd() {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(patience))
	var timeout net.Error
	n, err := p.Read(make([]byte, 1))
	if n > 0 || err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Fatalf("got %d bytes, %v, want the end", n, err)
	}
}

// all runs n jobs at once.
func all(n int, job func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { job(i) })
	}
	wg.Wait()
}

// free is an address that nobody listens at, and that nobody is given who wants any
// port: on Linux each of 127.0.0.0/8 is this machine.
func free(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}
