//go:build unix

package heartbeat_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// freezing is a policy of both sides, of which only the client suspects.
func freezing() heartbeat.Policy {
	return heartbeat.Policy{
		Name: "freezing", Profile: heartbeat.Strict(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromBoth,
		Interval: 50 * time.Millisecond, Client: detect.Fixed{Timeout: 800 * time.Millisecond},
	}
}

// beFrozen is the child: a client that prints what it concludes.
func beFrozen() error {
	client, err := heartbeat.NewClient(heartbeat.ClientConfig{
		Config: heartbeat.Config{Policy: freezing(), Observer: func(e session.Event) {
			switch e.What {
			case session.Up, session.Suspect, session.Stalled, session.Down:
				fmt.Println(e.What, e.Detail)
			}
		}},
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", os.Getenv("HEARTBEAT_ADDR"))
		},
	})
	if err != nil {
		return err
	}
	return client.Run(context.Background())
}

// A process that is stopped for more than two timeouts, while its peer goes on
// beating, does not suspect the peer once it runs again. A peer that falls
// silent afterwards is suspected as ever.
func TestAFrozenSideDoesNotSuspect(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: heartbeat.Config{Policy: freezing()}})
	if err != nil {
		t.Fatal(err)
	}
	var mute atomic.Bool
	served := make(chan error, 1)
	go func() { served <- server.Serve(mutable{ln, &mute}) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-served
	}()

	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=freezes", "HEARTBEAT_ADDR="+ln.Addr().String())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = child.Process.Kill(), child.Wait() }()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			lines <- in.Text()
		}
	}()
	// next is the child's next line that begins with none of except.
	next := func(within time.Duration, except ...string) string {
		timeout := time.After(within)
	read:
		for {
			select {
			case line := <-lines:
				t.Log(line)
				for _, e := range except {
					if strings.HasPrefix(line, e) {
						continue read
					}
				}
				return line
			case <-timeout:
				return ""
			}
		}
	}
	signal := func(s syscall.Signal) {
		if err := child.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}

	if line := next(10 * time.Second); !strings.HasPrefix(line, "up") {
		t.Fatalf("the child says %q, want up", line)
	}
	for range 3 {
		time.Sleep(170 * time.Millisecond) // at another phase each time
		signal(syscall.SIGSTOP)
		time.Sleep(2 * time.Second)
		signal(syscall.SIGCONT)
		if line := next(300*time.Millisecond, "stall"); line != "" {
			t.Fatalf("after its stop the child says %q, want nothing but stalls", line)
		}
	}
	mute.Store(true)
	if line := next(10*time.Second, "stall"); !strings.HasPrefix(line, "suspect") {
		t.Errorf("of a silent peer the child says %q, want suspect", line)
	}
}

// mutable is a listener whose connections can be made to swallow what is
// written to them.
type mutable struct {
	net.Listener
	mute *atomic.Bool
}

func (l mutable) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return muteConn{c, l.mute}, err
}

type muteConn struct {
	net.Conn
	mute *atomic.Bool
}

func (c muteConn) Write(p []byte) (int, error) {
	if c.mute.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}
