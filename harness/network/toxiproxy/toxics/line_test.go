package toxics

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/rs/zerolog"
)

// A line is a proxy of Toxiproxy without its sockets: its own toxics and links,
// between pipes. In a synctest bubble its time is exact.
type line struct {
	t      *testing.T
	server *toxiproxy.ApiServer
	proxy  *toxiproxy.Proxy
	start  int64
	links  int
}

// newLine adds toxics of these types, which are in upstream order, under the
// names up.TYPE and down.TYPE.
func newLine(t *testing.T, attributes string, types ...string) *line {
	t.Helper()
	Register()
	real := base
	base = time.Now().Add(-time.Hour) // of the bubble
	t.Cleanup(func() {
		time.Sleep(2 * linger) // all goroutines have ended
		synctest.Wait()
		base = real
	})
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &line{t: t, server: server, proxy: toxiproxy.NewProxy(server, t.Name(), "", ""), start: clock()}
	for _, kind := range types {
		l.add(kind, stream.Upstream, attributes)
	}
	slices.Reverse(types)
	for _, kind := range types {
		l.add(kind, stream.Downstream, attributes)
	}
	return l
}

func toxicName(kind string, d stream.Direction) string {
	return map[stream.Direction]string{stream.Upstream: "up.", stream.Downstream: "down."}[d] + kind
}

func (l *line) add(kind string, d stream.Direction, attributes string) {
	l.t.Helper()
	if err := l.tryAdd(kind, d, fmt.Sprintf(`{"cable": %q, "stream": %q %s}`, l.t.Name(), d, attributes)); err != nil {
		l.t.Fatalf("add %s: %v", kind, err)
	}
}

func (l *line) tryAdd(kind string, d stream.Direction, attributes string) error {
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"name": %q, "type": %q, "stream": %q, "attributes": %s}`, toxicName(kind, d), kind, d, attributes)))
	return err
}

func (l *line) update(toxic, attributes string) {
	l.t.Helper()
	if err := l.tryUpdate(toxic, attributes); err != nil {
		l.t.Fatalf("update %s %s: %v", toxic, attributes, err)
	}
	synctest.Wait()
}

func (l *line) tryUpdate(toxic, attributes string) error {
	_, err := l.proxy.Toxics.UpdateToxicJson(toxic, strings.NewReader(`{"attributes": `+attributes+`}`))
	return err
}

// proof is what the toxics report, with all instants since the line's start.
func (l *line) proof() Proof {
	l.t.Helper()
	var found []Proof
	for _, toxic := range l.proxy.Toxics.GetToxicArray() {
		text, err := json.Marshal(toxic)
		if err != nil {
			l.t.Fatal(err)
		}
		var answer struct{ Attributes struct{ Proof *Proof } }
		if err := json.Unmarshal(text, &answer); err != nil {
			l.t.Fatal(err)
		}
		if answer.Attributes.Proof != nil {
			found = append(found, *answer.Attributes.Proof)
		}
	}
	if len(found) != 1 {
		l.t.Fatalf("%d toxics report a proof, want 1", len(found))
	}
	return found[0]
}

// since is an instant of the proof as an offset; -1 stays.
func (l *line) since(instant int64) time.Duration {
	if instant == -1 {
		return -1
	}
	return time.Duration(instant - l.start)
}

func (l *line) now() time.Duration { return time.Duration(clock() - l.start) }

// A link is one connection through the line.
type link struct {
	client, server *peer
	inner          [2]net.Conn // Toxiproxy's ends
}

// dial makes a connection. At the test's end both ends hang up, and all
// goroutines have to end by themselves: the bubble sees to that.
func (l *line) dial() *link {
	l.t.Helper()
	k := l.dialDeaf()
	k.client.listen()
	k.server.listen()
	synctest.Wait()
	return k
}

// dialDeaf does so too, but the ends don't read yet.
func (l *line) dialDeaf() *link {
	l.t.Helper()
	client, toClient := net.Pipe()
	server, toServer := net.Pipe()
	k := &link{
		client: &peer{line: l, conn: client, ended: -1},
		server: &peer{line: l, conn: server, ended: -1},
		inner:  [2]net.Conn{toClient, toServer},
	}
	l.links++
	name := fmt.Sprint(l.links)
	l.proxy.Toxics.StartLink(l.server, name+"upstream", toClient, toServer, stream.Upstream)
	l.proxy.Toxics.StartLink(l.server, name+"downstream", toServer, toClient, stream.Downstream)
	l.t.Cleanup(func() {
		k.client.hangUp()
		k.server.hangUp()
	})
	synctest.Wait()
	return k
}

// deleted does to the link what a proxy's deletion does.
func (k *link) deleted() {
	k.inner[0].Close()
	k.inner[1].Close()
}

// A peer is an end of a link.
type peer struct {
	line *line
	conn net.Conn

	mu    sync.Mutex
	got   []byte
	last  time.Duration // when the last byte was got
	ended time.Duration // when the other end hung up, or -1
}

// listen reads all there is.
func (p *peer) listen() {
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := p.conn.Read(buffer)
			p.mu.Lock()
			p.got = append(p.got, buffer[:n]...)
			if n > 0 {
				p.last = p.line.now()
			}
			if err == io.EOF {
				p.ended = p.line.now()
			}
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

// sends writes, and fails the test if the line doesn't take it at once.
func (p *peer) sends(text string) {
	p.line.t.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := p.conn.Write([]byte(text))
		done <- err
	}()
	synctest.Wait()
	select {
	case err := <-done:
		if err != nil {
			p.line.t.Fatalf("send: %v", err)
		}
	default:
		p.line.t.Fatalf("the line doesn't take %d bytes", len(text))
	}
}

func (p *peer) hangUp() {
	p.conn.Close()
	synctest.Wait()
}

// wants checks what the peer got since the last check, and when the last byte
// of it came.
func (p *peer) wants(text string, at ...time.Duration) {
	p.line.t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if string(p.got) != text {
		p.line.t.Fatalf("at %v: got %q, want %q", p.line.now(), p.got, text)
	}
	p.got = nil
	if len(at) > 0 && p.last != at[0] {
		p.line.t.Fatalf("got %q at %v, want at %v", text, p.last, at[0])
	}
}

// wantsEnd checks when the connection ended; -1: it didn't.
func (p *peer) wantsEnd(at time.Duration) {
	p.line.t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != at {
		p.line.t.Fatalf("at %v: connection ended at %v, want %v", p.line.now(), p.ended, at)
	}
}

// cable is what unites the toxics. Only the test's end needs it.
func (l *line) cable() *cable {
	cables.Lock()
	defer cables.Unlock()
	return cables.byName[l.t.Name()].Value()
}
