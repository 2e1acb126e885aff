//go:build kernel

package kernel

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// A path per trial: what one costs to open and close.
func BenchmarkPath(b *testing.B) {
	n, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	for b.Loop() {
		p, err := n.Open(b.Context(), network.Setup{Name: "x", Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}}})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// A look is done a hundred times a second, at both ends of each connection.
func BenchmarkLook(b *testing.B) {
	n, err := New()
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	s, err := newSpace(n.home)
	if err != nil {
		b.Fatal(err)
	}
	defer s.close()
	table, err := newSocketTable(s)
	if err != nil {
		b.Fatal(err)
	}
	defer table.close()
	addr := netip.AddrPortFrom(clientHost, 1)
	for b.Loop() {
		if found, err := table.find(connection{addr, addr}); err != nil || found.open {
			b.Fatal(found, err)
		}
	}
}
