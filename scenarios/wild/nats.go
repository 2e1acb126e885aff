package wild

import (
	"context"
	"net"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func natsPairs() []Pair {
	const (
		client = "github.com/nats-io/nats.go@v1.55.0/nats.go:"
		srv    = "github.com/nats-io/nats-server/v2@v2.15.2/server/client.go:"
	)
	const slow, soon = 357 * time.Second, 8200 * time.Millisecond
	lost := sides(at(slow).itself(), between(359*time.Second, 359400*time.Millisecond).itself())
	tunedLost := sides(at(soon).itself(), between(10200*time.Millisecond, 10600*time.Millisecond).itself())
	return []Pair{
		natsPair("default", 0, 0, Pair{
			Expect: Expect{
				CablePull:    lost,
				HalfOpenDown: sides(at(slow).itself(), at(slow).told()),
				HalfOpenUp:   lost,
				IdleDrop:     sides(between(357600*time.Millisecond, 358*time.Second).itself(), at(360*time.Second).itself()),
			},
			Why: "A side pings every 120 s and hangs up at the third tick with two pings unanswered: 240-360 s. The server's ticks follow its first ping, after 2-2.4 s, and one that falls within 120 s of a ping of the client's sends none: up to 2.4 s more.",
			Sources: []string{
				client + "60 DefaultPingInterval       = 2 * time.Minute",
				client + "61 DefaultMaxPingOut         = 2",
				client + "6091 if nc.pout > nc.Opts.MaxPingsOut",
				srv + "5998 if c.ping.out+1 > maxPingsOut",
				srv + "7147 } else if d > firstClientPingInterval",
			},
			Finding: "Two pings of 2 min that may be outstanding make up to 6 min, not 4: the verdict falls at the tick after the second unanswered ping's own interval. With `-observe 400s` the client was measured at 357.0 s, the server at 359.1 s.",
		}),
		natsPair("tuned", 2800*time.Millisecond, 2, Pair{
			Expect: Expect{
				CablePull:    tunedLost,
				HalfOpenDown: sides(at(soon).itself(), at(soon).told()),
				HalfOpenUp:   tunedLost,
				IdleDrop:     Sides{Kept: true},
			},
			Why: "As above, with 2.8 s: client 5.6-8.4 s. Its ticks at 5.6 s and 8.4 s ping, that at 11.2 s gives up. The server's ticks follow its first ping, at 2-2.4 s, and one that falls within 2.8 s of a ping of the client's sends none: it pings at the third and fourth and gives up at the fifth, up to 11.2 s after the fault.",
			Sources: []string{
				client + "6091 if nc.pout > nc.Opts.MaxPingsOut",
				srv + "5985 if delta := now.Sub(c.lastIn); delta < pingInterval && !needRTT",
				srv + "5998 if c.ping.out+1 > maxPingsOut",
				srv + "7147 } else if d > firstClientPingInterval",
			},
			Finding: "The server puts off its pings while the client's own come in, so that after a fault it needs up to one interval more than the client, with the same numbers.",
		}),
	}
}

func natsPair(setting string, interval time.Duration, out int, p Pair) Pair {
	p.Library, p.Setting, p.User = "nats", setting, "idle, with one subscription that got one message"
	p.Serve = func(ln net.Listener) error {
		s, err := server.NewServer(&server.Options{
			DontListen: true, NoSigs: true, NoLog: true, PingInterval: interval, MaxPingsOut: out,
		})
		if err != nil {
			return err
		}
		s.Start()
		defer s.WaitForShutdown()
		defer s.Shutdown()
		return accept(ln, func(_ context.Context, c net.Conn) {
			inside, err := s.InProcessConn()
			if err == nil {
				bridge(inside, c)
			}
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		options := nats.GetDefaultOptions()
		options.Url = "nats://" + addr
		if interval > 0 {
			options.PingInterval, options.MaxPingsOut = interval, out
		}
		c, err := options.Connect()
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Subscribe("news", func(*nats.Msg) {}); err != nil {
			return err
		}
		if err := c.Publish("news", []byte("hello")); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return p
}
