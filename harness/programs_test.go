//go:build programs

package harness_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/heartbeat"
)

// Programs that others wrote are the harness's own test: what it says of them by
// the wire has to agree with what they say themselves.

// need skips a test whose programs are not there, loudly.
func need(t *testing.T, programs ...string) {
	t.Helper()
	t.Parallel()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIPPED, THIS PROVES NOTHING: %v: apt-get install -y openssh-client openssh-server redis-server netcat-openbsd python3", err)
		}
	}
}

// watched is a trial of a cable that is out until both sides have hung up, at
// most for observe.
type watched struct {
	programs command.Kind
	window   heartbeat.Window
	observe  scenario.Span
	that     scenario.Outcome // "": the client hangs up
	out      scenario.Span    // "": as long as observe
}

func (w watched) run(t *testing.T) (rec judge.Record, output func(side string) string) {
	t.Helper()
	s := scenario.Scenario{
		Name: "cable-pull", Claim: "c", Phases: []float64{0},
		Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: w.observe, Must: scenario.MayStrike}},
		Observe: w.observe + "+ 200ms",
		Expect:  []scenario.Expectation{{That: scenario.HangsUp, Side: heartbeat.ClientSide}},
	}
	if w.that != "" {
		s.Expect[0].That = w.that
	}
	if w.out != "" {
		s.Faults[0].For = w.out
	}
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("watched", w.window)}}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	records, err := harness.Runner{Subject: w.programs, Out: out, Retries: 3}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	rec = records[0]
	output = func(side string) string {
		for _, name := range rec.Output {
			if strings.HasSuffix(name, "."+side+".log") {
				return read(t, out, name)
			}
		}
		t.Fatalf("no output of the %s in %v", side, rec.Output)
		return ""
	}
	t.Logf("%s %s: %+v", rec.Verdict, rec.Reason, rec.Checks)
	return rec, output
}

// never wants a trial in which the client was seen to hang up never.
func never(t *testing.T, rec judge.Record) {
	t.Helper()
	if rec.Verdict != judge.Held || len(rec.Connections) != 1 || rec.Connections[0].Client.After != nil || rec.Connections[0].Server.After != nil {
		t.Errorf("%s: %s; connections %+v, want one that nobody hung up", rec.Verdict, rec.Reason, rec.Connections)
	}
}

const pythonEcho = `
import os, socket
with socket.create_server(("127.0.0.1", int(os.environ["FLATLINE_PORT"]))) as s:
    c, _ = s.accept()
    while data := c.recv(100): c.sendall(data)
`

// A client that says itself how long it heard nothing: what the wire shows may
// differ by 20 ms.
func TestProgramASocketTimeoutIsTimedAsTheProcessTimesIt(t *testing.T) {
	need(t, "python3")
	const client = `
import os, socket, time
s = socket.create_connection((os.environ["FLATLINE_HOST"], int(os.environ["FLATLINE_PORT"])), timeout=1.2)
try:
    while True: s.sendall(b"beat"); s.recv(100); time.sleep(0.1)
except TimeoutError: silent = time.time(); s.close(); print(silent, time.time(), flush=True); time.sleep(60)
`
	rec, output := watched{
		programs: command.Kind{Client: []string{"python3", "-c", client}, Server: []string{"python3", "-c", pythonEcho}, After: 300 * time.Millisecond},
		window:   heartbeat.Window{Lo: time.Second, Hi: 1900 * time.Millisecond}, observe: "2s",
	}.run(t)
	if rec.Verdict != judge.Held {
		t.Fatalf("%s: %s", rec.Verdict, rec.Reason)
	}
	var silent, closed float64 // by its clock: just before it closed, and just after
	if _, err := fmt.Sscan(output("client"), &silent, &closed); err != nil {
		t.Fatal(err)
	}
	fault := rec.Started.Add(time.Duration(rec.Strikes[0].On)).UnixNano()
	itself := [2]time.Duration{time.Duration(int64(silent*1e9) - fault), time.Duration(int64(closed*1e9) - fault)}
	byWire, late := *rec.Connections[0].Client.After, 20*time.Millisecond+rec.Client.Doubt
	if byWire < itself[0]-late || byWire > itself[1]+late {
		t.Errorf("by the wire %v after the fault, by the process %v", byWire, itself)
	}
	if rec.Connections[0].Server.After != nil {
		t.Errorf("the server, which waits for ever, ended: %+v", rec.Connections[0].Server)
	}
}

// Each connection of one client is timed: one hangs up, the other never.
func TestProgramEachConnectionIsTimed(t *testing.T) {
	need(t, "python3")
	const server = `
import os, socket
with socket.create_server(("127.0.0.1", int(os.environ["FLATLINE_PORT"]))) as s:
    both = [s.accept()[0] for _ in range(2)]
    for c in both: c.sendall(c.recv(100))
    both[0].recv(1); both[1].recv(1)
`
	const client = `
import os, socket, time
to = (os.environ["FLATLINE_HOST"], int(os.environ["FLATLINE_PORT"]))
one, two = socket.create_connection(to), socket.create_connection(to)
for s in (one, two): s.sendall(b"hello")
for s in (one, two): s.recv(100)
time.sleep(1); two.close(); time.sleep(60)
`
	rec, _ := watched{
		programs: command.Kind{Client: []string{"python3", "-c", client}, Server: []string{"python3", "-c", server}, After: 300 * time.Millisecond},
		window:   heartbeat.Window{Hi: time.Second}, observe: "2s",
	}.run(t)
	if rec.Verdict != judge.Broken || len(rec.Connections) != 2 || rec.Connections[0].Client.After != nil || rec.Connections[1].Client.After == nil ||
		!regexp.MustCompile(`^client: .* but never did in .* \(link 1\), hung up after .* \(link 2\)$`).MatchString(rec.Reason) {
		t.Errorf("%s: %s; connections %+v, want the first open, the second hung up", rec.Verdict, rec.Reason, rec.Connections)
	}
}

func TestProgramNetcatNeverHangsUp(t *testing.T) {
	need(t, "nc", "python3")
	rec, _ := watched{
		programs: command.Kind{
			Client: []string{"sh", "-c", "{ echo hello; sleep 60; } | nc {host} {port}"}, // a shell that the user asks for
			Server: []string{"python3", "-c", pythonEcho}, After: 100 * time.Millisecond,
		},
		observe: "2s",
	}.run(t)
	never(t, rec)
}

// redis-cli leaves it to its kernel, every 15 s; the proxy's kernel answers. A
// never would be a lie.
func TestProgramAKernelsKeepaliveIsNotMeasurable(t *testing.T) {
	need(t, "redis-server", "redis-cli")
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux shows other processes' timers")
	}
	rec, _ := watched{
		programs: command.Kind{
			Server: []string{"redis-server", "--port", "{port}", "--save", "", "--dir", t.TempDir()},
			Client: []string{"redis-cli", "-h", "{host}", "-p", "{port}", "subscribe", "x"},
		},
		observe: "17s", // its kernel would ask after 15 s
	}.run(t)
	want := regexp.MustCompile(`^not measurable on toxiproxy: the client never did in [\d.]+s, but its kernel's keepalive timer is armed \(it fires in .*: run it with --network kernel$`)
	if rec.Verdict != judge.NotMeasurable || !want.MatchString(rec.Reason) {
		t.Errorf("%s: %s", rec.Verdict, rec.Reason)
	}
}

// A cable that is out for a moment in the middle of 1 GB costs no byte of it.
func TestProgramALargeTransferPassesUnchanged(t *testing.T) {
	need(t, "python3")
	const server = `
import hashlib, os, socket
with socket.create_server(("127.0.0.1", int(os.environ["FLATLINE_PORT"]))) as s:
    c, _ = s.accept()
    c.sendall(b"go")
    h, n = hashlib.sha256(), 0
    while n < 1 << 30: data = c.recv(1 << 18); h.update(data); n += len(data)
    c.sendall(h.hexdigest().encode())
    c.recv(1)
`
	const client = `
import hashlib, os, random, socket, time
s = socket.create_connection((os.environ["FLATLINE_HOST"], int(os.environ["FLATLINE_PORT"])))
s.recv(2)
block = random.Random(1).randbytes(1 << 20)
h = hashlib.sha256()
for i in range(1 << 10): data = block[i:] + block[:i]; s.sendall(data); h.update(data)
print("same" if s.recv(100).decode() == h.hexdigest() else "different", flush=True)
time.sleep(60)
`
	rec, output := watched{
		programs: command.Kind{Client: []string{"python3", "-c", client}, Server: []string{"python3", "-c", server}, After: 200 * time.Millisecond},
		observe:  "40s", out: "1s", that: scenario.StaysUp,
	}.run(t)
	if rec.Verdict != judge.Held || rec.Strikes[0].WithheldUp == 0 {
		t.Errorf("%s: %s; withheld %d bytes, want some", rec.Verdict, rec.Reason, rec.Strikes[0].WithheldUp)
	}
	if got := output("client"); got != "same\n" {
		t.Errorf("the client says %q, want same", got)
	}
}

// OpenSSH's own arithmetic: after ServerAliveInterval without a word from the
// server it asks, and asks again after each further interval; it gives up when
// it would have to ask once more than ServerAliveCountMax times. That is
// interval x (count + 1) = 3 s x (2 + 1) = 9 s after the last word, which came
// up to an interval before the fault. It counts in whole seconds, so that a
// second may be missing. (Its manual says interval x count.)
func TestProgramOpenSSHGivesUpAfterOneIntervalMoreThanItsManualSays(t *testing.T) {
	rec, output := watched{
		programs: sshCommand(t, "-o", "ServerAliveInterval=3", "-o", "ServerAliveCountMax=2"),
		window:   heartbeat.Window{Lo: 5 * time.Second, Hi: 9500 * time.Millisecond}, observe: "11s",
	}.run(t)
	if rec.Verdict != judge.Held || rec.Connections[0].Client.Cause != "hung up" {
		t.Errorf("%s: %s; %s", rec.Verdict, rec.Reason, output("client"))
	}
	if silent := rec.Strikes[0].On - rec.Strikes[0].LastPassedDown; rec.Client.Detection != nil {
		whole := *rec.Client.Detection + time.Duration(silent)
		if whole < 8*time.Second-rec.Client.Doubt || whole > 9500*time.Millisecond+rec.Client.Doubt {
			t.Errorf("it hung up %v after the server's last byte, want 8 s to 9.5 s", whole)
		}
		t.Logf("hung up %v after the fault, %v after the server's last byte", *rec.Client.Detection, whole)
	}
	if said := output("client"); !strings.Contains(said, "Timeout, server 127.0.0.1 not responding") {
		t.Errorf("the client says %q, want that it timed out", said)
	}
}

func TestProgramOpenSSHWithoutAliveMessagesNeverHangsUp(t *testing.T) {
	rec, _ := watched{programs: sshCommand(t, "-o", "TCPKeepAlive=no"), observe: "3s"}.run(t)
	never(t, rec)
}

// sshCommand is ssh and sshd with keys of their own.
func sshCommand(t *testing.T, options ...string) command.Kind {
	t.Helper()
	need(t, "ssh", "sshd", "ssh-keygen")
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/run/sshd"); err != nil && me.Uid == "0" {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where it wants to be confined
			t.Skipf("SKIPPED, THIS PROVES NOTHING: %v", err)
		}
	}
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	server := []string{sshd, "-D", "-e", "-f", "none", "-h", key}
	for _, o := range []string{
		"ListenAddress=127.0.0.1", "Port={port}", "AuthorizedKeysFile=" + key + ".pub", "StrictModes=no", "PidFile=none",
		"PasswordAuthentication=no", "TCPKeepAlive=no",
	} {
		server = append(server, "-o", o)
	}
	client := []string{"ssh", "-F", "none", "-i", key, "-p", "{port}", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"}
	client = append(client, options...)
	client = append(client, "-N", me.Username+"@{host}") // no command: they log in, and wait
	return command.Kind{Client: client, Server: server, After: 1500 * time.Millisecond}
}

func TestProgramACommandThatDoesNotComeUpSaysWhy(t *testing.T) {
	need(t, "sh", "sleep")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	there := ln.Addr().String()
	for _, row := range []struct {
		name    string
		command command.Kind
		want    string
	}{
		{name: "crashes", want: `the client, sh, ended: exit status 3; it said last: one \| two`,
			command: command.Kind{Upstream: there, Client: []string{"sh", "-c", "echo one >&2; echo two >&2; exit 3"}}},
		{name: "is over", want: `the client, sh, exited with code 0`,
			command: command.Kind{Upstream: there, Client: []string{"sh", "-c", "exit 0"}}},
		{name: "the server crashes", want: `the server, sh, ended: exit status 4`,
			command: command.Kind{Server: []string{"sh", "-c", "exit 4"}, Client: []string{"sleep", "60"}}},
		{name: "has no upstream", want: `the client, sh, exited with code 0; nobody answers at the upstream, 127.0.0.1:1: .*refused`,
			command: command.Kind{Upstream: "127.0.0.1:1", Client: []string{"sh", "-c", "exit 0"}}},
		{name: "the server listens elsewhere", want: `the server did not listen on 127.0.0.1:\d+ within 500ms: .*does it listen elsewhere\?`,
			command: command.Kind{Server: []string{"sleep", "60"}, Client: []string{"sleep", "60"}, ComeUp: time.Second}},
		{name: "never connects", want: `nobody connected to 127.0.0.1:\d+ within 300ms: .*FLATLINE_ADDR.*does it connect elsewhere\?`,
			command: command.Kind{Upstream: there, Client: []string{"sleep", "60"}, ComeUp: 300 * time.Millisecond}},
		{name: "is not there", want: `client's command: .*no-such-program.*not found`,
			command: command.Kind{Upstream: there, Client: []string{"no-such-program"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			rec, _ := watched{programs: row.command, observe: "1s"}.run(t)
			if rec.Verdict != judge.Failed || !regexp.MustCompile(row.want).MatchString(rec.Reason) {
				t.Errorf("%s: %s; want %s", rec.Verdict, rec.Reason, row.want)
			}
		})
	}
}

// What a process started in turn is ended as well.
func TestProgramNoProcessOutlivesItsTrial(t *testing.T) {
	need(t, "sh", "nc", "python3")
	pids := filepath.Join(t.TempDir(), "pids")
	rec, _ := watched{
		programs: command.Kind{
			Client: []string{"sh", "-c", "trap '' TERM; sleep 60 & echo $! $$ >" + pids + "; python3 -c 'import os,time; os.setsid(); print(os.getpid(),flush=True); time.sleep(60)' >>" + pids + " & sleep 0.5" + "; { echo hello; sleep 60; } | nc {host} {port}"},
			Server: []string{"python3", "-c", pythonEcho}, After: 10 * time.Millisecond,
		},
		observe: "100ms",
	}.run(t)
	never(t, rec)
	for _, word := range strings.Fields(read(t, filepath.Dir(pids), filepath.Base(pids))) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		if alive(pid) {
			t.Errorf("process %d is alive after its trial", pid)
		}
	}
}
