package harness_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// BenchmarkThousandPairs cuts one cable with a thousand sessions on it, and says
// how much later than the pure detector (last heard + timeout) all their sides
// suspected their peers.
func BenchmarkThousandPairs(b *testing.B) {
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		late := cutAThousand(b, policies[1])
		for _, q := range []struct {
			unit string
			p    float64
		}{{"p50-ms", .5}, {"p99-ms", .99}, {"max-ms", 1}} {
			b.ReportMetric(stat.Quantile(q.p, stat.Empirical, late, nil), q.unit)
		}
	}
}

func cutAThousand(b *testing.B, policy heartbeat.Policy) (lateMS []float64) {
	const pairs = 1000
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	epoch := time.Now()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	proxy, err := toxiproxy.New()
	if err != nil {
		b.Fatal(err)
	}
	path, err := proxy.Open(ctx, network.Setup{
		Name: "thousand", Upstream: ln.Addr().String(), Epoch: epoch, Faults: []network.Fault{{Kind: scenario.CablePull}},
	})
	if err != nil {
		b.Fatal(err)
	}

	w := watch{late: make(chan time.Duration, 2*pairs), beating: make(chan struct{}, 100*pairs)}
	timeout := policy.Client.(detect.Fixed).Timeout
	config := heartbeat.Config{Policy: policy, Mode: heartbeat.Observe, Epoch: epoch, Observer: func(e session.Event) { w.see(e, timeout) }}
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: config})
	if err != nil {
		b.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(ln) })
	clients, hangUp := context.WithCancel(ctx)
	for range pairs {
		client, err := heartbeat.NewClient(heartbeat.ClientConfig{Config: config, Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", path.Addr())
		}})
		if err != nil {
			b.Fatal(err)
		}
		running.Go(func() { _ = client.Run(clients) })
	}
	defer func() {
		hangUp()
		_ = path.Close(ctx)
		_ = server.Shutdown(ctx)
		running.Wait()
		_ = proxy.Close()
	}()

	await(ctx, b, w.beating, pairs)
	if err := path.Apply(ctx, 0); err != nil {
		b.Fatal(err)
	}
	for range 2 * pairs {
		select {
		case d := <-w.late:
			lateMS = append(lateMS, float64(d)/float64(time.Millisecond))
		case <-ctx.Done():
			b.Fatalf("only %d of %d sides suspected their peers", len(lateMS), 2*pairs)
		}
	}
	slices.Sort(lateMS)
	return lateMS
}

func await(ctx context.Context, b *testing.B, events <-chan struct{}, n int) {
	for range n {
		select {
		case <-events:
		case <-ctx.Done():
			b.Fatal("the sessions did not all come up")
		}
	}
}

// watch sees all sessions' events.
type watch struct {
	heard   sync.Map // of side and session: the last instant at which it heard a beat or an echo
	late    chan time.Duration
	beating chan struct{}
}

func (w *watch) see(e session.Event, timeout time.Duration) {
	type end struct {
		side heartbeat.Side
		id   uint64
	}
	key := end{e.Side, e.Session}
	switch {
	case e.What == session.Heard && (e.Type == session.Beat || e.Type == session.Echo):
		if _, again := w.heard.Swap(key, e.At); !again && e.Type == session.Echo {
			w.beating <- struct{}{}
		}
	case e.What == session.Suspect:
		if at, ok := w.heard.Load(key); ok {
			w.late <- time.Duration(e.At-at.(int64)) - timeout
		}
	}
}
