package wild

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// beatless withholds its writer's heartbeats.
type beatless struct{ net.Conn }

func (b beatless) Write(p []byte) (int, error) {
	if p[0] == frameHeartbeat {
		return len(p), nil
	}
	return b.Conn.Write(p)
}

// A broker that falls silent right after connection.open-ok should be noticed
// 15 s later. Which of the client's goroutines comes first decides: one that
// sets the read deadline, or one that clears it.
func TestAMQPBeforeTheFirstHeartbeat(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() {
		served <- accept(ln, func(ctx context.Context, c net.Conn) { _ = serveAMQP(ctx, beatless{c}) })
	}()
	const clients = 100
	var noticed atomic.Int32
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			c, err := amqp.DialConfig("amqp://"+ln.Addr().String(), amqp.Config{Locale: "en_US"})
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-c.NotifyClose(make(chan *amqp.Error, 1)):
				noticed.Add(1)
			case <-time.After(20 * time.Second): // 15 s, and time to spare
				_ = c.CloseDeadline(time.Now().Add(time.Second))
			}
		})
		time.Sleep(5 * time.Millisecond) // their goroutines race, not the clients
	}
	running.Wait()
	_ = ln.Close()
	<-served
	t.Logf("%d of %d clients noticed", noticed.Load(), clients)
	if noticed.Load() == clients {
		t.Error("all clients noticed: the finding about amqp091 is out of date")
	}
}
