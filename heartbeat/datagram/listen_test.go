package datagram

import (
	"bytes"
	"crypto/rand"
	"net"
	"slices"
	"testing"
	"time"
)

// mute is a PacketConn that hears nothing and keeps what is sent.
type mute struct {
	net.PacketConn
	sent   [][]byte
	closed chan struct{}
}

func (m *mute) ReadFrom([]byte) (int, net.Addr, error) { <-m.closed; return 0, nil, net.ErrClosed }
func (m *mute) LocalAddr() net.Addr                    { return at("listener") }
func (m *mute) Close() error                           { close(m.closed); return nil }
func (m *mute) WriteTo(p []byte, _ net.Addr) (int, error) {
	m.sent = append(m.sent, slices.Clone(p))
	return len(p), nil
}

// taken is what was sent since it was last asked.
func (m *mute) taken() [][]byte {
	sent := m.sent
	m.sent = nil
	return sent
}

type at string

func (at) Network() string  { return "test" }
func (a at) String() string { return string(a) }

// pair is a listener and a client, and whoever carries what they send.
type pair struct {
	t        testing.TB
	listener *Listener
	out      *mute // the listener's
	client   *dialled
	in       *mute // the client's
}

func newPair(t testing.TB) *pair {
	p := &pair{t: t, out: &mute{closed: make(chan struct{})}, in: &mute{closed: make(chan struct{})}}
	p.listener = NewListener(p.out, Config{})
	p.client = NewConn(p.in, at("listener"), Config{}).(*dialled)
	t.Cleanup(func() {
		p.listener.mu.Lock()
		conns := p.listener.conns
		p.listener.mu.Unlock()
		for _, c := range conns {
			_ = c.Close()
		}
		_ = p.listener.Close()
		_ = p.client.Close()
	})
	return p
}

// says is what the client sends.
func (p *pair) says(text string) []byte {
	p.t.Helper()
	if _, err := p.client.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
	sent := p.in.taken()
	if len(sent) != 1 {
		p.t.Fatalf("%d datagrams for a Write, want 1", len(sent))
	}
	return sent[0]
}

// opens goes through the handshake from an address, and returns the datagram that
// opened the connection.
func (p *pair) opens(from, text string) []byte {
	p.t.Helper()
	p.listener.take(p.says(text), at(from))
	baked := p.out.taken()
	if len(baked) != 1 {
		p.t.Fatalf("%d answers to a question, want 1", len(baked))
	}
	p.client.take(baked[0])
	opening := p.in.taken()
	if len(opening) != 1 {
		p.t.Fatalf("%d datagrams after the cookie, want 1", len(opening))
	}
	p.listener.take(opening[0], at(from))
	return opening[0]
}

func (p *pair) conns() int { return len(p.listener.conns) }

func (p *pair) accept() net.Conn {
	p.t.Helper()
	if len(p.listener.waiting) == 0 {
		p.t.Fatal("no connection to accept")
	}
	c, err := p.listener.Accept()
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// reads expects what the connection has for a Read.
func reads(t testing.TB, c net.Conn, want ...string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(-time.Second))
	for _, want := range want {
		b := make([]byte, 100)
		n, err := c.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("read %q, %v, want %q", b[:n], err, want)
		}
	}
	if n, err := c.Read(make([]byte, 100)); err == nil {
		t.Fatalf("read %d bytes more, want none", n)
	}
}

func TestHandshake(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	c := p.accept()
	reads(t, c, "hello")
	p.listener.take(p.says("again"), at("home")) // our answer may be lost: this one opens too
	reads(t, c, "again")
	if _, err := c.Write([]byte("hello to you")); err != nil {
		t.Fatal(err)
	}
	if got := p.client.take(p.out.taken()[0]); string(got) != "hello to you" {
		t.Fatalf("the client hears %q", got)
	}
	if b := p.says("beat"); kind(b[3]) != sealed {
		t.Errorf("the client's datagram is of kind %d, want %d", b[3], sealed)
	} else {
		p.listener.take(b, at("home"))
	}
	reads(t, c, "beat")
	if p.conns() != 1 {
		t.Errorf("%d connections, want 1", p.conns())
	}
}

// A question leaves no trace, and its answer is not longer.
func TestQuestionsCostNothing(t *testing.T) {
	p := newPair(t)
	for range 1000 {
		key := make([]byte, keySize)
		_, _ = rand.Read(key)
		asked := appendAsk(nil, key)
		p.listener.take(asked, at("anywhere"))
		answers := p.out.taken()
		if len(answers) != 1 || len(answers[0]) > len(asked) {
			t.Fatalf("a question of %d bytes has %d answers, the first of %d bytes", len(asked), len(answers), len(answers[0]))
		}
		p.listener.take(asked[:len(asked)-1], at("anywhere"))
		p.listener.take(append(asked, 0), at("anywhere"))
		if p.out.taken() != nil {
			t.Fatal("a question of another length was answered")
		}
	}
	if p.conns()+len(p.listener.ended)+len(p.listener.ending)+len(p.listener.waiting) > 0 {
		t.Errorf("questions left %d connections, %d waiting, %d remembered", p.conns(), len(p.listener.waiting), len(p.listener.ended))
	}
}

func TestCookies(t *testing.T) {
	p := newPair(t)
	p.listener.take(p.says("hello"), at("home"))
	p.client.take(p.out.taken()[0])
	opening := p.in.taken()[0]
	for i := headSize; i < len(opening); i++ {
		forged := slices.Clone(opening)
		forged[i] ^= 1
		p.listener.take(forged, at("home"))
	}
	p.listener.take(opening, at("elsewhere"))
	if p.conns() > 0 {
		t.Fatal("a forged cookie, or one for another address, opened a connection")
	}
	b, key := newBakery(), p.client.public
	now := int64(time.Hour)
	baked := b.bake(key, "home", now)
	for _, tt := range []struct {
		name string
		good bool
		want bool
	}{
		{"at once", b.good(baked, key, "home", now), true},
		{"at the end of its life", b.good(baked, key, "home", now+int64(cookieLife)), true},
		{"after it", b.good(baked, key, "home", now+int64(cookieLife)+1), false},
		{"before it was made", b.good(baked, key, "home", now-1), false},
		{"elsewhere", b.good(baked, key, "elsewhere", now), false},
		{"another's", b.good(baked, p.listener.public, "home", now), false},
		{"another bakery's", newBakery().good(baked, key, "home", now), false},
	} {
		if tt.good != tt.want {
			t.Errorf("a cookie %s is good: %v, want %v", tt.name, tt.good, tt.want)
		}
	}
	p.listener.take(opening, at("home"))
	if p.conns() != 1 {
		t.Error("the genuine datagram opened nothing")
	}
}

// The datagram that opened a connection opens it once, also when that has ended.
func TestReplayedOpening(t *testing.T) {
	p := newPair(t)
	opening := p.opens("home", "hello")
	p.listener.take(opening, at("home"))
	c := p.accept()
	reads(t, c, "hello")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	p.listener.take(opening, at("home"))
	if p.conns()+len(p.listener.waiting) > 0 {
		t.Fatal("it opened again")
	}
	p.listener.began = p.listener.began.Add(-cookieLife - time.Second) // so much later
	p.listener.take(opening, at("home"))
	if p.conns()+len(p.listener.waiting) > 0 {
		t.Fatal("it opened again, when the cookie was stale")
	}
	p.listener.mayOpen(token{})
	if len(p.listener.ended)+len(p.listener.ending) > 0 {
		t.Error("what ended is remembered for longer than a cookie lives")
	}
}

// The listener answers to where the newest datagram came from: one that was
// overtaken does not take it back, and neither does one that is forged or seen
// before.
func TestAnswersFollowTheNewest(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	c := p.accept()
	where := func(want string) {
		t.Helper()
		if got := c.RemoteAddr().String(); got != want {
			t.Fatalf("answers go to %s, want %s", got, want)
		}
	}
	first, second, third := p.says("1"), p.says("2"), p.says("3")
	p.listener.take(second, at("moved"))
	where("moved")
	p.listener.take(first, at("home"))
	where("moved")
	p.listener.take(second, at("thief"))
	where("moved")
	forged := slices.Clone(third)
	forged[len(forged)-1] ^= 1
	p.listener.take(forged, at("thief"))
	where("moved")
	reads(t, c, "hello", "2", "1")
	p.listener.take(third, at("home"))
	where("home")
	reads(t, c, "3")
}

// What the listener sent doesn't pass for what the client sends.
func TestReflected(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	c := p.accept()
	reads(t, c, "hello")
	for range 3 { // past the numbers that the client used
		if _, err := c.Write([]byte("beat")); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range p.out.taken() {
		p.listener.take(b, at("home"))
	}
	reads(t, c)
}

func TestUnreadIsBounded(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	c := p.accept().(*accepted)
	for range 10 * maxUnread {
		p.listener.take(p.says("x"), at("home"))
	}
	if len(c.unread) != maxUnread {
		t.Errorf("%d payloads wait, want %d", len(c.unread), maxUnread)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	p := newPair(t)
	for range 2 * maxWaiting {
		p.client = NewConn(p.in, at("listener"), Config{}).(*dialled)
		p.opens("home", "hello")
	}
	if p.conns() != maxWaiting {
		t.Errorf("%d connections, want %d", p.conns(), maxWaiting)
	}
}

func TestWriteTooLong(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	long := make([]byte, MaxWrite+1)
	for _, c := range []net.Conn{p.client, p.accept()} {
		if _, err := c.Write(long); err == nil {
			t.Errorf("%T wrote %d bytes", c, len(long))
		}
		if _, err := c.Write(long[1:]); err != nil {
			t.Error(err)
		}
	}
	for _, b := range append(p.in.taken(), p.out.taken()...) {
		if len(b) > 1232 {
			t.Errorf("a datagram is %d bytes, want at most 1232", len(b))
		}
	}
}

// A Read with little room returns a payload in parts, and nothing of two.
func TestReadInParts(t *testing.T) {
	p := newPair(t)
	p.opens("home", "hello")
	p.listener.take(p.says("you"), at("home"))
	c := p.accept()
	var got []string
	for range 3 {
		b := make([]byte, 3)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(b[:n]))
	}
	if want := []string{"hel", "lo", "you"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

// FuzzListener: whatever strangers send, there are no connections, nothing to
// remember, and no answer longer than the question.
func FuzzListener(f *testing.F) {
	f.Add(appendAsk(nil, bytes.Repeat([]byte{7}, keySize)))
	f.Add(appendCookie(nil, token{1}, make([]byte, cookieSize), make([]byte, keySize)))
	s := newSender(make([]byte, keySize))
	f.Add(s.appendOpen(nil, make([]byte, keySize), make([]byte, cookieSize), []byte("hello")))
	f.Add(s.appendSealed(nil, token{2}, []byte("hello")))
	p := newPair(f)
	p.opens("home", "hello")
	c := p.accept().(*accepted)
	reads(f, c, "hello")
	genuine := p.says("beat")
	genuine[len(genuine)-1] ^= 1
	f.Add(genuine)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := parse(b)
		p.out.taken()
		p.listener.take(b, at("elsewhere"))
		for _, answer := range p.out.taken() {
			if !ok || m.kind != ask || len(answer) > len(b) {
				t.Fatalf("%d bytes of kind %d were answered by %d", len(b), m.kind, len(answer))
			}
		}
		if p.conns() != 1 || len(p.listener.waiting)+len(p.listener.ended) > 0 {
			t.Fatal("it changed what connections there are")
		}
		for _, to := range []token{c.token, p.client.token} { // as if it were theirs
			if ok {
				copy(b[headSize:], to[:])
			}
			p.listener.take(b, at("elsewhere"))
			if p.client.take(b) != nil {
				t.Fatal("the client took it")
			}
		}
		if c.RemoteAddr() != at("home") {
			t.Fatal("the connection moved")
		}
	})
}
