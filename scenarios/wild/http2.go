package wild

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

func http2Pairs() []Pair {
	const source = "golang.org/x/net@v0.62.0/http2/"
	both := sides(at(5*time.Second), at(5*time.Second))
	return []Pair{
		http2Pair("default", 0, 0, Pair{
			User:    "asks every 25 s, giving each request 5 s",
			Expect:  Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:     "ReadIdleTimeout 0 means that no side pings. A request that runs out of time fails, its connection stays.",
			Finding: "A request that timed out leaves its connection in the pool, and each next one goes into it and times out as well: the network sees no other dial.",
			Sources: []string{
				source + "transport_common.go:163 // ReadIdleTimeout is the timeout after which a health check using ping",
				source + "server_common.go:115 // ReadIdleTimeout is the timeout after which a health check using a",
			},
		}),
		http2Pair("tuned", 4*time.Second, 4*time.Second, Pair{
			User:   "idle after one request",
			Expect: Expect{both, both, both, Sides{Kept: true}},
			Why:    "A side pings 4 s after the last frame it read and waits 4 s for the answer: 4-8 s.",
			Sources: []string{
				source + "transport.go:559 func (cc *ClientConn) healthCheck()",
				source + "server.go:917 func (sc *serverConn) handlePingTimer(lastFrameReadTime time.Time)",
			},
		}),
	}
}

func http2Pair(setting string, idle, patience time.Duration, p Pair) Pair {
	p.Library, p.Setting = "x-net-http2", setting
	p.Serve = func(ln net.Listener) error {
		s := &http2.Server{ReadIdleTimeout: idle, PingTimeout: patience}
		quiet := &http.Server{ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second}
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		return accept(ln, func(ctx context.Context, c net.Conn) {
			s.ServeConn(c, &http2.ServeConnOpts{Context: ctx, Handler: handler, BaseConfig: quiet})
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		t := &http2.Transport{
			AllowHTTP: true, ReadIdleTimeout: idle, PingTimeout: patience,
			DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, network, addr)
			},
		}
		defer t.CloseIdleConnections()
		get := func() error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr, nil)
			if err != nil {
				return err
			}
			resp, err := t.RoundTrip(req)
			if err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			return nil // the next request may do better
		}
		if idle == 0 {
			return repeat(ctx, chatter, get)
		}
		if err := get(); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	return p
}
