//go:build unix

package heartbeat_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// waits is how long a process has nothing to do in BenchmarkWait.
const waits = 8 * time.Second

// BenchmarkWait compares how late two processes are that have nothing to do but to
// wait: for a bare read deadline, and for our server's silent client to be
// suspected.
func BenchmarkWait(b *testing.B) {
	for b.Loop() {
		bare, ours := startWait(b, "waits bare"), startWait(b, "waits ours")
		b.ReportMetric(bare(b), "bare-late-ms")
		b.ReportMetric(ours(b), "ours-late-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// startWait starts a child; what it returns is how late that is, in milliseconds.
func startWait(b *testing.B, kind string) (late func(testing.TB) float64) {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	cmd := exec.CommandContext(b.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return func(t testing.TB) float64 {
		t.Helper()
		err := cmd.Wait()
		n, bad := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
		if err := errors.Join(err, bad); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		return float64(n) / 1e6
	}
}

// beWaiting is the child: it waits once, and prints by how many nanoseconds that
// was too long.
func beWaiting(bare bool) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	if bare {
		end := time.Now().Add(waits)
		if err := c.SetReadDeadline(end); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("read: %w, want a timeout", err)
		}
		fmt.Println(time.Since(end).Nanoseconds())
		return nil
	}
	late := make(chan int64, 1)
	var heard int64
	s, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: heartbeat.Config{
		Policy: heartbeat.Policy{Name: "waits", Probe: heartbeat.ProbePush, Beats: heartbeat.FromClient, Interval: time.Second, Server: detect.Fixed{Timeout: waits}},
		Observer: func(e session.Event) {
			switch e.What {
			case session.Heard:
				heard = e.At
			case session.Suspect:
				late <- e.At - heard - int64(waits)
			}
		},
	}})
	if err != nil {
		return err
	}
	go func() { _ = s.Serve(l) }()
	if _, err := c.Write(session.AppendFrame(nil, session.Frame{Type: session.Hello, Seq: 1})); err != nil {
		return err
	}
	fmt.Println(<-late)
	return nil
}
