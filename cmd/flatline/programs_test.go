//go:build programs

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// talker is a server that answers its first byte, and then says nothing.
func talker(t *testing.T) string {
	t.Helper()
	silent := net.ListenConfig{KeepAlive: -1} // else its kernel would not be
	ln, err := silent.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns = append(conns, c)
			b := make([]byte, 1)
			if _, err := c.Read(b); err == nil {
				_, _ = c.Write(b)
			}
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
		for _, c := range conns {
			c.Close()
		}
	})
	return ln.Addr().String()
}

// client speaks once, and hangs up after a second without a word. Its last words
// go to standard error.
const client = `
import os, socket, sys, time
s = socket.create_connection((os.environ["FLATLINE_HOST"], int(sys.argv[1])), timeout=1.5)
s.sendall(b"x")
try:
    while s.recv(1): pass
except TimeoutError: print("silence", file=sys.stderr, flush=True)
s.close()
time.sleep(60)
`

func python(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skipf("SKIPPED, THIS PROVES NOTHING: %v", err)
	}
}

func TestProgramWatch(t *testing.T) {
	t.Parallel()
	python(t)
	upstream := talker(t)
	for _, row := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{name: "within the window", args: []string{"--window", "..1500ms"}, code: 0, want: []string{
			`phase 0: client hung up after [01]\.\d+ s; server never hung up in [\d.]+ s`,
			`-[\d.]+ s  link 1: the client connected; in all 1 byte to the server, 1 to the client`,
			`0\.000 s  cable-pull strikes; last byte to the server [\d.]+ s ago`,
			`  output: .*/output/cable-pull\.watched\.\.\.1\.5s\.0\.client\.log`, `All held: 1 trial`,
		}},
		{name: "before the window", args: []string{"--window", "1.4s..1.5s"}, code: 1, want: []string{
			`client: expected to hang up within 1\.4s\.\.1\.5s of the fault, but hung up after`, `repeat: go run ./cmd/flatline watch --scenario cable-pull .* --window 1\.4s\.\.1\.5s .* -- python3 -c '`,
		}},
		{name: "the server's side", args: []string{"--side", "server", "--window", "..1500ms"}, code: 1, want: []string{`server: expected to hang up within \.\.1\.5s of the fault, but never did in`}},
		{name: "a delay", args: []string{"--scenario", "latency-step", "--set", "step=1s"}, code: 1, want: []string{`client: expected not to hang up, but hung up after [\d.]+m?s \(link 1\), a mistake`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"watch", "--out", filepath.Join(t.TempDir(), "reports"), "--upstream", upstream, "--observe", "2500ms", "--after", "300ms", "--interval", "100ms", "--retries", "3", "--set", "reconnect=100ms"}, row.args...)
			if strings.Contains(row.name, "delay") {
				args = append(args[:len(args)-6], row.args...)
			}
			code, stdout, stderr := here(t.Context(), append(args, "--", "python3", "-c", client, "{port}")...)
			if code != row.code {
				t.Errorf("exit code %d, want %d: %s", code, row.code, stderr)
			}
			for _, want := range row.want {
				if !regexp.MustCompile(want).MatchString(stdout) {
					t.Errorf("no %s in\n%s", want, stdout)
				}
			}
		})
	}
}

func TestProgramWatchSpreadsItsTrials(t *testing.T) {
	t.Parallel()
	python(t)
	code, stdout, stderr := here(t.Context(), "watch", "--out", filepath.Join(t.TempDir(), "reports"), "--upstream", talker(t), "--observe", "2500ms", "--after", "200ms", "--trials", "2", "--parallel", "2", "--retries", "3",
		"--set", "reconnect=100ms", "--", "python3", "-c", client, "{port}")
	if code != 0 || !strings.Contains(stdout, "phase 0: client hung up") || !strings.Contains(stdout, "phase 0.5: client hung up") || !strings.Contains(stdout, "2 timed") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// Whatever ends the command ends what it started, and what that started.
func TestProgramWatchLeavesNoProcessBehind(t *testing.T) {
	t.Parallel()
	python(t)
	for _, signal := range []os.Signal{os.Interrupt, os.Kill} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			pids := filepath.Join(dir, "pids")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "watch", "--upstream", talker(t), "--out", filepath.Join(dir, "reports"), "--",
				"sh", "-c", `python3 -c '`+client+`' $FLATLINE_PORT & sleep 60 & echo $! $$ > `+pids+`.new
					setsid sh -c 'sleep 60 & echo $! >> `+pids+`.new'
					mv `+pids+`.new `+pids+`; wait`)
			cmd.Env = append(os.Environ(), asCommand+"=1")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = bufio.NewReader(out).WriteTo(os.Stderr) }()
			var text []byte
			for end := time.Now().Add(20 * time.Second); len(text) == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				text, _ = os.ReadFile(pids)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			words := strings.Fields(string(text))
			// The client itself, one in its group, and one that left it and its parent.
			if len(words) != 3 {
				t.Fatalf("the client said %q, want three processes", text)
			}
			for _, word := range words {
				pid, err := strconv.Atoi(word)
				if err != nil {
					t.Fatal(err)
				}
				if !gone(pid) {
					t.Errorf("process %d is alive", pid)
				}
			}
		})
	}
}

// gone says whether a process has ended, or does so soon.
func gone(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if p.Signal(syscall.Signal(0)) != nil || strings.Contains(string(stat), ") Z ") {
			return true // or dead, but not buried yet by whoever adopted it
		}
	}
	return false
}
