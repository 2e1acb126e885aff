package harness_test

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
)

// BenchmarkRoundTrip is what a network adds to a round trip of 64 bytes, at the
// median, while its fault is armed: each is made once through it and once
// directly, in turn.
func BenchmarkRoundTrip(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	proxy, err := toxiproxy.New()
	if err != nil {
		b.Fatal(err)
	}
	defer proxy.Close()
	path, err := proxy.Open(b.Context(), network.Setup{
		Name: "trip", Upstream: ln.Addr().String(), Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer path.Close(b.Context())
	direct, through := dialed(b, ln.Addr().String()), dialed(b, path.Addr())
	defer direct.Close()
	defer through.Close()

	var ways [2][]float64
	for b.Loop() {
		for i, c := range []net.Conn{direct, through} {
			ways[i] = append(ways[i], roundTrip(b, c).Seconds()*1e6)
		}
	}
	median := func(us []float64) float64 {
		slices.Sort(us)
		return stat.Quantile(.5, stat.Empirical, us, nil)
	}
	b.ReportMetric(median(ways[0]), "direct-us")
	b.ReportMetric(median(ways[1])-median(ways[0]), "added-us")
}

func dialed(b *testing.B, addr string) net.Conn {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func roundTrip(b *testing.B, c net.Conn) time.Duration {
	var message [64]byte
	began := time.Now()
	if _, err := c.Write(message[:]); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(c, message[:]); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
