//go:build unix

package heartbeat_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// BenchmarkIdle compares our server with the least that a server can be, a
// goroutine per connection that writes back what it reads: the memory of an
// idle connection (heap and stacks in use), and the CPU time of one beat and
// its echo, 4,000 connections each, one beat at a time. The servers are
// processes of their own, so that the load costs them nothing; they take turns,
// so that the machine's moods strike both, and the ratio is the median of all
// turns.
func BenchmarkIdle(b *testing.B) {
	const conns = 4000
	bare, ours := startServer(b, "bare"), startServer(b, "ours")
	bare.connect(b, conns)
	ours.connect(b, conns)
	var bareCPU, oursCPU, ratios []float64
	for b.Loop() {
		for range 5 { // a median wants more than the two turns that a second has
			x, y := bare.round(b), ours.round(b)
			bareCPU, oursCPU, ratios = append(bareCPU, x), append(oursCPU, y), append(ratios, y/x)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(bare.memory, "bare-B/conn")
	b.ReportMetric(ours.memory, "ours-B/conn")
	b.ReportMetric(ours.memory/bare.memory, "memory-ratio")
	b.ReportMetric(median(bareCPU), "bare-cpu-ns/beat")
	b.ReportMetric(median(oursCPU), "ours-cpu-ns/beat")
	b.ReportMetric(median(ratios), "cpu-ratio")
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// handshake is our server's timeout: short, so that the first timer has come
// and been set anew before anything is measured.
const handshake = 500 * time.Millisecond

// serveBench is the child: it prints its address, and for each line of its
// input the bytes and the CPU nanoseconds that it uses.
func serveBench(kind string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		if kind == "bare" {
			err = serveBare(l)
		} else {
			err = serveOurs(l)
		}
		panic(err)
	}()
	fmt.Println(l.Addr())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if in.Text() == "memory" {
			runtime.GC()
			runtime.GC() // pools let go at the second
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Println(m.HeapInuse + m.StackInuse)
			continue
		}
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			return err
		}
		fmt.Println(u.Utime.Nano() + u.Stime.Nano())
	}
	return in.Err()
}

func serveBare(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			var b [session.HeaderSize]byte
			for {
				if _, err := io.ReadFull(c, b[:]); err != nil {
					return
				}
				if _, err := c.Write(b[:]); err != nil {
					return
				}
			}
		}()
	}
}

func serveOurs(l net.Listener) error {
	s, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: heartbeat.Config{HandshakeTimeout: handshake}})
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// server is a child process and the clients that it serves.
type server struct {
	ask    func(what string) uint64
	addr   string
	ours   bool
	conns  []net.Conn
	beats  uint64
	memory float64 // of one connection, in bytes
}

func startServer(b *testing.B, kind string) *server {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
	})
	lines := bufio.NewScanner(out)
	answer := func() string {
		if !lines.Scan() {
			b.Fatalf("%s server: %v", kind, lines.Err())
		}
		return lines.Text()
	}
	s := &server{addr: answer(), ours: kind == "ours"}
	s.ask = func(what string) uint64 {
		fmt.Fprintln(in, what)
		n, err := strconv.ParseUint(answer(), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	b.Cleanup(func() {
		for _, c := range s.conns {
			_ = c.Close()
		}
	})
	return s
}

// connect opens n connections, lets each beat once, and weighs them.
func (s *server) connect(b *testing.B, n int) {
	b.Helper()
	before := s.ask("memory")
	for i := range n {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			b.Fatal(err)
		}
		s.conns = append(s.conns, c)
		s.ping(b, c, session.Frame{Type: session.Hello, Seq: uint64(i) + 1})
	}
	s.round(b)
	time.Sleep(2 * handshake)
	s.round(b)
	s.memory = float64(s.ask("memory")-before) / float64(n)
}

// round lets each client beat and hear the echo, one after the other, and
// returns the CPU time that each cost the server, in nanoseconds.
func (s *server) round(b *testing.B) float64 {
	before := s.ask("cpu")
	for _, c := range s.conns {
		s.ping(b, c, session.Frame{Type: session.Beat, Seq: s.beats})
	}
	s.beats++
	return float64(s.ask("cpu")-before) / float64(len(s.conns))
}

func (s *server) ping(b *testing.B, c net.Conn, f session.Frame) {
	var buf [session.HeaderSize]byte
	if _, err := c.Write(session.AppendFrame(buf[:0], f)); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf[:]); err != nil {
		b.Fatal(err)
	}
}
