package wild

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

func grpcPairs() []Pair {
	const source = "google.golang.org/grpc@v1.85.0/"
	return []Pair{
		grpcPair("default", nil, nil, Pair{
			User:   "calls every 25 s, giving each call 5 s",
			Expect: Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:    "The client sends no keepalive at all, the server its first after 2 h. A call that runs out of time fails, its connection stays.",
			Sources: []string{
				source + "internal/transport/defaults.go:32 defaultClientKeepaliveTime    = infinity",
				source + "internal/transport/defaults.go:38 defaultServerKeepaliveTime    = 2 * time.Hour",
			},
			Finding: "Every call of the client fails with DeadlineExceeded, and each next one goes into the same dead connection: the network sees no other dial.",
		}),
		grpcPair("tuned",
			[]grpc.DialOption{grpc.WithKeepaliveParams(keepalive.ClientParameters{
				Time: 10 * time.Second, Timeout: 2 * time.Second, PermitWithoutStream: true,
			})},
			[]grpc.ServerOption{
				grpc.KeepaliveParams(keepalive.ServerParameters{Time: 5 * time.Second, Timeout: 3 * time.Second}),
				grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
			},
			Pair{
				User: "watches: one stream open, on which one message came",
				Expect: Expect{
					CablePull:    sides(at(9*time.Second).itself(), at(5*time.Second).itself()),
					HalfOpenDown: sides(at(9*time.Second).itself(), at(5*time.Second).itself()),
					HalfOpenUp:   sides(at(5*time.Second).told(), at(5*time.Second).itself()),
					IdleDrop:     Sides{Kept: true},
				},
				Why: "A side pings when it has read nothing for its Time and hangs up when it has read nothing for its Timeout more: client 2-12 s (Time is 10 s at least), server 3-8 s.",
				Sources: []string{
					source + "internal/internal.go:42 KeepaliveMinPingTime = 10 * time.Second",
					source + "internal/transport/http2_client.go:1842 if outstandingPing && timeoutLeft <= 0",
					source + "internal/transport/http2_server.go:1272 if outstandingPing && kpTimeoutLeft <= 0",
				},
				Finding: "A client cannot be made quicker than 10 s plus its Timeout: shorter Times are raised to 10 s with a warning in the log (dialoptions.go:576).",
			}),
	}
}

func grpcPair(setting string, client []grpc.DialOption, server []grpc.ServerOption, p Pair) Pair {
	p.Library, p.Setting = "grpc", setting
	p.Serve = func(ln net.Listener) error {
		s := grpc.NewServer(server...)
		h := health.NewServer()
		grpc_health_v1.RegisterHealthServer(s, h)
		defer s.Stop()
		defer h.Shutdown()
		return s.Serve(ln)
	}
	p.Dial = func(ctx context.Context, addr string) error {
		c, err := grpc.NewClient(addr, append(client, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		if err != nil {
			return err
		}
		defer c.Close()
		h := grpc_health_v1.NewHealthClient(c)
		if client == nil {
			return repeat(ctx, chatter, func() error {
				ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				_, _ = h.Check(ctx, &grpc_health_v1.HealthCheckRequest{}) // the next call may do better
				return nil
			})
		}
		return repeat(ctx, time.Second, func() error { // a watch that broke begins again
			watch, err := h.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
			for err == nil {
				_, err = watch.Recv()
			}
			return nil
		})
	}
	return p
}
