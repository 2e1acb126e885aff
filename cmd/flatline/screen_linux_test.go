package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newScreen is a terminal of 120 columns: what is printed on tty is read from
// screen.
func newScreen(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

// startOn starts the command on a terminal, and ends it with the test.
func startOn(t *testing.T, tty *os.File, args ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TERM=xterm")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// shows reads from screen until it has shown the text; it returns all of that.
func shows(t *testing.T, screen *os.File, text string) string {
	t.Helper()
	shown := make(chan string, 1)
	go func() {
		var all strings.Builder
		b := make([]byte, 4096)
		for {
			n, err := screen.Read(b)
			all.Write(b[:n])
			if err != nil || strings.Contains(all.String(), text) {
				shown <- all.String()
				return
			}
		}
	}()
	select {
	case all := <-shown:
		if !strings.Contains(all, text) {
			t.Fatalf("no %q in %q", text, all)
		}
		return all
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing shows %q", text)
		return ""
	}
}

// On a terminal there is a line that changes while trials run.
func TestATerminalShowsProgress(t *testing.T) {
	screen, tty := newScreen(t)
	startOn(t, tty, "run", "--scenario", "orderly-close", "--policy", "fixed", "--profile", "strict", "--out", t.TempDir())
	if text := shows(t, screen, "left"); !strings.Contains(text, "[") {
		t.Errorf("no bar in %q", text)
	}
}

// The key that strikes moves the cursor, and the command moves it back: else a line
// of its display would be left behind.
func TestEnterLeavesTheDisplayInPlace(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	at := free(t)
	screen, tty := newScreen(t)
	startOn(t, tty, "watch", "--upstream", server.Addr().String(), "--listen", at, "--observe", "1s", "--out", t.TempDir())
	shows(t, screen, "it connects to "+at)
	client, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "press enter to strike")
	if _, err := screen.Write([]byte("\r")); err != nil {
		t.Fatal(err)
	}
	shows(t, screen, "\x1b[A")
}
