package wild

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/hashicorp/yamux"
)

func yamuxPairs() []Pair {
	tuned := yamux.DefaultConfig()
	tuned.KeepAliveInterval, tuned.ConnectionWriteTimeout = 3500*time.Millisecond, 4*time.Second
	both := func(d time.Duration) Sides { return Sides{Client: at(d), Server: at(d)} }
	return []Pair{
		yamuxPair("default", yamux.DefaultConfig(), Pair{
			Expect: Expect{both(37 * time.Second), both(37 * time.Second), both(37 * time.Second), sides(at(40*time.Second).itself(), at(40*time.Second).itself())},
			Why:    "Each side pings 30 s after the last ping's answer and waits 10 s for this one's: 10-40 s after a fault, by its phase.",
			Sources: []string{
				"github.com/hashicorp/yamux@v0.1.2/mux.go:66 KeepAliveInterval:      30 * time.Second,",
				"github.com/hashicorp/yamux@v0.1.2/mux.go:67 ConnectionWriteTimeout: 10 * time.Second,",
				"github.com/hashicorp/yamux@v0.1.2/session.go:349 case <-time.After(s.config.ConnectionWriteTimeout):",
			},
			Finding: "ConnectionWriteTimeout, documented as \"only applied to writes\" (mux.go:25), is also how long a keep-alive waits for its answer (session.go:349).",
		}),
		yamuxPair("tuned", tuned, Pair{
			Expect: Expect{both(4500 * time.Millisecond), both(4500 * time.Millisecond), both(4500 * time.Millisecond), Sides{Kept: true}},
			Why:    "As above, with 3.5 s and 4 s: 4-7.5 s.",
			Sources: []string{
				"github.com/hashicorp/yamux@v0.1.2/session.go:364 func (s *Session) keepalive()",
			},
		}),
	}
}

func yamuxPair(setting string, config *yamux.Config, p Pair) Pair {
	config.LogOutput = io.Discard
	p.Library, p.Setting, p.User = "yamux", setting, "idle, one stream open"
	p.Serve = func(ln net.Listener) error {
		return accept(ln, func(ctx context.Context, c net.Conn) {
			s, err := yamux.Server(c, config)
			if err != nil {
				return
			}
			defer s.Close()
			muxServer(func() (io.ReadWriteCloser, error) { return s.AcceptStream() })
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		return dial(ctx, addr, func(_ context.Context, c net.Conn) error {
			s, err := yamux.Client(c, config)
			if err != nil {
				return err
			}
			defer s.Close()
			return muxClient(func() (io.ReadWriteCloser, error) { return s.OpenStream() })
		})
	}
	return p
}

// muxServer echoes on the streams of one multiplexed connection until it ends.
func muxServer(next func() (io.ReadWriteCloser, error)) {
	for {
		stream, err := next()
		if err != nil {
			return
		}
		_, _ = io.Copy(stream, stream)
		_ = stream.Close()
	}
}

// muxClient says hello on one stream and then waits for what may come.
func muxClient(open func() (io.ReadWriteCloser, error)) error {
	stream, err := open()
	if err != nil {
		return err
	}
	defer stream.Close()
	if _, err := io.WriteString(stream, "hello"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stream)
	return err
}
