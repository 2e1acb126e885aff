package toxics

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/harness/network"

	"github.com/Shopify/toxiproxy/v2/stream"
	stock "github.com/Shopify/toxiproxy/v2/toxics"
)

const second = time.Second

func TestCutWithholdsBytesAndClosings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dial()
		k.client.sends("ping")
		k.server.wants("ping")
		time.Sleep(second)
		k.server.sends("pong")
		k.client.wants("pong")

		time.Sleep(second)
		l.update("up.cable_pull", `{"cut": "both-ways", "fault": 7}`) // at 2 s
		k.client.sends("lost")
		k.server.sends("lost too")
		time.Sleep(second)
		k.client.hangUp() // at 3 s
		time.Sleep(second)
		k.server.hangUp() // at 4 s
		k.server.wants("")
		k.client.wants("")
		k.server.wantsEnd(-1)
		k.client.wantsEnd(-1)

		p := l.proof()
		s := p.Strikes[0]
		if s.WithheldUp != 4 || s.WithheldDown != 8 || s.Closings != 2 || s.Fault != 7 || s.Dials+s.Ended != 0 {
			t.Errorf("strike %+v", s)
		}
		up, down := p.Links[0].Up, p.Links[0].Down
		if up.Passed != 4 || up.Withheld != 4 || down.Passed != 4 || down.Withheld != 8 || p.Links[0].Dead {
			t.Errorf("link %+v", p.Links[0])
		}
		for _, check := range []struct {
			what string
			at   int64
			want time.Duration
		}{
			{"birth", p.Links[0].Born, 0},
			{"first byte up", up.FirstPassed, 0},
			{"first byte down", down.FirstPassed, second},
			{"cut", s.On, 2 * second},
			{"heal", s.Off, -1},
			{"last byte up before the cut", s.LastPassedUp, 0},
			{"last byte down before the cut", s.LastPassedDown, second},
			{"last byte up", up.LastPassed, 0},
			{"last byte down", down.LastPassed, second},
			{"the client's hang-up", up.HungUp, 3 * second},
			{"the server's hang-up", down.HungUp, 4 * second},
			{"the network's end of the server", up.Ended, -1},
			{"the network's end of the client", down.Ended, -1},
			{"forgotten", s.Forgotten, -1},
			{"now", p.Now, 4 * second},
		} {
			if got := l.since(check.at); got != check.want {
				t.Errorf("%s at %v, want %v", check.what, got, check.want)
			}
		}
	})
}

// Only what passes while a fault is in force passes under it: not the byte before,
// not what was held and flows on.
func TestWhatPassedUnderAStrikeIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dial()
		k.client.sends("before")
		time.Sleep(second)
		l.update("down.cable_pull", `{"cut": "this-way"}`) // only the way to the client
		time.Sleep(second)
		k.client.sends("up")
		k.server.sends("down")
		k.server.wants("beforeup")
		time.Sleep(second)
		l.update("down.cable_pull", `{"cut": "none"}`)
		k.client.wants("down")
		k.client.sends("after")
		k.server.wants("after")
		time.Sleep(second)
		l.update("down.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("lost")
		if all := l.proof().Strikes; all[0].PassedUp != 2 || all[0].PassedDown != 0 || all[1].PassedUp+all[1].PassedDown != 0 {
			t.Errorf("passed under the first %d up and %d down, under the second %d and %d; want 2 and 0, 0 and 0",
				all[0].PassedUp, all[0].PassedDown, all[1].PassedUp, all[1].PassedDown)
		}
	})
}

func TestHealLetsAllFlowOnInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dial()
		l.update("down.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("a")
		k.client.sends("b")
		k.server.sends("1")
		time.Sleep(second)
		k.client.sends("c")
		l.update("down.cable_pull", `{"cut": "none"}`)
		k.server.wants("abc", second)
		k.client.wants("1", second)
		k.client.sends("d")
		k.server.wants("d")

		l.update("down.cable_pull", `{"cut": "both-ways"}`)
		time.Sleep(second)
		k.server.sends("2")
		k.server.hangUp()
		time.Sleep(second)
		l.update("down.cable_pull", `{"cut": "none"}`)
		k.client.wants("2")
		k.client.wantsEnd(3 * second)

		p := l.proof()
		if f := p.Links[0].Up; f.Passed != 4 || f.Withheld != 3 || l.since(f.LastPassed) != second {
			t.Errorf("up %+v", f)
		}
		if f := p.Links[0].Down; f.Passed != 2 || f.Withheld != 2 || l.since(f.HungUp) != 2*second || l.since(f.Closed) != 3*second {
			t.Errorf("down %+v", f)
		}
		// Nothing went up after the second heal.
		if up, down := p.Links[0].Up.Resumed, p.Links[0].Down.Resumed; l.since(up) != second || l.since(down) != 3*second {
			t.Errorf("resumed at %v up and %v down, want 1s and 3s", l.since(up), l.since(down))
		}
		if len(p.Strikes) != 2 || l.since(p.Strikes[0].Off) != second || l.since(p.Strikes[1].Off) != 3*second {
			t.Errorf("strikes %+v", p.Strikes)
		}
		if s := p.Strikes[1]; s.WithheldUp != 0 || s.WithheldDown != 1 || s.Closings != 1 {
			t.Errorf("second strike %+v", s)
		}
	})
}

// Toxiproxy starts the upstream half of a connection first: a client that hangs
// up at once may be through it before there is another.
func TestAConnectionIsWholeBeforeItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		up := l.proxy.Toxics.GetToxic("up.cable_pull").Toxic.(*CablePull)
		down := l.proxy.Toxics.GetToxic("down.cable_pull").Toxic.(*CablePull)
		in := make(chan *stream.StreamChunk)
		close(in)
		stub := stock.NewToxicStub(in, make(chan *stream.StreamChunk))
		stub.State = up.NewState()
		up.Pipe(stub)
		p := down.NewState().(*pump)
		if _, live := p.flow.cable.live[p.flow]; !live || !p.flow.ways[stream.Upstream].gone {
			t.Errorf("live %v, the client gone %v; want both", live, p.flow.ways[stream.Upstream].gone)
		}
	})
}

func TestHalfOpenPassesTheOtherWay(t *testing.T) {
	for _, row := range []struct {
		toxic          string
		cut, open      func(*link) *peer
		upCut, downCut int64
	}{
		{
			toxic: "up.cable_pull",
			cut:   func(k *link) *peer { return k.client },
			open:  func(k *link) *peer { return k.server },
			upCut: 1,
		},
		{
			toxic:   "down.cable_pull",
			cut:     func(k *link) *peer { return k.server },
			open:    func(k *link) *peer { return k.client },
			downCut: 1,
		},
	} {
		t.Run(row.toxic, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "", CablePullType)
				k := l.dial()
				l.update(row.toxic, `{"cut": "this-way"}`)
				mute, other := row.cut(k), row.open(k)
				mute.sends("x")
				other.sends("y")
				mute.wants("y")
				other.wants("")
				mute.hangUp()
				other.wantsEnd(-1)
				time.Sleep(second)
				other.hangUp()
				s := l.proof().Strikes[0]
				if s.WithheldUp != row.upCut || s.WithheldDown != row.downCut || s.Closings != 1 {
					t.Errorf("strike %+v", s)
				}
			})
		})
	}
}

func TestLinkBornDuringACutStaysDead(t *testing.T) {
	for _, toxic := range []string{"up.cable_pull", "down.cable_pull"} {
		t.Run(toxic, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "", CablePullType)
				l.update(toxic, `{"cut": "this-way"}`)
				time.Sleep(second)
				k := l.dial()
				k.client.sends("syn")
				l.update(toxic, `{"cut": "none"}`)
				k.client.sends("hello")
				k.server.sends("welcome")
				time.Sleep(second)
				k.client.hangUp()
				k.server.wants("")
				k.client.wants("")
				k.server.wantsEnd(-1)

				p := l.proof()
				if s := p.Strikes[0]; s.Dials != 1 || s.WithheldUp != 8 || s.WithheldDown != 7 || s.Closings != 1 {
					t.Errorf("strike %+v", s)
				}
				if k := p.Links[0]; !k.Dead || l.since(k.Born) != second || l.since(k.Up.HungUp) != 2*second {
					t.Errorf("link %+v", k)
				}
				alive := l.dial()
				alive.client.sends("hello")
				alive.server.wants("hello")
			})
		})
	}
}

func TestFullBufferBlocksTheSenderAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, `, "buffer_bytes": 10`, CablePullType)
		k := l.dial()
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("0123456789")
		blocked := make(chan error, 1)
		go func() {
			for range 3 { // Toxiproxy itself holds two more
				if _, err := k.client.conn.Write([]byte("abc")); err != nil {
					blocked <- err
				}
			}
			blocked <- nil
		}()
		synctest.Wait()
		select {
		case err := <-blocked:
			t.Fatalf("the sender is not blocked: %v", err)
		default:
		}
		l.update("up.cable_pull", `{"cut": "none"}`)
		if err := <-blocked; err != nil {
			t.Fatal(err)
		}
		k.server.wants("0123456789abcabcabc")
	})
}

// What a second cut stops again is the second strike's too; the link counts it
// once.
func TestBytesStoppedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dialDeaf()
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		for range 5 {
			k.client.sends("ab")
		}
		// One chunk goes to the server, which doesn't read; one more is let go.
		l.update("up.cable_pull", `{"cut": "none"}`)
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("cd")
		p := l.proof()
		if first, second := p.Strikes[0].WithheldUp, p.Strikes[1].WithheldUp; first != 10 || second != 8 {
			t.Errorf("withheld %d and %d bytes, want 10 and 8", first, second)
		}
		if f := p.Links[0].Up; f.Withheld != 12 || f.Passed != 4 {
			t.Errorf("link up %+v", f)
		}
		k.server.listen()
		k.server.wants("abab")
		l.update("up.cable_pull", `{"cut": "none"}`)
		k.server.wants("abababcd")
	})
}

func TestBothHangUpAtOnce(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, "", CablePullType)
			k := l.dial()
			l.update("up.cable_pull", `{"cut": "both-ways"}`)
			k.client.conn.Close()
			k.server.conn.Close()
			synctest.Wait()
			if p := l.proof(); p.Strikes[0].Closings != 2 || p.Links[0].Up.HungUp < 0 || p.Links[0].Down.HungUp < 0 {
				t.Fatalf("proof %+v", p)
			}
		})
	}
}

func TestFullBufferEndsWithTheReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, `, "buffer_bytes": 10`, CablePullType)
		k := l.dial()
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("0123456789")
		k.client.sends("abc")
		k.server.hangUp()
		k.client.wantsEnd(-1)
		time.Sleep(second)
		k.client.sends("def")
		k.client.hangUp()
		if f := l.proof().Links[0].Up; l.since(f.HungUp) != second {
			t.Errorf("the client's hang-up at %v, want %v", l.since(f.HungUp), second)
		}
	})
}

// What is withheld fills the buffer: a hang-up behind it isn't seen, and the proof
// says from when on.
func TestFullBufferIsBlind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, `, "buffer_bytes": 10`, CablePullType)
		k := l.dial()
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("012345678")
		time.Sleep(second)
		if f := l.proof().Links[0].Up; f.Blind != 0 {
			t.Errorf("blind from %v, with room for a byte", l.since(f.Blind))
		}
		k.client.sends("9abc")
		time.Sleep(second)
		k.client.hangUp()
		p := l.proof().Links[0]
		if l.since(p.Up.Blind) != second || p.Up.HungUp != network.Never || p.Down.Blind != 0 {
			t.Errorf("blind from %v, hung up at %d, the other way %d; want %v, never, 0", l.since(p.Up.Blind), p.Up.HungUp, p.Down.Blind, second)
		}
		l.update("up.cable_pull", `{"cut": "none"}`)
	})
}

// A proxy's deletion closes the connections and tells the toxics nothing.
func TestDeletionWhileCutLeavesNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		use  func(*line, *link)
	}{
		{"nothing held", func(*line, *link) {}},
		{"bytes held", func(_ *line, k *link) { k.client.sends("x"); k.server.sends("y") }},
		{"a closing held", func(_ *line, k *link) { k.server.hangUp() }},
		{"one buffer full", func(_ *line, k *link) {
			k.client.sends("0123456789")
			k.client.sends("0123456789")
		}},
		{"both buffers full, ended first", func(l *line, k *link) {
			for _, p := range []*peer{k.client, k.server} {
				p.sends("0123456789")
				p.sends("0123456789")
			}
			l.update("up.cable_pull", `{"end": true}`)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, `, "buffer_bytes": 10`, CablePullType, DelayType)
				k := l.dial()
				l.update("up.cable_pull", `{"cut": "both-ways"}`)
				row.use(l, k)
				k.deleted()
				synctest.Wait()
				if c := l.cable(); len(c.live) != 0 {
					t.Errorf("%d flows are left", len(c.live))
				}
			})
		})
	}
}

// Toxiproxy doesn't tell a toxic that it has given up writing.
func TestWhoeverTakesNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dialDeaf()
		l.update("down.cable_pull", `{"cut": "this-way"}`)
		k.client.sends(strings.Repeat("x", 100)) // Toxiproxy writes it to nobody
		k.server.hangUp()
		k.client.sends("a")
		k.client.sends("b")
		time.Sleep(linger)
		k.client.sends("c")
		k.client.wantsEnd(-1)
		k.client.hangUp()
		synctest.Wait()
		if c := l.cable(); len(c.live) != 0 {
			t.Errorf("%d flows are left", len(c.live))
		}
	})
}

func TestEndEndsAllConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType, DelayType)
		before := l.dial()
		l.update("down.cable_pull", `{"cut": "both-ways", "end": true}`)
		after := l.dial()
		for _, k := range []*link{before, after} {
			k.client.wantsEnd(0)
			k.server.wantsEnd(0)
		}
		for _, k := range l.proof().Links {
			if k.Up.HungUp != network.Never || k.Down.HungUp != network.Never {
				t.Errorf("an end hung up: %+v", k)
			}
		}
	})
}

func TestRemovingAToxicEndsItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dial()
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		k.client.sends("x")
		if err := l.proxy.Toxics.RemoveToxic(t.Context(), "up.cable_pull"); err != nil {
			t.Fatal(err)
		}
		k.server.wants("")
		k.server.wantsEnd(0)
		k.client.wantsEnd(-1) // that way is cut
	})
}

func TestCutOfTwoHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType)
		k := l.dial()
		l.update("up.cable_pull", `{"cut": "this-way"}`)
		time.Sleep(second)
		l.update("down.cable_pull", `{"cut": "this-way"}`)
		k.client.sends("a")
		k.server.sends("12")
		time.Sleep(second)
		l.update("up.cable_pull", `{"cut": "none"}`)
		k.server.wants("a")
		k.client.wants("")
		l.update("down.cable_pull", `{"cut": "none"}`)
		k.client.wants("12")
		p := l.proof()
		if a, b := p.Strikes[0], p.Strikes[1]; a.WithheldUp != 1 || a.WithheldDown != 0 || b.WithheldUp != 0 || b.WithheldDown != 2 {
			t.Errorf("strikes %+v", p.Strikes)
		}
	})
}
