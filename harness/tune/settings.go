package tune

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Settings are what a system is to be told, to be pasted, with what comes of it.
type Settings struct {
	System string `json:"system"`
	Text   string `json:"text"`
	// Client and Server are the ranges of T_D that result, by that system's
	// rules; the zero Window: that side is not told anything.
	Client heartbeat.Window `json:"client"`
	Server heartbeat.Window `json:"server"`
	// Outside says, side by side, where they miss the window that was demanded,
	// and why they have to; and where a firewall forgets sooner than they can help.
	Outside []string `json:"outside,omitempty"`
}

// Systems are those that Print knows, but for yaml, which is package file's.
func Systems() []string { return []string{"sysctl", "go", "grpc", "nats"} }

// Print is the settings for a system. Recommendations are needed for Go, whose
// heartbeat has the first that fits.
func Print(system string, d Demands, of []Recommendation) (Settings, error) {
	var s Settings
	switch system {
	case "sysctl":
		s = d.sysctl()
	case "go":
		s = d.golang(of)
	case "grpc":
		s = d.grpc()
	case "nats":
		s = d.nats()
	default:
		return Settings{}, fmt.Errorf("%q, want one of %s", system, strings.Join(Systems(), ", "))
	}
	s.System = system
	return s, nil
}

// outside says where a side's range misses the window.
func (d Demands) outside(side heartbeat.Side, got heartbeat.Window, why string) []string {
	w := d.Profile.Window
	if got == (heartbeat.Window{}) || got.Hi <= w.Hi && (w.Lo == 0 || got.Lo >= w.Lo) {
		return nil
	}
	return []string{fmt.Sprintf("the %s detects after %v, outside %v: %s", side, rangeOf(got), w, why)}
}

// rangeOf is a range of T_D in words.
func rangeOf(w heartbeat.Window) string {
	return fmt.Sprintf("%v to %v", w.Lo.Round(time.Millisecond), w.Hi.Round(time.Millisecond))
}

// kernel is the kernel's keepalive, and what comes of it.
func (d Demands) kernel() (heartbeat.Keepalive, Settings) {
	k, _, why := d.probing()
	got := k.Detection(d.Profile.Delay)
	s := Settings{Client: got, Server: got, Outside: d.outside("side with keepalive", got, "the kernel counts in whole seconds")}
	if why != "" {
		s.Outside = append(s.Outside, why)
	}
	return k, s
}

// sysctl is the kernel's keepalive. With TCP_USER_TIMEOUT as long as all probes
// take, the two end a connection at the same tick; alone, keepalive does not
// probe while data is unacknowledged.
func (d Demands) sysctl() Settings {
	k, s := d.kernel()
	timeout := k.Idle + time.Duration(k.Count)*k.Interval
	s.Text = fmt.Sprintf(`# For every socket of this machine whose program switches SO_KEEPALIVE on.
# An idle connection ends %[5]s after the cable was pulled.
net.ipv4.tcp_keepalive_time = %[1]d
net.ipv4.tcp_keepalive_intvl = %[2]d
net.ipv4.tcp_keepalive_probes = %[3]d

# The same for one socket. The last line is for data on its way, which is not
# probed for: without it, it is sent again for 924 s and more (tcp_retries2).
#   setsockopt(fd, SOL_SOCKET,  SO_KEEPALIVE,     1)
#   setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE,     %[1]d)     seconds
#   setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL,    %[2]d)     seconds
#   setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT,      %[3]d)
#   setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, %[4]d)  milliseconds
`, k.Idle/time.Second, k.Interval/time.Second, k.Count, timeout.Milliseconds(), rangeOf(s.Client))
	return s
}

// golang is Go's own keepalive, and Flatline's heartbeat.
func (d Demands) golang(of []Recommendation) Settings {
	k, s := d.kernel()
	var b strings.Builder
	fmt.Fprintf(&b, `// The kernel's keepalive: an idle connection ends %s after the cable was
// pulled, one with data on its way does not (see --print sysctl).
var keepalive = net.KeepAliveConfig{
	Enable:   true,
	Idle:     %s,
	Interval: %s,
	Count:    %d,
}

var dialer = net.Dialer{KeepAliveConfig: keepalive}
var listener = net.ListenConfig{KeepAliveConfig: keepalive}
`, rangeOf(s.Client), goDuration(k.Idle), goDuration(k.Interval), k.Count)
	i := slices.IndexFunc(of, func(r Recommendation) bool { return r.Fits() && r.Policy.Client != nil })
	if i < 0 {
		s.Outside = append(s.Outside, "no family of heartbeats keeps the demands, so there is none to print")
		s.Text = b.String()
		return s
	}
	r := of[i]
	p := r.Policy
	s.Client, s.Server = r.Detection, r.Detection
	fmt.Fprintf(&b, `
// Flatline's heartbeat, of the family %s: detection after %s, whatever the
// connection carries. Client and server need the same.
var policy = heartbeat.Policy{
	Name:     %q,
	Profile: heartbeat.Profile{
		Name:   %q,
		Window: heartbeat.Window{Lo: %s, Hi: %s},
		Delay:  %s,
		Jitter: %s,
		Margin: %s,
	},
	Probe:    heartbeat.ProbeEcho,
	Beats:    heartbeat.FromClient,
	Interval: %s,
	Client:   %s,
	Server:   %s,
}

var config = heartbeat.Config{Policy: policy}
`, r.Family, rangeOf(r.Detection), p.Name, p.Profile.Name, goDuration(p.Profile.Window.Lo), goDuration(p.Profile.Window.Hi),
		goDuration(p.Profile.Delay), goDuration(p.Profile.Jitter), goDuration(p.Profile.Margin), goDuration(p.Interval), goDetector(p.Client), goDetector(p.Server))
	s.Text = b.String()
	return s
}

// goDuration writes a duration as Go's source does.
func goDuration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}} {
		switch {
		case d == 0:
			return "0"
		case d%u.unit == 0:
			return fmt.Sprintf("%d * time.%s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%d", d)
}

// goDetector writes a detector as Go's source does.
func goDetector(c detect.Config) string {
	var fields []string
	for _, f := range fieldsOf(c) {
		fields = append(fields, f.name+": "+f.source)
	}
	return fmt.Sprintf("%T{%s}", c, strings.Join(fields, ", "))
}

// grpcLeast is the least Time of grpc-go's clients and servers: what is shorter is
// raised to it (internal.KeepaliveMinPingTime, KeepaliveMinServerPingTime).
const (
	grpcLeastClient = 10 * time.Second
	grpcLeastServer = time.Second
)

// grpc lets the server ping, because a client may do so every 10 s at most. Either
// side pings when it has read nothing for Time, and hangs up when it has read
// nothing for Timeout more; an answer counts as read. So with a ping every S of
// the server's, its T_D lies in (Timeout - 2d, S + Timeout + d], and the client's
// in (C - S - 2d - J, C + d] with C = its Time + Timeout: a ping follows S after
// the last answer was read.
func (d Demands) grpc() Settings {
	p := d.Profile
	longest := p.Window.Hi - p.LowerBound() - 2*p.Margin - 3*p.Delay - p.Jitter
	if d.Firewall.Idle > 0 {
		longest = min(longest, d.Firewall.Interval(p.Delay))
	}
	if d.Interval > 0 {
		longest = d.Interval
	}
	server := max(grpcLeastServer, digits(longest, 2))
	serverTimeout := max(time.Millisecond, digits(p.Window.Hi-p.Margin-p.Delay-server, 3))
	client := grpcLeastClient
	// A Timeout is no use below a round trip: the client would ping a live server,
	// and hang up.
	clientTimeout := max(digits(p.Window.Hi-p.Margin-p.Delay-client, 3), 2*p.Delay+p.Jitter+p.Margin, time.Millisecond)
	s := Settings{
		Client: heartbeat.Window{Lo: max(0, client+clientTimeout-server-2*p.Delay-p.Jitter), Hi: client + clientTimeout + p.Delay},
		Server: heartbeat.Window{Lo: max(0, serverTimeout-2*p.Delay), Hi: server + serverTimeout + p.Delay},
	}
	if server >= client { // the client pings as well, and hears of itself
		s.Client.Lo = max(0, clientTimeout-2*p.Delay)
	}
	s.Text = fmt.Sprintf(`// grpc-go. The server pings, so that the client, which may do so every 10 s at
// most, hears something in between. T_D: client %s, server %s.
var client = grpc.WithKeepaliveParams(keepalive.ClientParameters{
	Time:                %s, // the least that grpc-go takes; less is raised to it
	Timeout:             %s,
	PermitWithoutStream: true, // else an idle connection is not watched
})

var server = []grpc.ServerOption{
	grpc.KeepaliveParams(keepalive.ServerParameters{
		Time:    %s, // 1 s at least
		Timeout: %s,
	}),
	grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
		MinTime:             %s, // less than the client's Time, or the client is sent away: too_many_pings
		PermitWithoutStream: true,
	}),
}
`, rangeOf(s.Client), rangeOf(s.Server), goDuration(client), goDuration(clientTimeout), goDuration(server), goDuration(serverTimeout), goDuration(client/2))
	s.Outside = slices.Concat(
		d.forgotten(server),
		d.outside(heartbeat.ClientSide, s.Client, fmt.Sprintf("grpc-go's clients wait %v before they ping, and then at least a round trip", grpcLeastClient)),
		d.outside(heartbeat.ServerSide, s.Server, fmt.Sprintf("grpc-go's servers ping every %v at most", grpcLeastServer)),
	)
	return s
}

// nats: a client pings every P, and hangs up at the tick at which N pings are
// unanswered: T_D in (N P - 2d, (N+1) P]. A server puts its own pings off while it
// hears of the client, whose last ping came up to P before the cut: T_D up to
// (N+2) P.
func (d Demands) nats() Settings {
	p := d.Profile
	lo, hi := p.Window.Lo, p.Window.Hi-p.Margin
	if lo > 0 {
		lo += p.Margin + 2*p.Delay
	}
	n, every := d.pings(lo, hi)
	s := Settings{
		Client: heartbeat.Window{Lo: max(0, time.Duration(n)*every-2*p.Delay), Hi: time.Duration(n+1) * every},
		Server: heartbeat.Window{Lo: max(0, time.Duration(n)*every-2*p.Delay), Hi: time.Duration(n+2) * every},
	}
	s.Text = fmt.Sprintf(`# nats-server. T_D: client %s, server %s.
ping_interval: "%v"
ping_max: %d

// nats.go, with the same numbers: a client hangs up at the tick at which that
// many pings are unanswered, one interval after the last of them.
nc, err := nats.Connect(url,
	nats.PingInterval(%s),
	nats.MaxPingsOutstanding(%d),
)
`, rangeOf(s.Client), rangeOf(s.Server), every, n, goDuration(every), n)
	s.Outside = slices.Concat(
		d.forgotten(every),
		d.outside(heartbeat.ClientSide, s.Client, "that differs by an interval and a round trip"),
		d.outside(heartbeat.ServerSide, s.Server, "that differs by two intervals and a round trip, for a server only pings once its clients are silent"),
	)
	return s
}

// pings are the fewest pings, n, and the longest interval between them with which
// n intervals are no less than lo, and n + 2 no more than hi; where there are none,
// so many that more would not help.
func (d Demands) pings(lo, hi time.Duration) (n int, every time.Duration) {
	if every = d.Interval; every > 0 {
		return int(max(1, ceilDiv(int64(lo), int64(every)))), every
	}
	longest := time.Duration(math.MaxInt64)
	if d.Firewall.Idle > 0 {
		longest = max(shortest, d.Firewall.Interval(d.Profile.Delay))
	}
	fewest := int(max(1, lo/longest))
	for n = fewest; n < fewest+100; n++ {
		every = max(shortest, min(longest, digits(hi/time.Duration(n+2), 3)))
		if time.Duration(n)*every >= lo {
			break
		}
	}
	return n, every
}

// forgotten is what is outside where a firewall does not bear the interval.
func (d Demands) forgotten(every time.Duration) []string {
	if why := d.forgets(every); why != "" {
		return []string{why}
	}
	return nil
}
