package wild

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/xtaci/smux"
)

func smuxPairs() []Pair {
	tuned := smux.DefaultConfig()
	tuned.KeepAliveInterval, tuned.KeepAliveTimeout = 1500*time.Millisecond, 4500*time.Millisecond
	const source = "github.com/xtaci/smux@v1.5.58/"
	return []Pair{
		smuxPair("default", smux.DefaultConfig(), Pair{
			Expect: Expect{
				CablePull:    Sides{Client: at(57 * time.Second).itself(), Server: at(57 * time.Second).itself()},
				HalfOpenDown: Sides{Client: at(57 * time.Second).itself(), Server: at(57 * time.Second).told()},
				HalfOpenUp:   Sides{Client: at(57 * time.Second).told(), Server: at(57 * time.Second).itself()},
				IdleDrop:     Sides{Kept: true},
			},
			Why: "Each side sends every 10 s, and looks every 30 s whether anything came since it last looked: 30-60 s. The strike is at 3 s, so the look at 30 s still finds the hello.",
			Sources: []string{
				source + "mux.go:65 KeepAliveInterval: 10 * time.Second,",
				source + "mux.go:66 KeepAliveTimeout:  30 * time.Second,",
				source + "session.go:573 tickerTimeout := time.NewTicker(s.config.KeepAliveTimeout)",
				source + "session.go:582 if !atomic.CompareAndSwapInt32(&s.sessionIsActive, 1, 0)",
			},
			Finding: "KeepAliveTimeout is documented as how long \"if no data has arrived\" (mux.go:44); it takes up to twice that, because a ticker looks and no deadline moves (session.go:581).",
		}),
		smuxPair("tuned", tuned, Pair{
			Expect: Expect{
				CablePull:    Sides{Client: at(6 * time.Second).itself(), Server: at(6 * time.Second).itself()},
				HalfOpenDown: Sides{Client: at(6 * time.Second).itself(), Server: at(6 * time.Second).told()},
				HalfOpenUp:   Sides{Client: at(6 * time.Second).told(), Server: at(6 * time.Second).itself()},
				IdleDrop:     Sides{Kept: true},
			},
			Why: "As above, with 1.5 s and 4.5 s: 4.5-9 s. The look at 4.5 s finds what came before 3 s, the one at 9 s nothing.",
			Sources: []string{
				source + "session.go:582 if !atomic.CompareAndSwapInt32(&s.sessionIsActive, 1, 0)",
			},
		}),
	}
}

func smuxPair(setting string, config *smux.Config, p Pair) Pair {
	p.Library, p.Setting, p.User = "smux", setting, "idle, one stream open"
	p.Serve = func(ln net.Listener) error {
		return accept(ln, func(_ context.Context, c net.Conn) {
			s, err := smux.Server(c, config)
			if err != nil {
				return
			}
			defer s.Close()
			muxServer(func() (io.ReadWriteCloser, error) { return s.AcceptStream() })
		})
	}
	p.Dial = func(ctx context.Context, addr string) error {
		return dial(ctx, addr, func(_ context.Context, c net.Conn) error {
			s, err := smux.Client(c, config)
			if err != nil {
				return err
			}
			defer s.Close()
			return muxClient(func() (io.ReadWriteCloser, error) { return s.OpenStream() })
		})
	}
	return p
}
