package command

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// listener is one of this process's.
func listener(t *testing.T, addr string) int {
	t.Helper()
	ln, err := net.Listen("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().(*net.TCPAddr).Port
}

// Whoever listens has to be the server.
func TestAStrangerIsNoServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, host := range []string{"127.0.0.1", "0.0.0.0"} {
		addr := at(listener(t, host+":0"))
		if err := listens(ctx, func() []int { return []int{1 << 30, os.Getpid()} }, addr, time.Second); err != nil {
			t.Errorf("%s, of the server: %v", host, err)
		}
		want := fmt.Sprintf("(process %d) listens on %s, and the server's command did not start it", os.Getpid(), addr)
		for _, limit := range []time.Duration{100 * time.Millisecond, time.Hour} { // who takes the place keeps it
			if err := listens(ctx, func() []int { return nil }, addr, limit); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, of a stranger, within %v: %v, want an error with %q", host, limit, err, want)
			}
		}
	}
}

// onHosts is a path whose hosts are this one.
type onHosts struct{ network.Path }

func (onHosts) On(_ heartbeat.Side, do func() error) error { return do() }

// A server that listens elsewhere is told where it does and, on a network of hosts,
// that the client's is another.
func TestAServerThatListensElsewhereIsToldWhere(t *testing.T) {
	port := listener(t, "127.0.0.1:0")
	here := at(port)
	hosts := network.WithPath(t.Context(), onHosts{})
	nobody := func() []int { return nil }
	own := func() []int { return []int{os.Getpid()} }
	for _, row := range []struct {
		name string
		ctx  context.Context
		pids func() []int
		addr string
		want string
	}{
		{"at another port", t.Context(), own, "127.0.0.1:1", "; it listens on " + here},
		{"at another port, on hosts", hosts, own, "192.0.2.1:1", "; it listens on " + here},
		{"on its own host only", hosts, own, fmt.Sprintf("192.0.2.1:%d", port), "; it listens on " + here + ": on this network it has to be 0.0.0.0, or {host}"},
		{"nowhere", hosts, nobody, "127.0.0.1:1", "; does it listen elsewhere?"},
	} {
		err := listens(row.ctx, row.pids, row.addr, 50*time.Millisecond)
		if err == nil || !strings.HasPrefix(err.Error(), "the server did not listen on "+row.addr+" within 50ms: ") || !strings.HasSuffix(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", row.name, err, row.want)
		}
	}
}

// What may not be looked into may be the server: a command that runs as another
// user.
func TestAnotherUsersProcessMayBeTheServer(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may look into everything")
	}
	if !holds([]int{1}, []string{"-1"}) {
		t.Error("it is a stranger's")
	}
}

// A port that somebody has is refused before anything runs.
func TestATakenPortIsRefused(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "0.0.0.0"} {
		port := listener(t, host+":0")
		want := fmt.Sprintf("server's port %d: ", port)
		whose := fmt.Sprintf("(process %d) listens there already, want one that is free", os.Getpid())
		if _, err := (Kind{Server: []string{"sh"}, Client: []string{"sh"}, ServerPort: port}).New(subject.Setup{}); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), whose) {
			t.Errorf("%s: %v, want %s... %s", host, err, want, whose)
		}
	}
}
