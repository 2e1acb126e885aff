package toxiproxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	api "github.com/Shopify/toxiproxy/v2/client"
	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
)

// Toxiproxy's own Go client finds all that it knows, and our toxics.
func TestServerForTheStockClient(t *testing.T) {
	s := newServer(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	client := api.NewClient(s.Addr())
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	if v, err := client.Version(); err != nil || strings.TrimSpace(string(v)) != `{"version": "2.12.0"}` {
		t.Errorf("version %q, %v", v, err)
	}
	p, err := client.CreateProxy("p", "127.0.0.1:0", upstream.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"bandwidth", "latency", "limit_data", "noop", "reset_peer", "slicer", "slow_close", "timeout"} {
		if _, err := p.AddToxic("", kind, "downstream", 1, nil); err != nil {
			t.Errorf("toxic %s: %v", kind, err)
		}
	}
	for _, kind := range []string{toxics.CablePullType, toxics.IdleDropType, toxics.DelayType} {
		for _, stream := range []string{"upstream", "downstream"} {
			if _, err := p.AddToxic("", kind, stream, 1, api.Attributes{"cable": "p", "stream": stream}); err != nil {
				t.Errorf("toxic %s: %v", kind, err)
			}
		}
	}
	all, err := client.Proxies()
	if err != nil || len(all["p"].ActiveToxics) != 14 {
		t.Errorf("%d toxics, %v, want 14", len(all["p"].ActiveToxics), err)
	}
	if err := client.ResetState(); err != nil {
		t.Error(err)
	}
	if left, err := p.Toxics(); err != nil || len(left) != 0 {
		t.Errorf("%d toxics after a reset, %v", len(left), err)
	}
	if err := p.Delete(); err != nil {
		t.Error(err)
	}
}

// A toxic of ours without attributes would do nothing, and is refused, however the
// API is told so; one that is updated without any stays as it was.
func TestServerRefusesAToxicWithoutAttributes(t *testing.T) {
	s := newServer(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	client := api.NewClient(s.Addr())
	p, err := client.CreateProxy("p", "127.0.0.1:0", "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) (status int, text string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		read, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(read)
	}
	for _, kind := range []string{toxics.CablePullType, toxics.IdleDropType, toxics.DelayType} {
		for _, attributes := range []string{`, "attributes": {}`, `, "attributes": null`, `, "Attributes": null`, ``} {
			body := `{"name": "x", "type": "` + kind + `"` + attributes + `}`
			status, text := ask(http.MethodPost, "/proxies/p/toxics", body)
			if status != http.StatusBadRequest || !strings.Contains(text, `attribute \"cable\" is missing; accepted: a name in quotes`) {
				t.Errorf("%s: %d, %s", body, status, text)
			}
		}
	}
	for _, body := range []string{"", "null", "[]", `{"type": `, `{"type": "cable_pull", "attributes": 5}`} {
		if status, text := ask(http.MethodPost, "/proxies/p/toxics", body); status != http.StatusBadRequest {
			t.Errorf("%q: %d, %s", body, status, text)
		}
	}
	if left, err := p.Toxics(); err != nil || len(left) != 0 {
		t.Errorf("%d toxics, %v, want none", len(left), err)
	}
	if _, err := p.AddToxic("up", toxics.CablePullType, "upstream", 1, api.Attributes{"cable": "p", "stream": "upstream", "buffer_bytes": 99}); err != nil {
		t.Fatal(err)
	}
	was, err := p.Toxics()
	if err != nil {
		t.Fatal(err)
	}
	if status, text := ask(http.MethodPatch, "/proxies/p/toxics/up", `{"attributes": null}`); status != http.StatusOK { // as Go's client asks for another toxicity
		t.Errorf("an update of nothing: %d, %s", status, text)
	}
	is, err := p.Toxics()
	for _, of := range []api.Toxics{was, is} {
		delete(of[0].Attributes, "proof") // it says when
	}
	if err != nil || !reflect.DeepEqual(is, was) {
		t.Errorf("it is %v now, and was %v: %v", is, was, err)
	}
}

func TestServerHasMetrics(t *testing.T) {
	s := newServer(t)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	l := newRemoteRig(t, s.Addr())
	line := l.open(l.setup())
	client, server := line.dial()
	client.sends("four")
	server.wants("four")
	client.Close()
	server.wantsEnd()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // it counts a connection once that is over
		answer, err := http.Get("http://" + s.Addr() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "go_goroutines") {
			t.Fatalf("%s, %v: %s", answer.Status, err, text)
		}
		for _, of := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(of, `toxiproxy_proxy_received_bytes_total{direction="upstream"`) && strings.HasSuffix(of, " 4") {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("no 4 bytes in %s", text)
		}
	}
}

// A server that is stopped while a cable is cut, and so full that it sees nothing
// of its ends, lets go of everything.
func TestServerCloses(t *testing.T) {
	defer goleak.VerifyNone(t)
	s, err := Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	p, err := api.NewClient(s.Addr()).CreateProxy("p", "127.0.0.1:0", upstream.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"upstream", "downstream"} {
		if _, err := p.AddToxic(stream, toxics.CablePullType, stream, 1, api.Attributes{"cable": "p", "stream": stream, "buffer_bytes": 1}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := net.Dial("tcp", p.Listen)
	if err != nil {
		t.Fatal(err)
	}
	client := &peer{t: t, Conn: c}
	defer client.Close()
	b, err := upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server := &peer{t: t, Conn: b}
	defer server.Close()
	client.sends("ping")
	server.wants("ping")
	if _, err := p.UpdateToxic("upstream", -1, api.Attributes{"cut": toxics.BothWays}); err != nil {
		t.Fatal(err)
	}
	client.sends("held")
	server.sends("held")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	client.wantsEnd()
	server.wantsEnd()
	for _, addr := range []string{s.Addr(), p.Listen} {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			t.Errorf("somebody still listens at %s", addr)
		} else if opError := new(net.OpError); !errors.As(err, &opError) {
			t.Error(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
