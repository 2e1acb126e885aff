package wild

import (
	"context"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func amqpPairs() []Pair {
	const source = "github.com/rabbitmq/amqp091-go@v1.16.0/connection.go:"
	return []Pair{
		amqpPair("default", 0, Pair{
			Settle: 6 * time.Second,
			Expect: Expect{
				CablePull:    sides(at(14*time.Second).itself(), never),
				HalfOpenDown: sides(at(14*time.Second).itself(), at(14*time.Second).told()),
				HalfOpenUp:   unnoticed,
				IdleDrop:     Sides{Kept: true},
			},
			Why: "Both sides send every half heartbeat interval, 5 s; the client reads until three of those after the last frame: 10-15 s. The strike is at 6 s, after the heartbeat at 5 s. The stand-in expects nothing of the client.",
			Sources: []string{
				source + "29 defaultHeartbeat         = 10 * time.Second",
				source + "1049 const maxServerHeartbeatsInFlight = 3",
				source + "1084 conn.SetReadDeadline(time.Now().Add(maxServerHeartbeatsInFlight * interval))",
				source + "1396 go c.heartbeater(c.Config.Heartbeat/2, c.close)",
				source + "1037 case c.deadlines <- conn:",
				source + "1449 _ = deadliner.SetDeadline(time.Time{})",
			},
			Finding: "A client that is cut off before the broker's first heartbeat mostly never notices. The deadline is set after a frame was read (connection.go:1037, by another goroutine), and the last step of opening, once connection.open-ok was read, clears it (connection.go:1449): nine times out of ten the clearing comes last. `go test -v -run AMQPBeforeTheFirstHeartbeat` counts.",
		}),
		amqpPair("tuned", 4*time.Second, Pair{
			Expect: Expect{
				CablePull:    sides(at(5*time.Second).itself(), never),
				HalfOpenDown: sides(at(5*time.Second).itself(), at(5*time.Second).told()),
				HalfOpenUp:   unnoticed,
				IdleDrop:     Sides{Kept: true},
			},
			Why: "As above, with heartbeats of 4 s: 4-6 s. The last came at 2 s.",
			Sources: []string{
				source + "1084 if err :=",
			},
		}),
	}
}

func amqpPair(setting string, heartbeat time.Duration, p Pair) Pair {
	p.Library, p.Setting = "amqp091", setting
	p.User = "idle, connected; the broker is a stand-in of ours that sends heartbeats as RabbitMQ does, and expects none"
	p.Serve = func(ln net.Listener) error {
		return accept(ln, func(ctx context.Context, c net.Conn) { _ = serveAMQP(ctx, c) })
	}
	p.Dial = func(ctx context.Context, addr string) error {
		c, err := amqp.DialConfig("amqp://"+addr, amqp.Config{Heartbeat: heartbeat, Locale: "en_US"})
		if err != nil {
			return err
		}
		defer context.AfterFunc(ctx, func() { _ = c.CloseDeadline(time.Now().Add(100 * time.Millisecond)) })()
		ended := c.NotifyClose(make(chan *amqp.Error, 1))
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return p
}
