package wild

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// pinging is what gorilla/websocket's examples do by hand: ping every so often,
// and read with a deadline that only a pong puts off. Zero: neither.
type pinging struct{ every, wait time.Duration }

func gorillaPairs() []Pair {
	const chat = "github.com/gorilla/websocket@v1.5.3/examples/chat/client.go:"
	example := pinging{54 * time.Second, time.Minute}
	tuned := pinging{2 * time.Second, 8 * time.Second}
	return []Pair{
		gorillaPair("default", pinging{}, pinging{}, Pair{
			User:   "says something every 25 s, which the server echoes",
			Expect: Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:    "No side pings and no read has a deadline unless the application says so; writes into a dead connection succeed.",
			Sources: []string{
				"github.com/gorilla/websocket@v1.5.3/conn.go:1103 // all future reads will return an error. A zero value for t means",
			},
		}),
		gorillaPair("chat-example", pinging{}, example, Pair{
			User: "idle after a first message",
			Expect: Expect{
				CablePull:    sides(never, at(57*time.Second).itself()),
				HalfOpenDown: sides(never, at(57*time.Second).itself()),
				HalfOpenUp:   sides(at(57*time.Second).told(), at(57*time.Second).itself()),
				IdleDrop:     sides(never, at(60*time.Second).itself()),
			},
			Why: "The example's server pings every 54 s and reads until 60 s after the last pong: 6-60 s. Its client, a browser in the example, answers pings and expects none.",
			Sources: []string{
				chat + "21 pongWait = 60 * time.Second",
				chat + "24 pingPeriod = (pongWait * 9) / 10",
				chat + "62 c.conn.SetReadDeadline(time.Now().Add(pongWait))",
				chat + "63 c.conn.SetPongHandler(func(string) error {",
			},
			Finding: "The client of the chat example never notices: nothing tells it when a ping should have come.",
		}),
		gorillaPair("tuned", tuned, tuned, Pair{
			User: "idle after a first message",
			Expect: Expect{
				CablePull:    sides(at(7*time.Second), at(7*time.Second)),
				HalfOpenDown: sides(at(7*time.Second), at(7*time.Second)),
				HalfOpenUp:   sides(at(7*time.Second), at(7*time.Second)),
				IdleDrop:     Sides{Kept: true},
			},
			Why: "Both sides ping every 2 s and read until 8 s after the last pong: 6-8 s. The last pong came at 2 s, the strike at 3 s.",
			Sources: []string{
				chat + "63 c.conn.SetPongHandler(func(string) error {",
			},
		}),
	}
}

func gorillaPair(setting string, client, server pinging, p Pair) Pair {
	p.Library, p.Setting = "gorilla-websocket", setting
	p.Serve = func(ln net.Listener) error {
		var upgrader websocket.Upgrader
		return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
			c, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			_ = server.run(r.Context(), c, func(kind int, msg []byte) error { return c.WriteMessage(kind, msg) })
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		c, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+addr, nil) //nolint:bodyclose // the connection is its body
		if err != nil {
			return err
		}
		if client == (pinging{}) && server == (pinging{}) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			go func() {
				_ = repeat(ctx, chatter, func() error { return c.WriteMessage(websocket.TextMessage, []byte("hello")) })
			}()
		} else if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			return err
		}
		return client.run(ctx, c, func(int, []byte) error { return nil })
	}
	return p
}

// run reads c until it ends or ctx does, and pings as p says.
func (p pinging) run(ctx context.Context, c *websocket.Conn, got func(kind int, msg []byte) error) error {
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if p.every > 0 {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		putOff := func() error { return c.SetReadDeadline(time.Now().Add(p.wait)) }
		if err := putOff(); err != nil {
			return err
		}
		c.SetPongHandler(func(string) error { return putOff() })
		go func() {
			_ = later(ctx, p.every, func() error {
				return c.WriteControl(websocket.PingMessage, nil, time.Now().Add(10*time.Second))
			})
		}()
	}
	for {
		kind, msg, err := c.ReadMessage()
		if err != nil {
			return err
		}
		if err := got(kind, msg); err != nil {
			return err
		}
	}
}
