package scenarios_test

import (
	"context"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
)

// wire is a path through Toxiproxy to a listener of the spec's own, for claims
// about plain sockets. Both are gone when the spec is.
func wire(ctx context.Context) (ln net.Listener, path network.Path) {
	GinkgoHelper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	proxy, err := toxiproxy.New()
	Expect(err).NotTo(HaveOccurred())
	path, err = proxy.Open(ctx, network.Setup{Name: "wire", Upstream: ln.Addr().String(), Epoch: time.Now()})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		Expect(path.Close(ctx)).To(Succeed())
		Expect(proxy.Close()).To(Succeed())
		_ = ln.Close() // the spec may have done so already
	}, NodeTimeout(10*time.Second))
	return ln, path
}

// dial is a plain connection through the path.
func dial(ctx context.Context, path network.Path) *net.TCPConn {
	GinkgoHelper()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", path.Addr())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}
