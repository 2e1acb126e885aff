package toxiproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
	"github.com/flatline-go/flatline/harness/scenario"
)

// newServer serves until the test ends, and checks that nothing is left of it.
func newServer(t *testing.T) *Server {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s, err := Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newRemoteRig is a rig whose Toxiproxy is reached at address only.
func newRemoteRig(t *testing.T, address string) *rig {
	t.Helper()
	n, err := Connect(t.Context(), address, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &rig{t: t, network: n, listener: listener, epoch: time.Now()}
}

// The server runs in this process, so that its clock is known exactly.
func TestInstantsOfARemoteServer(t *testing.T) {
	r := newRemoteRig(t, newServer(t).Addr())
	if got := r.network.Name() + ": " + r.network.Version(); got != "toxiproxy: toxiproxy 2.12.0, remote" {
		t.Errorf("it is called %q", got)
	}
	l := r.open(r.setup(network.Fault{Kind: scenario.CablePull}))
	client, server := l.dial()
	client.sends("ping")
	server.wants("ping")
	before := r.now()
	l.apply(0)
	after := r.now()
	client.sends("lost")
	o := l.until("bytes that are withheld", func(o network.Observation) bool { return o.Strikes[0].WithheldUp == 4 })
	if o.Uncertainty <= 0 || o.Uncertainty > 100*time.Millisecond {
		t.Errorf("uncertainty %v", o.Uncertainty)
	}
	if on := o.Strikes[0].On; on < before-int64(o.Uncertainty) || on > after+int64(o.Uncertainty) {
		t.Errorf("struck at %d, want %d to %d, and %v more or less", on, before, after, o.Uncertainty)
	}
	p := l.Path.(*path)
	exact := r.epoch.Sub(toxics.Base())
	if wrong := p.clock.ahead - exact; wrong.Abs() > p.clock.err {
		t.Errorf("the reading is wrong by %v, and says at most %v", wrong, p.clock.err)
	}
	l.undo(0)
	server.wants("lost")
}

// A server that goes is named once, and not for every call that it left out.
func TestAServerThatGoesIsGone(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Config.Handler = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: newServer(t).Addr()})
	n, err := Connect(t.Context(), server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Open(t.Context(), network.Setup{Name: "p", Upstream: "127.0.0.1:1", Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}}})
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	want := fmt.Sprintf("the Toxiproxy at %s does not answer any more: ", server.URL)
	var gone *network.GoneError
	for what, err := range map[string]error{"apply": p.Apply(t.Context(), 0), "close": p.Close(t.Context())} {
		if !errors.As(err, &gone) || strings.Count(err.Error(), want) != 1 || strings.Contains(err.Error(), "Patch") {
			t.Errorf("%s: %v, want %q once", what, err, want)
		}
	}
	if err := n.Close(); err != nil {
		t.Errorf("the network's end: %v", err)
	}
}

func TestConnectRefuses(t *testing.T) {
	toxiproxy := newServer(t).Addr()
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	old := front(t, toxiproxy, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
		return r.Method == http.MethodPatch
	})
	var unreachable *UnreachableError
	var tooOld *TooOldError
	for _, row := range []struct {
		name, address string
		as            any // a type of error
		want          string
	}{
		{"nobody", gone.URL, &unreachable, "start one there: flatline proxy"},
		{"somebody else", nothing.URL, &unreachable, "has no /version"},
		{"an old one", old, &tooOld, "(version 2.12.0) cannot switch toxics by PATCH: want 2.6.0 or newer"},
		{"another scheme", "ftp://localhost", nil, `scheme "ftp"; accepted: host:port or http://host:port`},
		{"no host", "http://", nil, "no host"},
		{"a path", "http://localhost/api", nil, "more than a host and a port"},
	} {
		_, err := Connect(t.Context(), row.address, "")
		if err == nil || !strings.Contains(err.Error(), row.want) || row.as != nil && !errors.As(err, row.as) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

// front stands before a Toxiproxy; what answer returns true for goes no further.
func front(t *testing.T, toxiproxy string, answer func(http.ResponseWriter, *http.Request) bool) (address string) {
	t.Helper()
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: toxiproxy})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		s.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s.URL
}

func TestStockServerIsSlow(t *testing.T) {
	r := newRemoteRig(t, newStockServer(t))
	const late = 200 * time.Millisecond
	l := r.open(r.setup(network.Fault{Kind: scenario.Latency, Delay: network.Delay{Latency: late}}))
	client, server := l.dial()
	client.sends("ping")
	server.wants("ping")
	l.apply(0)
	sent := time.Now()
	client.sends("late")
	server.wants("late")
	if took := time.Since(sent); took < late {
		t.Errorf("it took %v, want %v at least", took, late)
	}
	client.Close()
	server.wantsEnd()
	o := l.until("the end", func(o network.Observation) bool { return o.Links[0].Up.Closed != network.Never })
	s, up := o.Strikes[0], o.Links[0].Up
	if s.Delayed == 0 || s.PassedUp != 4 || s.PassedDown != 0 || !s.Struck() || s.LastPassedUp == network.Never || s.LastPassedUp >= s.On {
		t.Errorf("strike %+v", s)
	}
	if up.Passed != 8 || up.HungUp < s.On || up.Closed < up.HungUp || o.Uncertainty <= 0 {
		t.Errorf("%+v, uncertainty %v", up, o.Uncertainty)
	}
	l.undo(0)
	if o := l.observe(); o.Strikes[0].Off < s.On {
		t.Errorf("it ended at %d", o.Strikes[0].Off)
	}
}

// A server that only says that it is slow proves nothing.
func TestStockServerThatIsNotSlow(t *testing.T) {
	r := newRemoteRig(t, front(t, newStockServer(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			io.WriteString(w, "{}")
		}
		return r.Method == http.MethodPatch
	}))
	l := r.open(r.setup(network.Fault{Kind: scenario.Latency, Delay: network.Delay{Latency: 200 * time.Millisecond}}))
	client, server := l.dial()
	l.apply(0)
	client.sends("soon")
	server.wants("soon")
	time.Sleep(2 * justNow)
	if o := l.observe(); o.Strikes[0].Struck() {
		t.Errorf("%+v, want a strike that did nothing", o.Strikes[0])
	}
}

func TestStockServerRefuses(t *testing.T) {
	n, err := Connect(t.Context(), newStockServer(t), "")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if n.Name() != "stock" {
		t.Errorf("it is called %s", n.Name())
	}
	for _, kind := range []scenario.Kind{scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop} {
		var refused *StockError
		if err := n.Supports(kind); !errors.As(err, &refused) || err.Error() != "only flatline proxy can do "+string(kind) {
			t.Errorf("%s: %v", kind, err)
		}
		setup := network.Setup{Name: "p", Upstream: "127.0.0.1:1", Epoch: time.Now(), Faults: []network.Fault{{Kind: kind}}}
		if _, err := n.Open(t.Context(), setup); !errors.As(err, &refused) {
			t.Errorf("open with %s: %v", kind, err)
		}
	}
	if err := n.Supports(scenario.Latency); err != nil {
		t.Error(err)
	}
	normal := network.Setup{Name: "p", Upstream: "127.0.0.1:1", Epoch: time.Now(), Delay: network.Delay{Jitter: 1, Law: scenario.Normal}}
	if _, err := n.Open(t.Context(), normal); err == nil || !strings.Contains(err.Error(), "uniform only") {
		t.Errorf("a normal delay: %v", err)
	}
}
