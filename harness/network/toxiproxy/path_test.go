package toxiproxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

func TestCablePullOnSockets(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup(network.Fault{Kind: scenario.CablePull}))
	client, server := l.dial()
	client.sends("ping")
	server.wants("ping")
	server.sends("pong")
	client.wants("pong")

	before := r.now()
	l.apply(0)
	after := r.now()
	client.sends("lost")
	server.wantsSilence()
	hangUp := r.now()
	client.Close()
	o := l.until("the hang-up", func(o network.Observation) bool { return o.Links[0].Up.HungUp != network.Never })
	hungUp := r.now()
	server.wantsSilence()

	s, up, down := o.Strikes[0], o.Links[0].Up, o.Links[0].Down
	order := []int64{
		0, o.Links[0].Born, up.FirstPassed, s.LastPassedUp, down.FirstPassed, s.LastPassedDown,
		before, s.On, after, hangUp, up.HungUp, hungUp,
	}
	if !slices.IsSorted(order) {
		t.Errorf("out of order: %v", order)
	}
	want := network.Strike{
		On: s.On, Off: network.Never, LastPassedUp: up.LastPassed, LastPassedDown: down.LastPassed,
		WithheldUp: 4, Closings: 1, Forgotten: network.Never, Counted: true,
	}
	if s != want {
		t.Errorf("strike %+v, want %+v", s, want)
	}
	if o.Uncertainty != 0 || !s.Struck() {
		t.Errorf("uncertainty %v, struck %v", o.Uncertainty, s.Struck())
	}

	// The closing reaches the server after the heal, behind the bytes.
	l.undo(0)
	server.wants("lost")
	server.wantsEnd()
}

func TestLinkBornDuringACutStaysDead(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup(network.Fault{Kind: scenario.CablePull}))
	l.apply(0)
	client, server := l.dial()
	client.sends("hello")
	l.undo(0)
	server.sends("welcome")
	client.wantsSilence()
	server.wantsSilence()
	if o := l.observe(); !o.Links[0].Dead || o.Strikes[0].Dials != 1 {
		t.Errorf("observation %+v", o)
	}
	client, server = l.dial()
	client.sends("hello")
	server.wants("hello")
}

func TestHalfOpenPassesTheOtherWay(t *testing.T) {
	for _, kind := range []scenario.Kind{scenario.HalfOpenUp, scenario.HalfOpenDown} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t)
			l := r.open(r.setup(network.Fault{Kind: kind}))
			mute, other := l.dial()
			if kind == scenario.HalfOpenDown {
				mute, other = other, mute
			}
			l.apply(0)
			mute.sends("x")
			other.sends("y")
			mute.wants("y")
			other.wantsSilence()
			l.undo(0)
			other.wants("x")
		})
	}
}

// More data than all sockets and buffers on the way hold, in both directions.
func TestHealLosesNothing(t *testing.T) {
	for _, delay := range []network.Delay{{}, {Latency: 2 * time.Millisecond, Jitter: 2 * time.Millisecond}} {
		t.Run(delay.Latency.String(), func(t *testing.T) {
			r := newRig(t)
			setup := r.setup(network.Fault{Kind: scenario.CablePull}, network.Fault{Kind: scenario.HalfOpenDown})
			setup.Delay = delay
			l := r.open(setup)
			client, server := l.dial()
			data := make([]byte, 16<<20)
			random := rand.NewChaCha8([32]byte{1})
			random.Read(data)
			want := sha256.Sum256(data)

			l.apply(0)
			var sent counter
			done := make(chan error, 4)
			for _, p := range []*peer{client, server} {
				go func() {
					_, err := io.Copy(p, io.TeeReader(bytes.NewReader(data), &sent))
					done <- err
				}()
				go func() {
					hash := sha256.New()
					_, err := io.CopyN(hash, p, int64(len(data)))
					if err == nil && [sha256.Size]byte(hash.Sum(nil)) != want {
						err = fmt.Errorf("the bytes are not those that were sent")
					}
					done <- err
				}()
			}
			o := l.until("full buffers", func(o network.Observation) bool {
				return o.Strikes[0].WithheldUp >= 1<<20 && o.Strikes[0].WithheldDown >= 1<<20
			})
			if up, down := o.Strikes[0].WithheldUp, o.Strikes[0].WithheldDown; up > 2<<20 || down > 2<<20 {
				t.Errorf("holds %d and %d bytes, want 1 MiB and little more", up, down)
			}
			if sent.Load() == 2*int64(len(data)) {
				t.Error("the sockets and buffers took all")
			}
			l.undo(0)
			for i := range 5 { // and more cuts while it flows
				l.apply(i % 2)
				l.undo(i % 2)
			}
			for range cap(done) {
				select {
				case err := <-done:
					if err != nil {
						t.Fatal(err)
					}
				case <-time.After(patience):
					t.Fatalf("stuck: %d bytes sent, %+v", sent.Load(), l.observe())
				}
			}
			if k := l.observe().Links[0]; k.Up.Passed != int64(len(data)) || k.Down.Passed != int64(len(data)) {
				t.Errorf("link %+v", k)
			}
		})
	}
}

// counter counts the bytes written to it.
type counter struct{ atomic.Int64 }

func (c *counter) Write(b []byte) (int, error) { c.Add(int64(len(b))); return len(b), nil }

// What the proof says of bytes is what the ends saw, under a steady traffic
// that is cut again and again.
func TestProofEqualsWhatTheEndsSaw(t *testing.T) {
	r := newRig(t)
	// A firewall that is off, but notes what passes: later than the cable.
	l := r.open(r.setup(
		network.Fault{Kind: scenario.CablePull},
		network.Fault{Kind: scenario.IdleDrop, Idle: time.Hour, Mode: scenario.DropSilent},
	))
	client, server := l.dial()
	var got [2]counter // up, down
	for i, p := range []*peer{server, client} {
		go func() { _, _ = io.Copy(&got[i], p) }()
	}
	var sent [2]int64
	for round := range 10 {
		var stop atomic.Bool
		var senders sync.WaitGroup
		for i, p := range []*peer{client, server} {
			senders.Go(func() {
				for !stop.Load() {
					p.sends("beat")
					sent[i] += 4
				}
			})
		}
		time.Sleep(2 * time.Millisecond)
		l.apply(0)
		stop.Store(true)
		senders.Wait()
		o := l.until("all that was sent", func(o network.Observation) bool {
			k, s := o.Links[0], o.Strikes[round]
			return k.Up.Passed+s.WithheldUp == sent[0] && k.Down.Passed+s.WithheldDown == sent[1] &&
				got[0].Load() == k.Up.Passed && got[1].Load() == k.Down.Passed
		})
		k, s := o.Links[0], o.Strikes[round]
		if k.Up.LastPassed > s.On || k.Down.LastPassed > s.On {
			t.Errorf("bytes passed after the cut: strike %+v, link %+v", s, k)
		}
		if s.LastPassedUp != k.Up.LastPassed || s.LastPassedDown != k.Down.LastPassed {
			t.Errorf("not the last bytes before the cut: strike %+v, link %+v", s, k)
		}
		l.undo(0)
		l.until("the rest", func(network.Observation) bool {
			return got[0].Load() == sent[0] && got[1].Load() == sent[1]
		})
	}
	k := l.observe().Links[0]
	if k.Up.Passed != sent[0] || k.Down.Passed != sent[1] {
		t.Errorf("link %+v, sent %v", k, sent)
	}
}

func TestIdleDropOnSockets(t *testing.T) {
	for _, row := range []struct {
		mode         scenario.DropMode
		clientLearns bool
		serverLearns bool
		ended        int
	}{
		{mode: scenario.DropSilent},
		{mode: scenario.DropResetOnSend, clientLearns: true, ended: 1},
		{mode: scenario.DropResetAtIdle, clientLearns: true, serverLearns: true, ended: 2},
	} {
		t.Run(string(row.mode), func(t *testing.T) {
			const idle = 50 * time.Millisecond
			r := newRig(t)
			l := r.open(r.setup(network.Fault{Kind: scenario.IdleDrop, Idle: idle, Mode: row.mode}))
			client, server := l.dial()
			client.sends("x")
			server.wants("x")
			l.apply(0)
			o := l.until("forgetting", func(o network.Observation) bool { return o.Strikes[0].Forgotten != network.Never })
			s := o.Strikes[0]
			if want := max(s.On, o.Links[0].Up.LastPassed+int64(idle)); s.Forgotten != want {
				t.Errorf("forgotten at %v, want %v", s.Forgotten, want)
			}
			if row.mode != scenario.DropResetAtIdle {
				client.sends("late")
				l.until("a withheld byte", func(o network.Observation) bool { return o.Strikes[0].WithheldUp == 4 })
			}
			for _, end := range []struct {
				*peer
				learns bool
			}{{client, row.clientLearns}, {server, row.serverLearns}} {
				if end.learns {
					end.wantsEnd()
				} else {
					end.wantsSilence()
				}
			}
			if o := l.observe(); o.Strikes[0].Ended != row.ended || o.Links[0].Up.Passed != 1 {
				t.Errorf("observation %+v", o)
			}
		})
	}
}

func TestDelayOnSockets(t *testing.T) {
	const ms = time.Millisecond
	r := newRig(t)
	setup := r.setup(network.Fault{Kind: scenario.Latency, Delay: network.Delay{Latency: 60 * ms}})
	setup.Delay = network.Delay{Latency: 20 * ms, Jitter: 5 * ms, Law: scenario.Uniform}
	l := r.open(setup)
	client, server := l.dial()
	// A jitter may bring it earlier or later; a busy machine only later.
	echo := func() time.Duration {
		start := time.Now()
		client.sends("x")
		server.wants("x")
		server.sends("y")
		client.wants("y")
		return time.Since(start)
	}
	if took := echo(); took < 30*ms {
		t.Errorf("there and back in %v, want at least 30ms", took)
	}
	l.apply(0)
	if took := echo(); took < 120*ms {
		t.Errorf("during the step there and back in %v, want at least 120ms", took)
	}
	l.undo(0)
	if s := l.observe().Strikes[0]; s.Delayed != 2 || !s.Struck() {
		t.Errorf("strike %+v", s)
	}
}

func TestManyPathsAtOnce(t *testing.T) {
	const paths = 200
	r := newRig(t)
	go func() { // a server that only listens
		for {
			c, err := r.listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	started := time.Now()
	all(paths, func(i int) {
		setup := r.setup(network.Fault{Kind: scenario.CablePull})
		ctx := t.Context()
		p, err := r.network.Open(ctx, setup)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() {
			if err := p.Close(ctx); err != nil {
				t.Error(err)
			}
		}()
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if err := p.Apply(ctx, 0); err != nil {
			t.Error(err)
		}
		if _, err := c.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if i%2 == 0 { // the others are closed while cut
			if err := p.Undo(ctx, 0); err != nil {
				t.Error(err)
			}
		}
		if o, err := p.Observe(ctx); err != nil || len(o.Strikes) != 1 {
			t.Errorf("observation %+v, %v", o, err)
		}
	})
	t.Logf("%d paths in %v", paths, time.Since(started))
}

// The closing of a path leaves nothing, whatever it holds: newRig sees to that.
func TestCloseWhileCut(t *testing.T) {
	for _, row := range []struct {
		name string
		use  func(client, server *peer)
	}{
		{"live ends", func(_, _ *peer) {}},
		{"held bytes", func(client, server *peer) { client.sends("x"); server.sends("y") }},
		{"held closings", func(client, server *peer) { client.Close(); server.Close() }},
		{"full buffers", func(client, server *peer) {
			for _, p := range []*peer{client, server} {
				go func() { _, _ = p.Write(make([]byte, 32<<20)) }()
			}
			time.Sleep(20 * time.Millisecond)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newRig(t)
			setup := r.setup(network.Fault{Kind: scenario.CablePull},
				network.Fault{Kind: scenario.IdleDrop, Idle: time.Hour, Mode: scenario.DropSilent})
			setup.Name = "path/with ? odd # name"
			setup.Delay.Latency = time.Millisecond
			l := r.open(setup)
			client, server := l.dial()
			l.apply(0)
			l.apply(1)
			row.use(client, server)
			l.close()
			if _, err := net.Dial("tcp", l.Addr()); err == nil {
				t.Error("the proxy still listens")
			}
		})
	}
}

// Run with -race: the API writes attributes that pipes and other requests read.
func TestUpdatesUnderLoad(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup(
		network.Fault{Kind: scenario.CablePull},
		network.Fault{Kind: scenario.IdleDrop, Idle: time.Hour, Mode: scenario.DropSilent},
		network.Fault{Kind: scenario.Latency, Delay: network.Delay{Jitter: time.Millisecond}},
	))
	client, server := l.dial()
	data := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{2}).Read(data)
	var stop atomic.Bool
	var work sync.WaitGroup
	for _, ends := range [][2]*peer{{client, server}, {server, client}} {
		work.Go(func() {
			for !stop.Load() {
				sent := make(chan error, 1)
				go func() { _, err := ends[0].Write(data); sent <- err }()
				ends[1].SetReadDeadline(time.Now().Add(patience))
				got := make([]byte, len(data))
				if _, err := io.ReadFull(ends[1], got); err != nil || !bytes.Equal(got, data) {
					t.Errorf("not what was sent: %v", err)
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		work.Go(func() {
			for !stop.Load() {
				if _, err := r.network.(*Network).client.Proxies(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		for i := range 3 {
			l.apply(i)
		}
		for i := range 3 {
			l.undo(i)
		}
	}
	stop.Store(true)
	work.Wait()
}

// A client that waits for an address, again and again, is there as soon as
// anybody listens: its connection has both directions' toxics all the same.
func TestAWaitingClientFindsTheToxics(t *testing.T) {
	r := newRig(t)
	for range 20 {
		setup := r.setup(network.Fault{Kind: scenario.CablePull})
		setup.Listen = free(t)
		connected := make(chan net.Conn)
		go func() {
			for {
				if c, err := net.Dial("tcp", setup.Listen); err == nil {
					connected <- c
					return
				}
			}
		}()
		l := r.open(setup)
		client := &peer{t: t, Conn: <-connected}
		accepted, err := r.listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		server := &peer{t: t, Conn: accepted}
		client.sends("ping")
		server.wants("ping")
		server.sends("pong")
		client.wants("pong")
		if o := l.observe(); len(o.Links) != 1 || o.Links[0].Up.Passed != 4 || o.Links[0].Down.Passed != 4 {
			t.Errorf("%+v, want a link with 4 bytes each way", o.Links)
		}
		client.Close()
		server.Close()
		l.close()
	}
}

// Who asks and does not wait for the answer shares nothing with it: the race
// detector looks on.
func TestAnAbandonedCallIsNobodys(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup(network.Fault{Kind: scenario.CablePull}))
	for i := range 300 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*3*time.Microsecond)
		_, _ = l.Observe(ctx)
		cancel()
	}
}
