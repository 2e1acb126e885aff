package tune

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

func settings(t *testing.T, system string, d Demands) Settings {
	t.Helper()
	var found []Recommendation
	if system == "go" {
		var err error
		if found, err = Recommend(t.Context(), d, nil, Options{Beats: FewestBeats}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Print(system, d, found)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// By hand, for 6-9 s with a margin of 0.15 s and a delay of 50 ms: probes last
// longer than 6.15 s + 2 x 50 ms, so 7 x 1 s; the idle time is what is left of 8.8 s,
// 1 s. An idle connection ends 7 s - 0.1 s to 7 s + 1 s + 50 ms after the cut, and
// TCP_USER_TIMEOUT is 1 s + 7 s.
func TestSysctlByHand(t *testing.T) {
	s := settings(t, "sysctl", demands())
	contains(t, s.Text, "net.ipv4.tcp_keepalive_time = 1\n", "net.ipv4.tcp_keepalive_intvl = 1\n", "net.ipv4.tcp_keepalive_probes = 7\n", "TCP_USER_TIMEOUT, 8000)", "6.9s to 8.05s")
	if len(s.Outside) > 0 {
		t.Errorf("%q, but it fits", s.Outside)
	}
}

func TestSysctlSaysWhereWholeSecondsDoNotFit(t *testing.T) {
	d := demands()
	d.Profile = heartbeat.Custom(heartbeat.Window{Lo: 1500 * time.Millisecond, Hi: 2 * time.Second})
	s := settings(t, "sysctl", d)
	contains(t, strings.Join(s.Outside, "\n"), "outside 1.5s..2s: the kernel counts in whole seconds")
}

// Every one who prints or recommends what beats once a second at most says that this
// is too seldom for the firewall: two seconds and the delay have to be remembered.
func TestSecondsAreSaidToBeTooLongForTheFirewall(t *testing.T) {
	const want = "with a beat every 1s, one lost and the next 50ms late, a firewall must remember for 2.05s, and this one forgets after "
	for _, idle := range []time.Duration{time.Millisecond, 900 * time.Millisecond, time.Second, 2049 * time.Millisecond} {
		d := demands()
		d.Firewall = Firewall{Name: "hasty", Idle: idle}
		for _, system := range []string{"sysctl", "go", "grpc"} {
			contains(t, strings.Join(settings(t, system, d).Outside, "\n"), want+idle.String())
		}
		contains(t, d.keepalive().Why, "a kernel's keepalive probes every 1s at most, and does not keep this connection open: "+want+idle.String())
	}
	d := demands()
	d.Firewall.Idle = 2050 * time.Millisecond
	if r, s := d.keepalive(), settings(t, "sysctl", d); !r.Fits() || len(s.Outside) > 0 {
		t.Errorf("%q, %q, but a second is often enough", r.Why, s.Outside)
	}
}

// A firewall that wants more pings gets more of them, within the window; one that
// nothing is often enough for is said to forget.
func TestNATSPingsOftenEnoughForTheFirewall(t *testing.T) {
	for _, row := range []struct {
		idle  time.Duration
		every time.Duration
		n     string
	}{ // 6.15 s + 2 x 50 ms are at least n intervals, and n + 2 at most 8.85 s
		{idle: time.Second, every: 475 * time.Millisecond, n: "14"},
		{idle: 650 * time.Millisecond, every: 300 * time.Millisecond, n: "21"},
		{idle: 52 * time.Millisecond, every: time.Millisecond, n: "6250"},
	} {
		d := demands()
		d.Firewall.Idle = row.idle
		s := settings(t, "nats", d)
		contains(t, s.Text, fmt.Sprintf("ping_interval: \"%v\"\nping_max: %s\n", row.every, row.n))
		if w := d.Profile.Window; len(s.Outside) > 0 || !w.Contains(s.Client.Lo) || !w.Contains(s.Client.Hi) || !w.Contains(s.Server.Hi) {
			t.Errorf("firewall %v: client %v, server %v; %q", row.idle, s.Client, s.Server, s.Outside)
		}
	}
	d := demands()
	d.Firewall.Idle = 50 * time.Millisecond
	contains(t, strings.Join(settings(t, "nats", d).Outside, "\n"), "this one forgets after 50ms")
	d = demands()
	d.Profile = heartbeat.Custom(heartbeat.Window{Lo: 6 * time.Second, Hi: 6100 * time.Millisecond})
	contains(t, strings.Join(settings(t, "nats", d).Outside, "\n"), "outside 6s..6.1s: that differs by an interval and a round trip")
}

// An interval that is demanded is that of all that is printed.
func TestSettingsHaveTheIntervalThatIsDemanded(t *testing.T) {
	d := demands()
	d.Interval = 2 * time.Second
	contains(t, settings(t, "nats", d).Text, `ping_interval: "2s"`, "ping_max: 4\n")
	contains(t, strings.Join(settings(t, "nats", d).Outside, "\n"), "the client detects after 7.9s to 10s, outside 6s..9s")
	contains(t, settings(t, "grpc", d).Text, "Time:    2 * time.Second, // 1 s at least\n\t\tTimeout: 6800 * time.Millisecond")
	contains(t, settings(t, "sysctl", d).Text, "net.ipv4.tcp_keepalive_time = 2\n")
}

// With P = 1.26 s and N = 5: a client in 6.3 s - 0.1 s to 7.56 s, a server up to one P
// later. P is what 8.85 s are to seven ticks; four pings would have 4/6 of 8.85 s =
// 5.9 s, which is too soon.
func TestNATSByHand(t *testing.T) {
	s := settings(t, "nats", demands())
	contains(t, s.Text, `ping_interval: "1.26s"`, "ping_max: 5\n", "nats.PingInterval(1260 * time.Millisecond)", "nats.MaxPingsOutstanding(5)")
	if want := (heartbeat.Window{Lo: 6200 * time.Millisecond, Hi: 7560 * time.Millisecond}); s.Client != want {
		t.Errorf("client %v, want %v", s.Client, want)
	}
	if want := (heartbeat.Window{Lo: 6200 * time.Millisecond, Hi: 8820 * time.Millisecond}); s.Server != want || len(s.Outside) > 0 {
		t.Errorf("server %v, want %v; %q", s.Server, want, s.Outside)
	}
}

// A client of grpc-go needs 10 s before it pings: 6-9 s is out of its reach. The
// server's is not: every S = 9 - 6 - 0.3 - 0.15 - 0.02 = 2.5 s, with a Timeout of 9 -
// 0.15 - 0.05 - 2.5 = 6.3 s, it takes 6.2 s to 8.85 s.
func TestGRPCCannotReachNineSeconds(t *testing.T) {
	s := settings(t, "grpc", demands())
	contains(t, s.Text, "Time:                10 * time.Second", "Time:    2500 * time.Millisecond", "Timeout: 6300 * time.Millisecond", "MinTime:             5 * time.Second", "PermitWithoutStream: true")
	contains(t, strings.Join(s.Outside, "\n"), "the client detects after", "wait 10s before they ping")
	if want := (heartbeat.Window{Lo: 6200 * time.Millisecond, Hi: 8850 * time.Millisecond}); s.Server != want || len(s.Outside) != 1 {
		t.Errorf("server %v, want %v; %q", s.Server, want, s.Outside)
	}
}

// 30-40 s is within the reach of both: the server pings every 8.8 s, so that the
// client reads something before its own 10 s are over.
func TestGRPCReachesFortySeconds(t *testing.T) {
	d := demands()
	d.Profile.Window = heartbeat.Window{Lo: 30 * time.Second, Hi: 40 * time.Second}
	d.Profile.Margin = 500 * time.Millisecond
	s := settings(t, "grpc", d)
	if len(s.Outside) > 0 || !d.Profile.Window.Contains(s.Client.Lo) || !d.Profile.Window.Contains(s.Client.Hi) {
		t.Errorf("client %v, server %v; %q", s.Client, s.Server, s.Outside)
	}
}

// A server of grpc-go pings every second at most.
func TestGRPCHasALeastInterval(t *testing.T) {
	d := demands()
	d.Profile = heartbeat.Custom(heartbeat.Window{Lo: time.Second, Hi: 1500 * time.Millisecond})
	d.Profile.Delay = 10 * time.Millisecond
	d.Profile.Jitter = 10 * time.Millisecond
	s := settings(t, "grpc", d)
	contains(t, s.Text, "Time:    1 * time.Second")
	contains(t, strings.Join(s.Outside, "\n"), "servers ping every 1s at most")
}

// What is to be pasted compiles: Go's against this module, the rest as far as Go's
// grammar goes.
func TestGoSettingsCompile(t *testing.T) {
	text := settings(t, "go", demands()).Text
	contains(t, text, "Idle:     1 * time.Second", "Count:    7", "Interval: 2100 * time.Millisecond", "detect.Fixed{Timeout: 8800 * time.Millisecond}")
	const head = "package main\nimport (\n\"net\"\n\"time\"\n\"github.com/flatline-go/flatline/heartbeat\"\n\"github.com/flatline-go/flatline/heartbeat/detect\"\n)\n"
	const tail = "\nfunc main() { _, _, _ = dialer, listener, config }\n"
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, []byte(head+text+tail), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "vet", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s in\n%s", err, out, text)
	}
	grpc := "package p\n" + settings(t, "grpc", demands()).Text
	if _, err := parser.ParseFile(token.NewFileSet(), "grpc.go", grpc, 0); err != nil {
		t.Errorf("%v in\n%s", err, grpc)
	}
	_, nats, _ := strings.Cut(settings(t, "nats", demands()).Text, "\n\n")
	nats = "package p\nfunc connect() {\n" + nats + "}\n"
	if _, err := parser.ParseFile(token.NewFileSet(), "nats.go", nats, 0); err != nil {
		t.Errorf("%v in\n%s", err, nats)
	}
}

// Every detector's Go source is what it is.
func TestEveryDetectorHasASource(t *testing.T) {
	d := demands()
	d.Loss = 0.02
	for _, f := range Families() {
		fit := f.fit(d, 2*time.Second)
		if fit.client == nil {
			t.Errorf("%s fits nothing", f.Name)
			continue
		}
		source := goDetector(fit.client)
		if _, err := parser.ParseExpr(source); err != nil || !strings.HasPrefix(source, fmt.Sprintf("%T{", fit.client)) {
			t.Errorf("%s: %s, %v", f.Name, source, err)
		}
	}
}

func TestPrintRefusesAnotherSystem(t *testing.T) {
	if _, err := Print("cobol", demands(), nil); err == nil || !strings.Contains(err.Error(), "sysctl, go, grpc, nats") {
		t.Errorf("%v, want the systems that there are", err)
	}
}
