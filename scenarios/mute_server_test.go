package scenarios_test

import (
	"context"
	"errors"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

var _ = Describe("A server that accepts and never answers", Label("fault:mute-server", "network:toxiproxy"), func() {
	for _, policy := range []heartbeat.Policy{strict("echo-timer"), strict("fixed")} {
		It("is given up after the handshake time, and never counts as a session, under "+policy.Key(),
			Label("policy:"+policy.Name, "profile:strict"), SpecTimeout(30*time.Second), func(ctx SpecContext) {
				ln, path := wire(ctx)
				go func() { // accepts, and keeps what it accepts
					var kept []net.Conn
					for {
						c, err := ln.Accept()
						if err != nil {
							for _, c := range kept {
								_ = c.Close()
							}
							return
						}
						kept = append(kept, c)
					}
				}()

				const handshake = 2 * time.Second
				epoch := time.Now()
				var dialled []int64 // when each connection stood: its handshake began no sooner
				events := make(chan session.Event, 100)
				client, err := heartbeat.NewClient(heartbeat.ClientConfig{
					Config: heartbeat.Config{
						Policy: policy, HandshakeTimeout: handshake, Epoch: epoch,
						Observer: func(e session.Event) { events <- e },
					},
					Dial: func(ctx context.Context) (net.Conn, error) {
						var d net.Dialer
						c, err := d.DialContext(ctx, "tcp", path.Addr())
						dialled = append(dialled, int64(time.Since(epoch)))
						return c, err
					},
					MaxAttempts: 2,
				})
				Expect(err).NotTo(HaveOccurred())
				err = client.Run(ctx)
				close(events)

				var gaveUp *heartbeat.ConnectError
				Expect(errors.As(err, &gaveUp)).To(BeTrue(), "got %v", err)
				Expect(dialled).To(HaveLen(2))
				var sent, stalled int64
				attempts := 0
				for e := range events {
					switch e.What {
					case session.Sent:
						if e.Type == session.Hello {
							sent = e.At
						} else {
							Expect(e.Type).To(Equal(session.Bye), "before the answer to a hello nothing else may leave")
						}
					case session.Stalled: // this process stood still, and the wait does not count that
						stalled += e.To - e.At
					case session.Down:
						Expect(e.Cause).To(Equal(session.NoAnswer))
						waited := time.Duration(e.At - stalled)
						Expect(waited-time.Duration(dialled[attempts])).To(BeNumerically(">=", handshake), "too soon")
						// The hello may have left late, and a timer that is late by less than
						// a stall is told by nobody.
						Expect(waited-time.Duration(sent)).To(BeNumerically("<=", handshake+100*time.Millisecond), "too late")
						attempts, stalled = attempts+1, 0
					default:
						Fail("a mute server made an event: " + e.What.String())
					}
				}
				Expect(attempts).To(Equal(2))
				Expect(ln.Close()).To(Succeed())
			})
	}
})

// strict is a built-in policy in the strict profile.
func strict(name string) heartbeat.Policy {
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		panic(err) // the built-in profiles have room for their numbers
	}
	for _, p := range policies {
		if p.Name == name {
			return p
		}
	}
	panic("no policy " + name)
}
