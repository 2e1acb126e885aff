// Package kernel is a network made of Linux itself. A path is three network
// namespaces, a host for each side and a router between them:
//
//	client eth0 --- client [router] server --- eth0 server
//	192.0.2.2              forwards              198.51.100.2
//
// Each line is a veth pair: two network devices with a cable between. A side's
// sockets are opened, and its programs started, on its own host (network.On), so
// that its kernel is the real one: it retransmits, probes, and gives up.
//
// # What breaks
//
// A cable that is pulled at a host is a link without carrier, as that host's
// kernel sees it: what it sends goes nowhere, a neighbour that it looks for
// again is not found, and that makes the error of a connection that it then
// gives up EHOSTUNREACH. In the middle the router drops what it would forward,
// in silence, and both hosts keep their carrier: ETIMEDOUT. The router never
// says by ICMP that a host is unreachable; one that did would only hint: TCP
// takes that for temporary. Other faults are nftables rules of the router,
// flows that its conntrack forgets, or netem.
//
// # How it knows
//
// What a fault stopped is counted by rules beside it: whole packets,
// retransmissions and probes too. Only what a host sent into its own pulled
// cable never reaches the router; that host's kernel counts it as it sends. A
// packet socket in the router sees every packet come and go, stamped by the
// kernel, and so each connection's bytes; a FIN or RST that comes is a hang-up,
// one that goes a closing that was passed on, and one that goes without having
// come the router's own.
//
// A connection with bytes under way may hold its FIN back until they are
// acknowledged, for as long as a cable is out. So the path also looks at the
// state of both sockets every 10 ms (sock_diag): a hang-up whose FIN is not seen
// is stamped by the first look that finds the socket closing or gone. That is the
// uncertainty of an Observation; one without such a hang-up has none.
//
// # What it leaves
//
// Nothing has a name: namespaces are held by descriptors and sockets alone, and
// links and rules by their namespace. All of it goes with the path, and with the
// process, even one that is killed: there is nothing to clean up. Only where
// killed sockets have bytes or a FIN under way does the kernel keep them, and the
// bare namespace of their host, until it gives up after about 100 s
// (tcp_orphan_retries).
//
// # Who may
//
// Root, or whoever has CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN. Anybody
// else, where the system lets everybody have user namespaces: a program that
// calls Enter first is run again inside one.
package kernel
