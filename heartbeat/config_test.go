package heartbeat

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestZeroConfigIsSafe(t *testing.T) {
	got, err := Config{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	if got.Policy.Key() != "echo-timer/standard" || got.Mode != Act {
		t.Errorf("policy %s, mode %v; want echo-timer/standard, act", got.Policy.Key(), got.Mode)
	}
	if got.HandshakeTimeout != 2*time.Second || got.WriteTimeout != 80*time.Second || got.MaxPayload != 64<<10 || got.MaxQueued != 1<<20 {
		t.Errorf("limits %v, %v, %d, %d; want 2s, 80s, 64 KiB, 1 MiB", got.HandshakeTimeout, got.WriteTimeout, got.MaxPayload, got.MaxQueued)
	}
}

func TestDefaultsFollowWhatIsGiven(t *testing.T) {
	got, err := Config{MaxPayload: 2 << 20, Policy: Policy{Name: "own", Probe: ProbeNone, Beats: FromNobody}}.complete()
	if err != nil {
		t.Fatal(err)
	}
	if got.MaxQueued != 2<<20+HeaderSize || got.WriteTimeout != 10*time.Second || got.Policy.Name != "own" {
		t.Errorf("max queued %d, write timeout %v, policy %s", got.MaxQueued, got.WriteTimeout, got.Policy.Name)
	}
}

func TestConfigRefuses(t *testing.T) {
	dial := func(context.Context) (net.Conn, error) { return nil, nil }
	tests := []struct {
		name string
		cfg  ClientConfig
		want string
	}{
		{name: "no dial", want: "make client: Dial is nil, want a function that connects to the server"},
		{name: "mode", cfg: ClientConfig{Config: Config{Mode: 2}}, want: "mode is 2, want Act or Observe"},
		{
			name: "handshake", cfg: ClientConfig{Config: Config{HandshakeTimeout: -1}},
			want: "handshake timeout is -1ns, want 0 (2s) or more",
		},
		{
			name: "write", cfg: ClientConfig{Config: Config{WriteTimeout: -1}},
			want: "write timeout is -1ns, want 0 (from the policy's window) or more",
		},
		{
			name: "payload", cfg: ClientConfig{Config: Config{MaxPayload: -1}},
			want: "max payload is -1 bytes, want 0 (64 KiB) to 1073741824",
		},
		{
			name: "huge payload", cfg: ClientConfig{Config: Config{MaxPayload: 1<<30 + 1}},
			want: "max payload is 1073741825 bytes, want",
		},
		{
			name: "queue", cfg: ClientConfig{Config: Config{MaxPayload: 100, MaxQueued: 115}},
			want: "max queued is 115 bytes, want 0 (1 MiB) or at least max payload and a header, 116",
		},
		{
			name: "policy", cfg: ClientConfig{Config: Config{Policy: Policy{Name: "mine", Probe: "shout"}}},
			want: `policy mine: probe "shout": want one of ["echo" "push" "none" "urgent"`,
		},
		{
			name: "backoff", cfg: ClientConfig{Dial: dial, Backoff: Backoff{Initial: 2, Max: 1}},
			want: "make client: backoff is 2ns to 1ns, want 0 < initial <= max",
		},
		{
			name: "attempts", cfg: ClientConfig{Dial: dial, MaxAttempts: -1},
			want: "make client: max attempts is -1, want 0 (no limit) or more",
		},
	}
	for _, tt := range tests {
		if _, err := NewClient(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: client: error %v, want %q", tt.name, err, tt.want)
		}
		if strings.HasPrefix(tt.want, "make client") {
			continue
		}
		if _, err := NewServer(ServerConfig{Config: tt.cfg.Config}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: server: error %v, want %q", tt.name, err, tt.want)
		}
	}
	want := "make server: max sessions is -1, want 0 (10000) or more"
	if _, err := NewServer(ServerConfig{MaxSessions: -1}); err == nil || err.Error() != want {
		t.Errorf("sessions: error %v, want %q", err, want)
	}
}

// Each wait is uniform between nothing and a cap that doubles up to its limit.
func TestBackoffHasFullJitter(t *testing.T) {
	b := Backoff{Initial: 100 * time.Millisecond, Max: 700 * time.Millisecond}
	const runs = 2000
	caps := []time.Duration{100, 200, 400, 700, 700, 700}
	sums := make([]time.Duration, len(caps))
	for range runs {
		waits := b.waits()
		for i, limit := range caps {
			d := waits.NextBackOff()
			if d < 0 || d > limit*time.Millisecond {
				t.Fatalf("wait %d is %v, want 0 to %vms", i, d, int64(limit))
			}
			sums[i] += d
		}
	}
	for i, limit := range caps {
		// The mean of a uniform wait is half its cap; 5 deviations of the
		// mean of so many are 5 / sqrt(12 x 2000) = 3 % of it.
		half := limit * time.Millisecond / 2
		if mean := sums[i] / runs; mean < half*93/100 || mean > half*107/100 {
			t.Errorf("wait %d is %v on average, want %v", i, mean, half)
		}
	}
}

func TestInstantsCountFromTheEpoch(t *testing.T) {
	epoch := time.Now().Add(-time.Hour)
	c := newClock(epoch)
	if got, want := time.Duration(c.now()), time.Since(epoch); got > want || got < want-time.Second {
		t.Errorf("now is %v after the epoch, want %v", got, want)
	}
	at := int64(90 * time.Minute)
	if got, want := c.time(at), epoch.Add(90*time.Minute); !got.Equal(want) {
		t.Errorf("instant %d is %v, want %v", at, got, want)
	}
	if !c.time(never).IsZero() {
		t.Error("never is some time")
	}
	if c := newClock(time.Now().Add(time.Hour)); c.now() > -int64(59*time.Minute) {
		t.Errorf("an hour before the epoch is %v", time.Duration(c.now()))
	}
}

func TestPolicyValidate(t *testing.T) {
	good := Policy{
		Name: "good", Probe: ProbeEcho, Beats: FromClient, Interval: time.Second,
		Client: detect.EchoTimer{Timeout: time.Second}, Server: detect.Fixed{Timeout: 3 * time.Second},
	}
	tests := []struct {
		name   string
		change func(*Policy)
		want   string
	}{
		{name: "good", change: func(*Policy) {}},
		{name: "no detector", change: func(p *Policy) { p.Client, p.Server = nil, nil }},
		{name: "probe", change: func(p *Policy) { p.Probe = "" }, want: `probe "": want one of ["echo"`},
		{
			name: "beats", change: func(p *Policy) { p.Beats = "nobody" },
			want: `beats from "nobody": want client, server, both or none`,
		},
		{
			name: "a probe without beats", change: func(p *Policy) { p.Beats = FromNobody },
			want: `probe "echo" with beats from "none": want beats exactly where there is a probe`,
		},
		{
			name: "beats without a probe", change: func(p *Policy) { p.Probe = ProbeNone },
			want: `probe "none" with beats from "client"`,
		},
		{name: "interval", change: func(p *Policy) { p.Interval = 0 }, want: "interval is 0s, want more than 0"},
		{name: "a tiny interval", change: func(p *Policy) { p.Interval = time.Nanosecond }, want: "interval is 1ns, want 1ms or more"},
		{name: "nearly the least interval", change: func(p *Policy) { p.Interval = time.Millisecond - 1 }, want: "interval is 999.999µs, want 1ms or more"},
		{name: "the least interval", change: func(p *Policy) { p.Interval = time.Millisecond }},
		{
			name: "a detector's parameter", change: func(p *Policy) { p.Server = detect.Fixed{} },
			want: "policy good: detector fixed: timeout is 0s, want 1ns to 24h0m0s",
		},
		{
			name: "an echo timer without beats", change: func(p *Policy) { p.Server = p.Client },
			want: `the server's detector is echo-timer, which would never suspect: it wants the probe "echo" and beats from the server`,
		},
		{
			name: "an echo timer without echoes", change: func(p *Policy) { p.Probe = ProbePush },
			want: "the client's detector is echo-timer, which would never suspect",
		},
		{
			name:   "a detector that hears nothing",
			change: func(p *Policy) { p.Probe, p.Client = ProbePush, p.Server },
			want:   "the client has a detector, and would suspect for ever: nothing is sent to it; want beats from the server",
		},
		{
			name: "a timeout within the interval", change: func(p *Policy) { p.Server = detect.Fixed{Timeout: time.Second} },
			want: "the server's fixed allows 1s of silence, want more than the interval of 1s",
		},
	}
	for _, tt := range tests {
		p := good
		tt.change(&p)
		err := p.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
