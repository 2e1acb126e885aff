package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// child is the command as a process, which has said its first line.
type child struct {
	*exec.Cmd
	first string
	errs  *strings.Builder
}

// startChild runs the command until the test ends.
func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], args...), errs: new(strings.Builder)}
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stderr = c.errs
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // it has ended, or was killed
	})
	if c.first, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%v: %s", err, c.errs)
	}
	return c
}

// startProxy runs flatline proxy on a free port.
func startProxy(t *testing.T) (c *child, address string) {
	t.Helper()
	c = startChild(t, "proxy", "--listen", "127.0.0.1:0")
	address, found := strings.CutPrefix(strings.TrimSpace(c.first), "Toxiproxy's API is at ")
	if !found {
		t.Fatalf("it said %q", c.first)
	}
	return c, address
}

func TestProxyEndsInOrder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal there")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		c, address := startProxy(t)
		n, err := toxiproxy.Connect(t.Context(), address, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil || c.errs.Len() > 0 {
			t.Errorf("%v: %v, %q", signal, err, c.errs)
		}
		if c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://")); err == nil {
			c.Close()
			t.Errorf("%v: it still listens", signal)
		}
	}
}

func TestProxyWarnsOfOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for listen, warned := range map[string]bool{"0.0.0.0:0": true, ":0": true, "127.0.0.1:0": false, "localhost:0": false} {
		code, stdout, stderr := here(ctx, "proxy", "--listen", listen)
		if code != 0 || !strings.HasPrefix(stdout, "Toxiproxy's API is at http://") {
			t.Errorf("%s: exit code %d, %q", listen, code, stdout)
		}
		if got := strings.HasPrefix(stderr, "flatline: warning: ") && strings.Count(stderr, "\n") == 1; got != warned || !warned && stderr != "" {
			t.Errorf("%s: %q", listen, stderr)
		}
	}
}

// A server beside this one shows the same as the one in this process: the same
// detection times, counted from the same phase.
func TestRemoteAndEmbeddedAgree(t *testing.T) {
	const agreement = 20 * time.Millisecond
	_, address := startProxy(t)
	remote, err := toxiproxy.Connect(t.Context(), address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := remote.Close(); err != nil {
			t.Error(err)
		}
	}()
	policies, err := profileFlags{Profile: []string{"strict"}}.policies(nil, []string{"echo-timer", "fixed"})
	if err != nil {
		t.Fatal(err)
	}
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{scenarios.CablePull()}, Policies: policies, Seed: 7}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	run := func(r harness.Runner) (records []judge.Record) {
		r.Retries = 2
		records, err := r.Run(t.Context(), trials)
		if err != nil || len(records) != len(trials) {
			t.Errorf("%d records, %v", len(records), err)
		}
		return records
	}
	var far, near []judge.Record
	var both sync.WaitGroup
	both.Go(func() { far = run(harness.Runner{Network: remote}) })
	both.Go(func() { near = run(harness.Runner{}) })
	both.Wait()
	if t.Failed() {
		return
	}
	for i, trial := range trials {
		for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
			f, n := far[i].Of(side), near[i].Of(side)
			if far[i].Verdict != judge.Held || near[i].Verdict != judge.Held || f.Detection == nil || n.Detection == nil {
				t.Errorf("%s: remote %s (%s), embedded %s (%s)", trial.ID, far[i].Verdict, far[i].Reason, near[i].Verdict, near[i].Reason)
				break
			}
			if far[i].Network != "toxiproxy" || f.Doubt <= 0 {
				t.Errorf("%s: on %s, in doubt by %v", trial.ID, far[i].Network, f.Doubt)
			}
			// A strike that comes later in the interval is noticed as much sooner.
			shift := time.Duration((*f.Phase - *n.Phase) * float64(trial.Policy.Interval))
			apart := *f.Detection + shift - *n.Detection
			t.Logf("%s, %s: remote %v, embedded %v, at the same phase %v apart; in doubt by %v and %v", trial.ID, side, *f.Detection, *n.Detection, apart, f.Doubt, n.Doubt)
			if apart.Abs() > agreement+f.Doubt+n.Doubt {
				t.Errorf("%s, %s: %v apart, want at most %v", trial.ID, side, apart, agreement)
			}
		}
	}
}

func TestToxiproxyElsewhere(t *testing.T) {
	nobody := free(t)
	_, address := startProxy(t)
	for _, row := range []struct {
		name string
		args []string
		env  string
		code int
		want string
	}{
		{"nobody", []string{"--toxiproxy", nobody}, "", 3, "no Toxiproxy answers at http://" + nobody},
		{"nobody, by the environment", nil, nobody, 3, "no Toxiproxy answers at http://" + nobody},
		{"no address", []string{"--toxiproxy", "ftp://x"}, "", 2, "--toxiproxy: address of a Toxiproxy"},
		{"half of the peers", []string{"--upstream", "localhost:1"}, "", 2, "--upstream and --listen: want both"},
		{"nobody to tell", []string{"--advertise", "localhost"}, "", 2, "--advertise: it is for a Toxiproxy elsewhere"},
		{"no ports", []string{"--upstream", "localhost:1", "--listen", "localhost:9-8"}, "", 2, "want host:port, or host:first-last"},
		{"a flatline proxy", []string{"--toxiproxy", address}, "", 0, ""},
		{"one that is told where we are", []string{"--toxiproxy", address, "--advertise", "localhost"}, "", 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("TOXIPROXY_URL", row.env)
			code, stdout, stderr := flatline(t, append([]string{"run", "--scenario", "orderly-close", "--policy", "fixed", "--profile", "strict", "--retries", "2"}, row.args...)...)
			if code != row.code || !strings.Contains(stderr, row.want) || strings.Count(stderr, "\n") > 1 {
				t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
			}
		})
	}
}

// Two processes, of which the lab knows two addresses only, are timed by the wire.
func TestPeersElsewhere(t *testing.T) {
	server := free(t)
	listen := free(t)
	start := func(args ...string) *strings.Builder {
		ctx, cancel := context.WithCancel(t.Context())
		var out strings.Builder
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := execute(ctx, args, &out, &out); err != nil {
				t.Errorf("%q: %v", args, err)
			}
		}()
		t.Cleanup(func() {
			cancel()
			<-done
			wantEvents(t, out.String(), heartbeat.Side(args[1]))
		})
		return &out
	}
	start("peer", "server", "--listen", server)
	start("peer", "client", "--dial", listen)
	code, stdout, stderr := flatline(t, "run", "--scenario", "idle-reset-at-idle,unannounced-end", "--phases", "0.5", "--policy", "echo-timer", "--profile", "strict",
		"--upstream", server, "--listen", listen, "--retries", "2", "--set", "idle=0.9s")
	if code != 0 || !strings.Contains(stdout, "1 held") || !strings.Contains(stdout, "1 not measurable") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, stderr = here(t.Context(), "watch", "--scenario", "idle-reset-at-idle", "--set", "idle=0.9s", "--window", "..3s", "--side", "both",
		"--upstream", server, "--listen", listen, "--after", "100ms", "--retries", "2", "--out", "watched")
	if code != 0 || !strings.Contains(stdout, "1 held") {
		t.Errorf("watched: exit code %d, %s\n%s", code, stderr, stdout)
	}
	tr, err := trace.ReadFile(filepath.Join("reports", "traces", "idle-reset-at-idle.echo-timer.strict.0.5.jsonl"))
	if err != nil || tr.Header.Subject != "elsewhere" {
		t.Errorf("subject %q, %v", tr.Header.Subject, err)
	}
}

// wantEvents wants lines of a trace: a session of side's that came up, beat, and
// ended.
func wantEvents(t *testing.T, lines string, side heartbeat.Side) {
	t.Helper()
	seen := map[trace.What]int{}
	for line := range strings.Lines(lines) {
		var e trace.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Side != side {
			t.Errorf("%s: %v", line, err)
		}
		seen[e.What]++
	}
	if seen[trace.Up] == 0 || seen[trace.Sent] < 2 || seen[trace.Heard] < 2 || seen[trace.Down]+seen[trace.Closed] == 0 {
		t.Errorf("the %s told %v", side, seen)
	}
}

// free is an address that nobody listens at, and that nobody is given who wants any
// port: on Linux each of 127.0.0.0/8 is this machine.
func free(t *testing.T) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		host = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"localhost:80":       "[localhost:80]",
		"0.0.0.0:4001-4003":  "[0.0.0.0:4001 0.0.0.0:4002 0.0.0.0:4003]",
		"[::1]:65535-65535":  "[[::1]:65535]",
		"localhost":          "",
		"localhost:":         "",
		"localhost:0":        "",
		"localhost:1-65535":  "", // too many
		"localhost:65535-65": "",
		"localhost:65536":    "",
		"localhost:a-b":      "",
	} {
		var a addresses
		err := a.UnmarshalText([]byte(text))
		if got := fmt.Sprint([]string(a)); err == nil != (want != "") || err == nil && got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
		var again addresses
		if err == nil && (again.UnmarshalText([]byte(a.String())) != nil || again.String() != a.String()) {
			t.Errorf("%q: %s is something else", text, a)
		}
	}
}
