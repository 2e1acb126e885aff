package wild

import (
	"context"
	"net/url"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
)

func autopahoPairs() []Pair {
	const source = "github.com/eclipse/paho.golang@v0.23.0/"
	return []Pair{
		autopahoPair("default", 0, Pair{
			User:   "publishes every 25 s with QoS 1, giving each message 10 s",
			Expect: Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:    "KeepAlive has no default: 0 asks for none, so the pinger returns at once and the broker sets no deadline. A publish that times out is an error to its caller, not to the connection.",
			Sources: []string{
				source + "autopaho/auto.go:69 KeepAlive                     uint16      // Keepalive period in",
				source + "paho/pinger.go:72 if keepAlive == 0",
				source + "paho/client.go:882 pubCtx, cf := context.WithTimeout(ctx, c.config.PacketTimeout)",
				mochiSource + "clients.go:264 if keepalive > 0",
			},
			Finding: "The v3 client's default keep alive is 30 s, its successor's is none: who moves over and does not set KeepAlive notices nothing, and nor does the broker.",
		}),
		autopahoPair("tuned", 4, Pair{
			User: "idle, with one subscription that got one message",
			Expect: Expect{
				CablePull:    sides(at(5*time.Second).itself(), at(3*time.Second).itself()),
				HalfOpenDown: sides(at(5*time.Second).itself(), at(5*time.Second).told()),
				HalfOpenUp:   sides(at(3*time.Second).told(), at(3*time.Second).itself()),
				IdleDrop:     Sides{Kept: true},
			},
			Why: "The client pings at 0 s and 4 s and finds at 8 s that the second went unanswered: 4-8 s. The server reads until 1.5 x 4 s after the last packet: 2-6 s.",
			Sources: []string{
				source + "paho/pinger.go:93 timer := time.NewTimer(0) // Immediately send first pingreq",
				source + "paho/pinger.go:118 if !lastPingSent.IsZero() && lastPingSent.After(lastPingResponse)",
				mochiSource + "clients.go:265 expiry = time.Now().Add(time.Duration(keepalive+(keepalive/2)) *",
			},
		}),
	}
}

func autopahoPair(setting string, keepAlive uint16, p Pair) Pair {
	p.Library, p.Setting = "paho-mqtt5", setting
	p.Serve = serveMochi
	p.Dial = func(ctx context.Context, addr string) error {
		config := autopaho.ClientConfig{
			ServerUrls:   []*url.URL{{Scheme: "mqtt", Host: addr}},
			KeepAlive:    keepAlive,
			ClientConfig: paho.ClientConfig{ClientID: "wild"},
		}
		c, err := autopaho.NewConnection(ctx, config)
		if err != nil {
			return err
		}
		defer func() { <-c.Done() }()
		if err := c.AwaitConnection(ctx); err != nil {
			return err
		}
		publish := func() error {
			// Who cannot publish tries again next time.
			_, _ = c.Publish(ctx, &paho.Publish{Topic: "news", QoS: 1, Payload: []byte("hello")})
			return nil
		}
		if keepAlive == 0 {
			return repeat(ctx, chatter, publish)
		}
		if _, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "news", QoS: 1}}}); err != nil {
			return err
		}
		_ = publish()
		<-ctx.Done()
		return ctx.Err()
	}
	return p
}
