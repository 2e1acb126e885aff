package heartbeat_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

// A server that answers each payload, and a client that sends one.
func Example() {
	policies, err := heartbeat.Policies(heartbeat.Strict()) // a dead peer is noticed after 6-9 s
	if err != nil {
		fmt.Println(err)
		return
	}
	config := heartbeat.Config{Policy: policies[0]}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	serving := config
	serving.OnUp = func(s *heartbeat.Session) {
		for {
			payload, err := s.Receive(context.Background())
			if err != nil {
				return // the session has ended; OnDown is told why
			}
			if err := s.Send(fmt.Appendf(nil, "%s to you", payload)); err != nil {
				return
			}
		}
	}
	downs := make(chan error, 1)
	serving.OnDown = func(_ *heartbeat.Session, err error) { downs <- err }
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: serving})
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = server.Serve(listener) }() // until Shutdown

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	talking := config
	talking.OnUp = func(s *heartbeat.Session) { // again after each reconnection
		defer cancel()
		if err := s.Send([]byte("good morning")); err != nil {
			return
		}
		answer, err := s.Receive(ctx)
		fmt.Printf("%s %v\n", answer, err)
	}
	client, err := heartbeat.NewClient(heartbeat.ClientConfig{
		Config: talking,
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", listener.Addr().String())
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = client.Run(ctx)
	fmt.Println("client:", err)

	err = <-downs
	fmt.Println("server:", err, "-", heartbeat.CauseOf(err))

	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	fmt.Println("shutdown:", server.Shutdown(ctx))
	// Output:
	// good morning to you <nil>
	// client: context canceled
	// server: client left - peer left
	// shutdown: <nil>
}

// What a program may want to tell apart when a session has ended.
func ExampleCauseOf() {
	onDown := func(_ *heartbeat.Session, err error) {
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			fmt.Println("a dead network or host:", err)
		case errors.Is(err, heartbeat.ErrClosed):
			fmt.Println("we closed")
		default:
			fmt.Println("because:", heartbeat.CauseOf(err))
		}
	}
	onDown(nil, &heartbeat.SilentError{Peer: heartbeat.ServerSide, Detail: "nothing heard for 8.55s"})
	onDown(nil, &heartbeat.GaveUpError{Peer: heartbeat.ServerSide})
	onDown(nil, heartbeat.ErrClosed)
	// Output:
	// a dead network or host: server went silent: nothing heard for 8.55s
	// because: peer gave up on us
	// we closed
}

func ExampleProfile_Timing() {
	w, err := heartbeat.ParseWindow("6s..9s")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(heartbeat.Custom(w).Timing())
	// Output:
	// {2s 8.55s 6.75s} <nil>
}
