package heartbeat

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

func naivePolicy(t *testing.T, probe Probe) Policy {
	t.Helper()
	policies, err := Policies(Strict())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		if p.Probe == probe {
			return p
		}
	}
	t.Fatalf("no policy has the probe %s", probe)
	return Policy{}
}

func TestNoSessionAsksTheKernel(t *testing.T) {
	for probe, want := range map[Probe]bool{
		ProbeEcho: false, ProbePush: false, ProbeNone: false, "own": false, "": false,
		ProbeUrgent: true, ProbeKeepalive: true, ProbeUserTimeout: true, ProbeSocketState: true, ProbeTCPInfo: true,
	} {
		if probe.AsksKernel() != want {
			t.Errorf("%q asks the kernel: %v", probe, !want)
		}
		if !want {
			continue
		}
		cfg := Config{Policy: naivePolicy(t, probe)}
		says := `: probe "` + string(probe) + `" asks the kernel, and a session beats: want echo, push or none`
		_, server := NewServer(ServerConfig{Config: cfg})
		_, client := NewClient(ClientConfig{Config: cfg, Dial: func(context.Context) (net.Conn, error) { return nil, nil }})
		for _, err := range []error{server, client} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: error %v, want %q", probe, err, says)
			}
		}
	}
}

func TestNaivePoliciesOfStrict(t *testing.T) {
	for _, row := range []struct {
		probe    Probe
		interval time.Duration
		timeout  time.Duration
		bytes    int
	}{
		{probe: ProbeUrgent, interval: 2 * time.Second, bytes: 1},
		{probe: ProbeKeepalive},
		{probe: ProbeUserTimeout, interval: 500 * time.Millisecond, timeout: 6750 * time.Millisecond, bytes: 1},
		{probe: ProbeSocketState, interval: 2 * time.Second},
		{probe: ProbeTCPInfo, interval: 2 * time.Second},
	} {
		p := naivePolicy(t, row.probe)
		if p.Interval != row.interval || p.UserTimeout != row.timeout || p.Beats != FromClient || p.Client != nil || p.Server != nil {
			t.Errorf("%+v", p)
		}
		if got := row.probe.BeatSize(); got != row.bytes {
			t.Errorf("%s: a beat has %d bytes, want %d", row.probe, got, row.bytes)
		}
	}
	if ProbeNone.BeatSize() != 0 || ProbeEcho.BeatSize() != HeaderSize {
		t.Error("sizes of sessions' beats")
	}
}

func TestNaivePolicyValidate(t *testing.T) {
	for _, row := range []struct {
		name   string
		probe  Probe
		change func(*Policy)
		want   string
	}{
		{name: "a detector", probe: ProbeUrgent, change: func(p *Policy) { p.Server = detect.Fixed{Timeout: time.Hour} }, want: `probe "urgent" with a detector, which would hear nothing`},
		{name: "no interval", probe: ProbeTCPInfo, change: func(p *Policy) { p.Interval = 0 }, want: "interval is 0s, want more than 0"},
		{name: "nobody asks", probe: ProbeSocketState, change: func(p *Policy) { p.Beats = FromNobody }, want: "want beats exactly where there is a probe"},
		{name: "no keepalive", probe: ProbeKeepalive, change: func(p *Policy) { p.Keepalive = Keepalive{} }, want: "policy keepalive: keepalive: idle is 0s, want whole seconds from 1s to 9h6m7s"},
		{name: "half seconds", probe: ProbeKeepalive, change: func(p *Policy) { p.Keepalive.Interval = 1500 * time.Millisecond }, want: "interval is 1.5s, want whole seconds"},
		{name: "long", probe: ProbeKeepalive, change: func(p *Policy) { p.Keepalive.Idle = 32768 * time.Second }, want: "idle is 9h6m8s"},
		{name: "no probe", probe: ProbeKeepalive, change: func(p *Policy) { p.Keepalive.Count = 0 }, want: "count is 0, want 1 to 127"},
		{name: "many probes", probe: ProbeKeepalive, change: func(p *Policy) { p.Keepalive.Count = 128 }, want: "count is 128, want 1 to 127"},
		{name: "a keepalive of another", probe: ProbeUrgent, change: func(p *Policy) { p.Keepalive = KeepaliveDefault() }, want: `probe "urgent" with a keepalive: want it only with the probe "keepalive"`},
		{name: "no user timeout", probe: ProbeUserTimeout, change: func(p *Policy) { p.UserTimeout = 0 }, want: "user timeout is 0s, want 1ms to"},
		{name: "a user timeout of another", probe: ProbeTCPInfo, change: func(p *Policy) { p.UserTimeout = time.Second }, want: `probe "tcp-info" with a user timeout: want it only with`},
	} {
		p := naivePolicy(t, row.probe)
		row.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want %q", row.name, err, row.want)
		}
	}
}
