//go:build unix

package scenarios_test

import (
	"io"
	"net"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/heartbeat/session"
)

var _ = Describe("The local flags of a connection", Label("fault:orderly-close", "policy:none", "network:toxiproxy"), func() {
	It("still say connected ten seconds after the server closed; a beat tells the truth", SpecTimeout(40*time.Second), func(ctx SpecContext) {
		ln, path := wire(ctx)
		accepted := make(chan net.Conn, 1)
		go func() {
			defer GinkgoRecover()
			c, err := ln.Accept()
			Expect(err).NotTo(HaveOccurred())
			accepted <- c
		}()
		client := dial(ctx, path)
		var server net.Conn
		Eventually(ctx, accepted).Should(Receive(&server))
		exchange(client, server)
		Expect(connected(client)).To(Succeed(), "while the server lives")

		Expect(server.Close()).To(Succeed())
		Consistently(ctx, func() error { return connected(client) }).
			WithTimeout(10 * time.Second).WithPolling(500 * time.Millisecond).Should(Succeed())

		// A beat goes out without an error: a write alone tells nothing either.
		beat := session.AppendFrame(nil, session.Frame{Type: session.Beat})
		_, err := client.Write(beat)
		Expect(err).NotTo(HaveOccurred())
		// Its echo does not come: now the client knows.
		Expect(client.SetReadDeadline(time.Now().Add(time.Second))).To(Succeed())
		_, err = client.Read(make([]byte, session.HeaderSize))
		Expect(err).To(Or(MatchError(io.EOF), MatchError(syscall.ECONNRESET)))
	})
})

// exchange passes a byte each way.
func exchange(client, server net.Conn) {
	GinkgoHelper()
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		_, err := pair[0].Write([]byte{1})
		Expect(err).NotTo(HaveOccurred())
		Expect(pair[1].SetReadDeadline(time.Now().Add(5 * time.Second))).To(Succeed())
		_, err = io.ReadFull(pair[1], make([]byte, 1))
		Expect(err).NotTo(HaveOccurred())
	}
}

// connected is what the flags say: the socket has a peer (getpeername) and no
// pending error (SO_ERROR).
func connected(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var flags error
	err = raw.Control(func(fd uintptr) {
		if _, flags = syscall.Getpeername(int(fd)); flags != nil {
			return
		}
		pending, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		flags = err
		if err == nil && pending != 0 {
			flags = syscall.Errno(pending)
		}
	})
	if err != nil {
		return err
	}
	return flags
}
