package heartbeat

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/datagram"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// sniffed is a PacketConn whose traffic somebody reads.
type sniffed struct {
	net.PacketConn
	mu   *sync.Mutex
	seen *[][]byte
}

func (s sniffed) note(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *s.seen != nil {
		*s.seen = append(*s.seen, slices.Clone(p))
	}
}

func (s sniffed) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := s.PacketConn.ReadFrom(p)
	if err == nil {
		s.note(p[:n])
	}
	return n, from, err
}

func (s sniffed) WriteTo(p []byte, to net.Addr) (int, error) {
	s.note(p)
	return s.PacketConn.WriteTo(p, to)
}

// A stranger who reads everything, and sends 100,000 datagrams to the server and
// to each client - random ones, parts of genuine ones, genuine ones again, and
// genuine ones with a part changed - changes no session and grows no memory.
func TestHostileSender(t *testing.T) {
	noneLeft(t)
	const clients, packets = 3, 100_000
	cfg := Config{Policy: quick(t)}
	pc := listenUDP(t)
	var mu sync.Mutex
	seen := [][]byte{} // nil: enough
	home := pc.LocalAddr()
	var server, client tally
	srv, err := NewServer(ServerConfig{Config: server.on(cfg)})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(datagram.NewListener(pc, datagram.Config{})) }()
	ctx, stop := context.WithCancel(context.Background())
	targets := []net.Addr{home}
	var running sync.WaitGroup
	for range clients {
		own := listenUDP(t)
		targets = append(targets, own.LocalAddr())
		c, err := NewClient(ClientConfig{Config: client.on(cfg), Dial: func(context.Context) (net.Conn, error) {
			return datagram.NewConn(sniffed{own, &mu, &seen}, home, datagram.Config{}), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() { _ = c.Run(ctx) })
	}
	server.waitFor(t, clients)
	client.waitFor(t, clients)
	time.Sleep(200 * time.Millisecond) // there is something to read

	mu.Lock()
	genuine := seen
	seen = nil
	mu.Unlock()
	where := server.addresses()
	stranger := newStranger(t, genuine)
	before := footprint()
	for n := range packets {
		stranger.send(targets[n%len(targets)])
		if n%100 == 0 {
			stranger.waitFor(home) // so that all of them are read, and none is dropped by a full buffer
		}
	}
	stranger.waitFor(home)
	after := footprint()
	t.Logf("%d datagrams of %d genuine ones; heap %d KiB, then %d KiB; %d goroutines, then %d; questions answered: %d bytes for %d",
		packets, len(genuine), before.heap>>10, after.heap>>10, before.goroutines, after.goroutines, stranger.got.Load(), stranger.asked)

	for _, side := range []*tally{&server, &client} {
		side.mu.Lock()
		if len(side.up) != clients || len(side.wrong) > 0 {
			t.Errorf("%d sessions came up, want %d; and there is: %v", len(side.up), clients, side.wrong)
		}
		side.mu.Unlock()
	}
	if now := server.addresses(); !slices.Equal(now, where) {
		t.Errorf("the server answers to %v, want %v as before", now, where)
	}
	if grown := after.heap - before.heap; grown > 1<<20 {
		t.Errorf("the heap grew by %d KiB, want at most 1024", grown>>10)
	}
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines, want %d as before", after.goroutines, before.goroutines)
	}
	if stranger.got.Load() > stranger.asked {
		t.Errorf("%d bytes of answers to %d bytes of questions", stranger.got.Load(), stranger.asked)
	}
	stop()
	running.Wait()
	down, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(down); err != nil {
		t.Error(err)
	}
}

func listenUDP(t testing.TB) net.PacketConn {
	t.Helper()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

// tally observes, and remembers only what should not happen.
type tally struct {
	mu    sync.Mutex
	up    []*Session
	next  map[string]uint64 // the least number that is new, of each kind of frame in each session
	wrong []session.Event
}

func (y *tally) on(c Config) Config {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.next == nil { // an earlier side may be running
		y.next = map[string]uint64{}
	}
	c.OnUp = func(s *Session) {
		y.mu.Lock()
		defer y.mu.Unlock()
		y.up = append(y.up, s)
	}
	c.Observer = func(e session.Event) {
		y.mu.Lock()
		defer y.mu.Unlock()
		switch e.What {
		case session.Heard: // what is heard twice is heard out of order
			stream := fmt.Sprint(e.Session, e.Type)
			if e.Type != session.Hello && e.Seq < y.next[stream] {
				y.wrong = append(y.wrong, e)
			}
			y.next[stream] = e.Seq + 1
		case session.Up, session.Sent, session.Stalled:
		default:
			y.wrong = append(y.wrong, e)
		}
	}
	return c
}

func (y *tally) waitFor(t testing.TB, sessions int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		y.mu.Lock()
		n := len(y.up)
		y.mu.Unlock()
		if n == sessions {
			return
		}
	}
	t.Fatalf("not all of %d sessions came up", sessions)
}

// addresses are where the sessions answer to.
func (y *tally) addresses() (all []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, s := range y.up {
		all = append(all, s.RemoteAddr().String())
	}
	return all
}

type use struct {
	heap       int64
	goroutines int
}

// footprint is the least of a few looks: an echo that is just being written has a
// goroutine of its own.
func footprint() use {
	least := use{1 << 62, 1 << 30}
	for range 20 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = use{min(least.heap, int64(m.HeapAlloc)), min(least.goroutines, runtime.NumGoroutine())}
		time.Sleep(3 * time.Millisecond)
	}
	return least
}

// stranger sends from sockets of its own, and counts what comes back.
type stranger struct {
	t       testing.TB
	genuine [][]byte
	random  *rand.Rand
	from    []net.PacketConn
	asked   int64
	got     atomic.Int64
	answers chan struct{} // to the first socket
}

func newStranger(t testing.TB, genuine [][]byte) *stranger {
	s := &stranger{t: t, genuine: genuine, random: rand.New(rand.NewPCG(1, 0)), answers: make(chan struct{}, 1)}
	for n := range 10 {
		pc := listenUDP(t)
		s.from = append(s.from, pc)
		go func() {
			for {
				got, _, err := pc.ReadFrom(make([]byte, 2048))
				if err != nil {
					return
				}
				s.got.Add(int64(got))
				if n == 0 {
					s.answers <- struct{}{}
				}
			}
		}()
	}
	return s
}

func (s *stranger) send(to net.Addr) {
	p := slices.Clone(s.genuine[s.random.IntN(len(s.genuine))])
	switch s.random.IntN(6) {
	case 0: // as it is
	case 1:
		p = p[:s.random.IntN(len(p))]
	case 2:
		p[s.random.IntN(len(p))] ^= byte(1 + s.random.IntN(255))
	case 3: // a new question
		p = s.question()
	case 4: // a token and random bytes after it
		for i := 12; i < len(p); i++ {
			p[i] = byte(s.random.Uint32())
		}
	default:
		p = make([]byte, s.random.IntN(1400))
		for i := range p {
			p[i] = byte(s.random.Uint32())
		}
	}
	if len(p) > 3 && p[3] == 1 { // it may pass for a question
		s.asked += int64(len(p))
	}
	if _, err := s.from[1+s.random.IntN(len(s.from)-1)].WriteTo(p, to); err != nil {
		s.t.Fatal(err)
	}
}

// waitFor asks the server something and waits for the answer: it has then read
// all that was sent before.
func (s *stranger) waitFor(server net.Addr) {
	s.t.Helper()
	question := s.question()
	s.asked += int64(len(question))
	if _, err := s.from[0].WriteTo(question, server); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.answers:
	case <-time.After(5 * time.Second):
		s.t.Fatal("the server does not answer any more")
	}
}

// question asks for a cookie, with a token that nobody has used.
func (s *stranger) question() []byte {
	p := make([]byte, 68)
	copy(p, []byte{0xF1, 0xAD, 1, 1})
	binary.BigEndian.PutUint64(p[4:], s.random.Uint64())
	return p
}
