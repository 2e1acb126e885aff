package wild

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
)

const mochiSource = "github.com/mochi-mqtt/server/v2@v2.7.9/"

func pahoPairs() []Pair {
	const source = "github.com/eclipse/paho.mqtt.golang@v1.5.1/"
	return []Pair{
		pahoPair("default", 0, 0, Pair{
			Expect: Expect{
				CablePull:    sides(between(37*time.Second, 47*time.Second).itself(), at(42*time.Second).itself()),
				HalfOpenDown: sides(between(37*time.Second, 47*time.Second).itself(), between(37*time.Second, 47*time.Second).told()),
				HalfOpenUp:   sides(between(37*time.Second, 42*time.Second), at(42*time.Second).itself()),
				IdleDrop:     sides(between(40*time.Second, 50*time.Second).itself(), between(40*time.Second, 45*time.Second).itself()),
			},
			Why: "The client looks every 5 s whether 30 s have passed since it last sent or heard, pings, and looks every 5 s whether 10 s have passed since: 10-50 s. Milliseconds decide whether the look at 30 s pings or that at 35 s, and whether the second or the third after it gives up. The server reads until 1.5 x 30 s after the last packet: 15-45 s; or until the client, which a firewall lets connect again, is back under its name.",
			Sources: []string{
				source + "options.go:139 KeepAlive:                30,",
				source + "options.go:140 PingTimeout:              10 * time.Second,",
				source + "ping.go:39 checkInterval = 5 * time.Second",
				source + "ping.go:57 if time.Since(lastSent) >=",
				source + "ping.go:71 if atomic.LoadInt32(&c.pingOutstanding) > 0 && time.Since(pingSent) >=",
				mochiSource + "server.go:564 _ = s.DisconnectClient(existing, packets.ErrSessionTakenOver)",
				mochiSource + "clients.go:265 expiry = time.Now().Add(time.Duration(keepalive+(keepalive/2)) *",
			},
			Finding: "SetPingTimeout is documented as how long the client waits for the answer to a ping (options.go:276). The verdict falls at the next look after that, of one every 5 s, and the ping itself may be 5 s late (ping.go:39): up to 50 s rather than 40. Beside the faults: Disconnect does not interrupt the wait before a reconnect (backoff.go:101, a time.Sleep of up to SetMaxReconnectInterval, 10 min), so its goroutines outlive it.",
		}),
		pahoPair("tuned", 4*time.Second, 2*time.Second, Pair{
			Expect: Expect{
				CablePull:    sides(between(3*time.Second, 5*time.Second).itself(), at(3*time.Second).itself()),
				HalfOpenDown: sides(between(3*time.Second, 5*time.Second).itself(), between(3*time.Second, 5*time.Second).told()),
				HalfOpenUp:   sides(at(3*time.Second), at(3*time.Second).itself()),
				IdleDrop:     Sides{Kept: true},
			},
			Why: "As above, with a keep alive of 4 s, a ping timeout of 2 s, and looks every second: client 2-8 s, server 2-6 s. The look at 4 s or 5 s pings, the second or third after it gives up.",
			Sources: []string{
				source + "ping.go:41 checkInterval = time.Duration(c.options.KeepAlive) * time.Second / 4",
			},
		}),
	}
}

func pahoPair(setting string, keepAlive, pingTimeout time.Duration, p Pair) Pair {
	p.Library, p.Setting, p.User = "paho-mqtt3", setting, "idle, with one subscription that got one message"
	p.Serve = serveMochi
	p.Dial = func(ctx context.Context, addr string) error {
		// A wait before a reconnect cannot be interrupted: by default, Disconnect
		// would leave a goroutine behind for up to ten minutes.
		options := paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("wild").SetMaxReconnectInterval(time.Second)
		if keepAlive > 0 {
			options.SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout)
		}
		c := paho.NewClient(options)
		defer c.Disconnect(1500) // ms, at most
		for _, step := range []func() paho.Token{
			c.Connect,
			func() paho.Token { return c.Subscribe("news", 1, func(paho.Client, paho.Message) {}) },
			func() paho.Token { return c.Publish("news", 1, false, "hello") },
		} {
			token := step()
			select {
			case <-token.Done():
				if err := token.Error(); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return p
}

// serveMochi is a broker that lets everybody in.
func serveMochi(ln net.Listener) error {
	s := mochi.New(&mochi.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if err := s.Serve(); err != nil {
		return err
	}
	err := accept(ln, func(_ context.Context, c net.Conn) { _ = s.EstablishConnection("wild", c) })
	return errors.Join(err, s.Close())
}
