package heartbeat

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/heartbeat/datagram"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

func TestSessionOverDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startInAir(t, ClientConfig{}, ServerConfig{Config: Config{OnUp: echo}}, datagram.Config{})
		synctest.Wait()
		client, server := b.client.session(0), b.server.session(0)
		if client.ID() == 0 || client.ID() != server.ID() {
			t.Errorf("the sessions are %d and %d, want the same, not 0", client.ID(), server.ID())
		}
		if err := client.Send(number(7)); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, client); got != "7" {
			t.Errorf("received %q, want 7", got)
		}
		if err := client.Send(make([]byte, datagram.MaxWrite-HeaderSize+1)); err == nil {
			t.Error("a payload was sent that no datagram has room for")
		}
		time.Sleep(time.Minute)
		if n := len(b.client.all(session.Up)); n != 1 {
			t.Errorf("%d sessions came up, want 1", n)
		}
		b.stopClient()
		synctest.Wait()
		wantCause(t, b.server.down(0), session.Left, false)
		b.stop(t)
	})
}

// Whoever closes says so, and the other side knows it at once.
func TestEitherSideLeavesOverDatagrams(t *testing.T) {
	for _, side := range []Side{ClientSide, ServerSide} {
		t.Run(string(side), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startInAir(t, ClientConfig{}, ServerConfig{}, datagram.Config{})
				synctest.Wait()
				leaves, stays := &b.client, &b.server
				if side == ServerSide {
					leaves, stays = stays, leaves
				}
				before := time.Now()
				if err := leaves.session(0).Close(); err != nil {
					t.Error(err)
				}
				if d := time.Since(before); d > 0 {
					t.Errorf("Close took %v: whom did it wait for?", d)
				}
				synctest.Wait()
				wantCause(t, stays.down(0), session.Left, false)
				b.stop(t)
			})
		})
	}
}

// A cut at any phase is noticed within the window on both sides, and the client
// is back soon after it.
func TestCutOverDatagrams(t *testing.T) {
	for _, name := range []string{"echo-timer", "fixed", "push", "server-echo-timer"} {
		for _, phase := range []time.Duration{1, ms(1000), ms(1999)} {
			t.Run(name+" "+phase.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := Config{Policy: strict(t, name)}
					b := startInAir(t, ClientConfig{Config: cfg}, ServerConfig{Config: cfg}, datagram.Config{})
					time.Sleep(10*time.Second + phase)
					b.air.change(func(flying) []time.Duration { return nil })
					cut := time.Now()
					time.Sleep(10 * time.Second)
					for _, r := range []*recorder{&b.client, &b.server} {
						e := r.last(session.Suspect)
						at := time.Duration(e.At) - cut.Sub(b.client.began())
						if at < 6*time.Second || at > 9*time.Second {
							t.Errorf("%s: suspected after %v, want 6s to 9s", e.Side, at)
						}
						wantCause(t, r.down(0), session.Silent, true)
					}
					b.air.change(nil)
					time.Sleep(4500 * time.Millisecond)
					if err := b.client.session(1).Err(); err != nil {
						t.Error(err)
					}
					b.stop(t)
				})
			})
		}
	}
}

// change is how datagrams fly from now on.
func (a *air) change(carry func(flying) []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.carry = carry
}

// began is the epoch of a recorder's events.
func (r *recorder) began() time.Time { return r.session(0).end.clock.time(0) }

var patient = detect.Fixed{Timeout: time.Minute}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// A tenth is lost, a tenth comes twice, a tenth late enough to be overtaken, for
// an hour: sessions come up, and none ends before its time. (Four answers in a
// row are lost once in some hundred beats, so the detectors are patient here.)
func TestBadAir(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			p := strict(t, "fixed")
			p.Client, p.Server = patient, patient
			cfg := Config{Policy: p, HandshakeTimeout: 10 * time.Second}
			var echoes int
			c := ClientConfig{Config: cfg}
			b := startInAir(t, c, ServerConfig{Config: cfg}, datagram.Config{})
			b.air.change(func(flying) []time.Duration {
				switch random.IntN(10) {
				case 0:
					return nil
				case 1:
					return []time.Duration{0, ms(random.IntN(5000))}
				case 2:
					return []time.Duration{ms(random.IntN(5000))}
				}
				return []time.Duration{0}
			})
			time.Sleep(time.Hour)
			b.air.change(nil)
			time.Sleep(10 * time.Second)
			for _, e := range b.client.all(session.Heard) {
				if e.Type == session.Echo {
					echoes++
				}
			}
			if ups := len(b.client.all(session.Up)); ups != 1 || echoes < 1200 {
				t.Errorf("seed %d: %d sessions came up, and %d echoes were heard; want 1, and most of 1800", seed, ups, echoes)
			}
			b.stop(t)
		})
	}
}

// A client whose address changes keeps its session, from its next datagram on.
func TestAddressChanges(t *testing.T) {
	for _, name := range []string{"echo-timer", "push"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := Config{Policy: strict(t, name)}
				b := startInAir(t, ClientConfig{Config: cfg}, ServerConfig{Config: cfg}, datagram.Config{})
				for range 20 {
					time.Sleep(15 * time.Second) // what the server sends until it hears of it is lost
					b.air.move(b.own())
				}
				time.Sleep(10 * time.Second)
				for _, r := range []*recorder{&b.client, &b.server} {
					if n := len(r.all(session.Suspect)) + len(r.all(session.Down)); n > 0 || len(r.all(session.Up)) != 1 {
						t.Errorf("%d suspicions and ends, want none", n)
					}
				}
				if got, want := b.server.session(0).RemoteAddr(), b.own().LocalAddr(); got != want {
					t.Errorf("the server answers to %v, want %v", got, want)
				}
				b.stop(t)
			})
		})
	}
}

// Whatever was sent is sent again, as it was and with each bit of it turned, from
// elsewhere: nothing happens, and the server goes on answering to the client.
func TestForgedAndReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startInAir(t, ClientConfig{}, ServerConfig{}, datagram.Config{})
		time.Sleep(time.Minute)
		home := b.own().LocalAddr()
		before := [2][]session.Event{b.client.everything(), b.server.everything()}
		elsewhere := b.air.open()
		for _, d := range b.air.all() {
			forged := flying{elsewhere.at, d.to, d.bytes}
			b.air.send(forged)
			for i := range d.bytes {
				forged.bytes = append([]byte(nil), d.bytes...)
				forged.bytes[i] ^= 1 << (i % 8)
				b.air.send(forged)
			}
			for n := range d.bytes {
				forged.bytes = d.bytes[:n]
				b.air.send(forged)
			}
		}
		synctest.Wait()
		for i, r := range []*recorder{&b.client, &b.server} {
			if got := r.everything(); len(got) != len(before[i]) {
				t.Errorf("forged datagrams made events: %+v", got[len(before[i]):])
			}
		}
		if got := b.server.session(0).RemoteAddr(); got != home {
			t.Errorf("the server answers to %v, want %v", got, home)
		}
		b.stop(t)
	})
}

func (r *recorder) everything() []session.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]session.Event(nil), r.events...)
}

// A server with another secret, or one who stands between without it, gets no
// session up.
func TestSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir()
		pc := a.open()
		b := &airBed{air: a, home: pc.at}
		l := datagram.NewListener(pc, datagram.Config{Secret: []byte("theirs")})
		b.bed = start(t, l, dialAir(b, []byte("ours")), ClientConfig{}, ServerConfig{})
		time.Sleep(10 * time.Second)
		if n := len(b.client.all(session.Up)) + len(b.server.everything()); n > 0 {
			t.Errorf("%d events of sessions between ends with different secrets, want none", n)
		}
		if e := b.client.last(session.Down); e.Cause != session.NoAnswer {
			t.Errorf("client: %+v, want no answer", e)
		}
		b.stop(t)
	})
}

// Over real sockets: datagrams are not lost on a loopback device that has room.
func TestRealDatagrams(t *testing.T) {
	noneLeft(t)
	l, err := datagram.Listen("127.0.0.1:0", datagram.Config{})
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return datagram.Dial(ctx, l.Addr().String(), datagram.Config{})
	}
	b := start(t, l, dial, ClientConfig{Config: Config{Policy: quick(t)}}, ServerConfig{Config: Config{Policy: quick(t), OnUp: echo}})
	s := b.client.waitFor(0)
	for n := range 100 {
		if err := s.Send(number(n)); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, s); got != string(number(n)) {
			t.Fatalf("received %s, want %d", got, n)
		}
	}
	if len(b.client.all(session.Suspect)) > 0 {
		t.Error("a live peer was suspected")
	}
	b.stopClient()
	<-b.server.session(0).Done()
	wantCause(t, b.server.session(0).Err(), session.Left, false)
	b.stop(t)
}

func TestDialRefusesAddresses(t *testing.T) {
	for _, addr := range []string{"", "127.0.0.1", "127.0.0.1:nothing", "127.0.0.1:65536"} {
		if c, err := datagram.Dial(t.Context(), addr, datagram.Config{}); err == nil {
			t.Errorf("dialled %q: %v", addr, c.RemoteAddr())
		}
	}
}

// Somebody else closes the socket: Serve returns, and sessions end.
func TestSocketClosedUnderneath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAir()
		pc := a.open()
		b := &airBed{air: a, home: pc.at}
		b.bed = start(t, datagram.NewListener(pc, datagram.Config{}), dialAir(b, nil), ClientConfig{}, ServerConfig{})
		synctest.Wait()
		_ = pc.Close()
		if err := <-b.served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve returned %v, want %v", err, net.ErrClosed)
		}
		synctest.Wait()
		if err := b.server.down(0); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the session ended with %v, want %v", err, net.ErrClosed)
		}
		b.stopClient()
		<-b.ran
	})
}
