package wild

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

func coderPairs() []Pair {
	const source = "github.com/coder/websocket@v1.8.15/conn.go:"
	both := sides(at(5*time.Second), at(5*time.Second))
	return []Pair{
		coderPair("default", 0, Pair{
			User:   "says something every 25 s, which the server echoes",
			Expect: Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:    "Nothing pings unless the application calls Ping, and a read waits as long as its context.",
			Sources: []string{
				source + "223 func (c *Conn) Ping(ctx context.Context) error",
			},
			Finding: "Ping's documentation says \"TCP Keepalives should suffice for most use cases\" (conn.go:222). They do not probe while something that was written is unacknowledged, and take Go's default of 150 s where nothing is.",
		}),
		coderPair("tuned", 4*time.Second, Pair{
			User:   "idle after a first message, pings every 2 s and gives each 4 s, as does the server",
			Expect: Expect{both, both, both, Sides{Kept: true}},
			Why:    "The ping at 4 s, or the answer to it, is lost to the strike at 3 s, and its context ends 4 s later: 4-6 s. Ping only returns an error; it is the application that hangs up.",
			Sources: []string{
				source + "254 case <-ctx.Done():",
				source + "255 return fmt.Errorf(\"failed to wait for pong: %w\", ctx.Err())",
			},
		}),
	}
}

func coderPair(setting string, patience time.Duration, p Pair) Pair {
	p.Library, p.Setting = "coder-websocket", setting
	p.Serve = func(ln net.Listener) error {
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			_ = coderRun(r.Context(), c, patience, func(ctx context.Context, kind websocket.MessageType, msg []byte) error {
				return c.Write(ctx, kind, msg)
			})
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		c, _, err := websocket.Dial(ctx, "ws://"+addr, nil)
		if err != nil {
			return err
		}
		say := func() error { return c.Write(ctx, websocket.MessageText, []byte("hello")) }
		if patience == 0 {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			go func() { _ = repeat(ctx, chatter, say) }()
		} else if err := say(); err != nil {
			return err
		}
		return coderRun(ctx, c, patience, func(context.Context, websocket.MessageType, []byte) error { return nil })
	}
	return p
}

// coderRun reads c until it ends or ctx does. With patience it pings every 2 s
// and hangs up when a ping goes unanswered for that long.
func coderRun(ctx context.Context, c *websocket.Conn, patience time.Duration,
	got func(context.Context, websocket.MessageType, []byte) error,
) error {
	defer c.CloseNow()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if patience > 0 {
		go func() {
			_ = hangUpUnanswered(ctx, 2*time.Second, patience, c.Ping)
			_ = c.CloseNow()
		}()
	}
	for {
		kind, msg, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if err := got(ctx, kind, msg); err != nil {
			return err
		}
	}
}

// hangUpUnanswered pings every interval, counted from the start, and returns
// when one was not answered within patience, or when ctx ends.
func hangUpUnanswered(ctx context.Context, every, patience time.Duration, ping func(context.Context) error) error {
	return later(ctx, every, func() error { return within(ctx, patience, ping) })
}

func within(ctx context.Context, patience time.Duration, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return ping(ctx)
}
