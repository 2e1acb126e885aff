package heartbeat

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// The tests in this file run over real sockets, in real time.

// quick is a policy for people in a hurry.
func quick(t testing.TB) Policy {
	t.Helper()
	p := strict(t, "echo-timer")
	p.Interval = 10 * time.Millisecond
	return p
}

// noneLeft looks that no goroutine of ours is left at the test's end.
func noneLeft(t testing.TB) {
	t.Cleanup(func() {
		var stacks string
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			b := make([]byte, 1<<20)
			stacks = string(b[:runtime.Stack(b, true)])
			if !strings.Contains(stacks, "heartbeat.(*") {
				return
			}
		}
		t.Errorf("goroutines are left:\n%s", stacks)
	})
}

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dialTo(l net.Listener) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, l.Addr().Network(), l.Addr().String())
	}
}

// converse sends payloads of many sizes from the client to a server that
// echoes, several at a time, and looks that all come back in order.
func converse(t *testing.T, s *Session) {
	t.Helper()
	const messages, atATime = 500, 10
	message := func(n int) []byte { return bytes.Repeat([]byte{byte(n)}, n*n%(64<<10)) }
	for n := range messages + atATime {
		if n < messages {
			if err := s.Send(message(n)); err != nil {
				t.Fatalf("message %d: %v", n, err)
			}
		}
		if n := n - atATime; n >= 0 {
			if got := receive(t, s); got != string(message(n)) {
				t.Fatalf("message %d is %d bytes, want %d", n, len(got), len(message(n)))
			}
		}
	}
}

func TestRealNetworks(t *testing.T) {
	pair, pool := certificate(t)
	tests := []struct {
		name   string
		listen func(t *testing.T) net.Listener
		dial   func(net.Listener) func(context.Context) (net.Conn, error)
	}{
		{name: "tcp", listen: func(t *testing.T) net.Listener { return listenTCP(t) }, dial: dialTo},
		{
			name: "unix", dial: dialTo,
			listen: func(t *testing.T) net.Listener {
				if runtime.GOOS == "windows" {
					t.Skip("no unix sockets")
				}
				l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
				if err != nil {
					t.Fatal(err)
				}
				return l
			},
		},
		{
			name: "tls",
			listen: func(t *testing.T) net.Listener {
				return tls.NewListener(listenTCP(t), &tls.Config{Certificates: []tls.Certificate{pair}})
			},
			dial: func(l net.Listener) func(context.Context) (net.Conn, error) {
				d := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "localhost"}}
				return func(ctx context.Context) (net.Conn, error) {
					return d.DialContext(ctx, "tcp", l.Addr().String())
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noneLeft(t)
			l := tt.listen(t)
			cfg := Config{Policy: quick(t)}
			server := cfg
			server.OnUp = echo
			b := start(quiet{t}, l, tt.dial(l), ClientConfig{Config: cfg}, ServerConfig{Config: server})
			converse(t, b.client.waitFor(0))
			if n := len(b.client.all(session.Down)); n > 0 {
				t.Errorf("%d sessions went down: %+v", n, b.client.last(session.Down))
			}
			b.stop(t)
			wantCause(t, b.server.down(0), session.Left, false)
		})
	}
}

// quiet is a test without the many lines of a long conversation.
type quiet struct{ testing.TB }

func (quiet) Logf(string, ...any) {}

// certificate makes one for localhost, and a pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// A client that begins TLS and stops must not hold a server's goroutine.
func TestTLSHandshakeIsBounded(t *testing.T) {
	noneLeft(t)
	pair, _ := certificate(t)
	l := tls.NewListener(listenTCP(t), &tls.Config{Certificates: []tls.Certificate{pair}})
	r := recorder{t: t}
	stop := serve(t, l, ServerConfig{Config: r.on(Config{HandshakeTimeout: 50 * time.Millisecond})})
	c, err := dialTo(l)(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := time.Now()
	_ = c.SetReadDeadline(before.Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 100)); err == nil || errors.Is(err, syscall.ETIMEDOUT) || time.Since(before) > 4*time.Second {
		t.Errorf("hung up after %v (%v)", time.Since(before), err)
	}
	stop()
	if e := r.last(session.Down); e.Cause != session.NoAnswer {
		t.Errorf("down event %+v, want the cause %q", e, session.NoAnswer)
	}
}

// deaf is a connection whose reader waits for ever.
type deaf struct {
	net.Conn
	closed chan struct{}
}

func (d deaf) Read([]byte) (int, error) {
	<-d.closed
	return 0, net.ErrClosed
}

// Nor one that begins TLS and doesn't read, where a Read of the server's hangs
// in a write.
func TestTLSHandshakeIsBoundedWhereItWrites(t *testing.T) {
	pair, _ := certificate(t)
	c, s := net.Pipe() // without a buffer
	d := deaf{c, make(chan struct{})}
	var hello sync.WaitGroup
	hello.Go(func() { _ = tls.Client(d, &tls.Config{ServerName: "localhost"}).Handshake() })
	cfg, err := Config{HandshakeTimeout: 50 * time.Millisecond}.complete()
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	session := newEndpoint(ServerSide, cfg).newSession(tls.Server(s, &tls.Config{Certificates: []tls.Certificate{pair}}), 0)
	session.run()
	if took := time.Since(before); took < 50*time.Millisecond || took > 4*time.Second {
		t.Errorf("gave up after %v", took)
	}
	close(d.closed)
	hello.Wait()
}

func TestResetIsAnEndWithoutAWord(t *testing.T) {
	noneLeft(t)
	l := listenTCP(t)
	r := recorder{t: t}
	stop := serve(t, l, ServerConfig{Config: r.on(Config{})})
	c, err := dialTo(l)(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	peer := raw{t, c}
	peer.send(session.Frame{Type: session.Hello, Seq: 5})
	peer.hear() // else the server's write of its hello might meet the reset, and its read an EOF
	s := r.waitFor(0)
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	<-s.Done()
	wantCause(t, s.Err(), session.Vanished, false)
	if !errors.Is(s.Err(), syscall.ECONNRESET) && runtime.GOOS == "linux" {
		t.Errorf("ended with %v, want a reset", s.Err())
	}
	stop()
}

// A kernel connection whose buffers are full is no reason to block: what it
// doesn't take at once goes on in the background, whole and in order.
func TestFullSocket(t *testing.T) {
	noneLeft(t)
	l := listenTCP(t)
	r := recorder{t: t}
	stop := serve(t, l, ServerConfig{Config: r.on(Config{MaxQueued: 16 << 20})})
	c, err := dialTo(l)(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	peer := raw{t, c}
	peer.send(session.Frame{Type: session.Hello, Seq: 5})
	s := r.waitFor(0)
	const messages = 200 // of 64 KiB: more than the kernel takes
	before := time.Now()
	for n := range messages {
		if err := s.Send(bytes.Repeat([]byte{byte(n)}, 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(before); took > 5*time.Second {
		t.Errorf("sending took %v", took)
	}
	d := session.Decoder{MaxPayload: 64 << 10}
	buf := make([]byte, 64<<10)
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for next := 0; next < messages; {
		n, err := c.Read(buf)
		if err != nil {
			t.Fatalf("after %d messages: %v", next, err)
		}
		for p := buf[:n]; len(p) > 0; {
			f, rest, ok, err := d.Decode(p)
			if err != nil {
				t.Fatalf("after %d messages: %v", next, err)
			}
			if p = rest; ok && f.Type == session.Data {
				if len(f.Payload) != 64<<10 || f.Payload[0] != byte(next) || f.Seq != uint64(next) {
					t.Fatalf("message %d is number %d, %d bytes of %d", next, f.Seq, len(f.Payload), f.Payload[0])
				}
				next++
			}
		}
	}
	_ = c.Close()
	<-s.Done()
	stop()
}

// Many callers at once: nothing is lost, and nobody hangs.
func TestConcurrentUse(t *testing.T) {
	noneLeft(t)
	l := listenTCP(t)
	cfg := Config{Policy: quick(t)}
	server := cfg
	server.OnUp = echo
	b := start(quiet{t}, l, dialTo(l), ClientConfig{Config: cfg}, ServerConfig{Config: server})
	s := b.client.waitFor(0)
	const senders, each = 4, 100
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for n := range each {
				if err := s.Send(number(n)); err != nil {
					t.Error(err)
				}
				s.ID()
				s.Err()
				s.Done()
			}
		})
		all.Go(func() {
			for range each {
				receive(t, s)
			}
		})
	}
	all.Wait()
	for range 3 {
		all.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b.stop(t)
}
