package wild

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func redisPairs() []Pair {
	const source = "github.com/redis/go-redis/v9@v9.23.0/"
	client := func(d time.Duration) Sides { return sides(at(d).itself(), never) }
	// What the client's closing reaches, it ends.
	heard := func(d time.Duration) Sides { return sides(at(d).itself(), at(d).told()) }
	return []Pair{
		redisPair("default", chatter, 0, Pair{
			User:   "reads a key every 25 s",
			Expect: Expect{client(27 * time.Second), heard(27 * time.Second), client(27 * time.Second), client(30 * time.Second)},
			Why:    "An answer has 5 s; a connection on which it did not come is closed. Until the next command nobody asks. The server has no timeout of its own.",
			Sources: []string{
				source + "options.go:741 opt.ReadTimeout = 5 * time.Second",
				source + "redis.go:1300 if isBadConn(err, false, c.opt.Addr) || errors.Is(err, errConnUnusable)",
			},
		}),
		redisPair("pubsub", 0, 0, Pair{
			User:   "subscribed, with the channel's health check at its defaults; one message came",
			Expect: Expect{unnoticed, unnoticed, unnoticed, Sides{Kept: true}},
			Why:    "The health check writes a ping 3 s after the last message, and reconnects only if that write fails; nobody waits for the pong, and reading has no deadline.",
			Sources: []string{
				source + "pubsub.go:701 checkInterval:    3 * time.Second,",
				source + "pubsub.go:731 pingErr := c.pubSub.Ping(ctx)",
				source + "pubsub.go:360 err = c.writeCmd(ctx, cn, cmd)",
			},
			Finding: "A subscriber never notices: its health check is a write, which succeeds for as long as the kernel takes the bytes, and not a round trip.",
		}),
		redisPair("tuned", 2*time.Second, 4*time.Second, Pair{
			User:   "reads a key every 2 s, giving each answer 4 s",
			Expect: Expect{client(5 * time.Second), heard(5 * time.Second), client(5 * time.Second), Sides{Kept: true}},
			Why:    "The command at 4 s goes unanswered for 4 s: 4-6 s. The server never asks.",
			Sources: []string{
				source + "redis.go:1300 if isBadConn(err, false, c.opt.Addr) || errors.Is(err, errConnUnusable)",
			},
		}),
	}
}

// redisPair's user reads a key every interval; 0: it subscribes.
func redisPair(setting string, every, patience time.Duration, p Pair) Pair {
	p.Library, p.Setting = "go-redis", setting
	p.Serve = func(ln net.Listener) error {
		m := miniredis.NewMiniRedis()
		if err := m.Start(); err != nil {
			return err
		}
		defer m.Close()
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			m.Server().ServeConn(c)
		}
	}
	p.Dial = func(ctx context.Context, addr string) error {
		c := redis.NewClient(&redis.Options{Addr: addr, ReadTimeout: patience})
		defer c.Close()
		if every == 0 {
			return redisListen(ctx, c)
		}
		return repeat(ctx, every, func() error {
			_ = c.Get(ctx, "key").Err() // the next command may do better
			return nil
		})
	}
	return p
}

func redisListen(ctx context.Context, c *redis.Client) error {
	news := c.Subscribe(ctx, "news")
	defer news.Close()
	messages := news.Channel()
	for {
		select {
		case _, ok := <-messages:
			if !ok {
				return errors.New("the channel was closed")
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
