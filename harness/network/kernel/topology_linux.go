package kernel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/heartbeat"
)

// The addresses are reserved for documentation (RFC 5737): nobody has them.
var (
	clientHost = netip.MustParseAddr("192.0.2.2")
	clientGate = netip.MustParseAddr("192.0.2.1")
	serverHost = netip.MustParseAddr("198.51.100.2")
	serverGate = netip.MustParseAddr("198.51.100.1")
)

// card is a host's network device. The router's two are called as the sides are.
const card = "eth0"

// topology is two hosts with a router between.
type topology struct {
	client, server, router space
	links                  *netlink.Handle // of the router's devices
	devices                map[heartbeat.Side]netlink.Link
	hosts                  map[heartbeat.Side]*netlink.Handle // of the hosts' own
}

// newTopology makes one, in which everybody reaches everybody.
func newTopology(home netns.NsHandle) (*topology, error) {
	t := &topology{devices: map[heartbeat.Side]netlink.Link{}, hosts: map[heartbeat.Side]*netlink.Handle{}}
	if err := t.build(home); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

func (t *topology) build(home netns.NsHandle) (err error) {
	for _, s := range []*space{&t.router, &t.client, &t.server} {
		if *s, err = newSpace(home); err != nil {
			return err
		}
		// Its probes for addresses are a load for nothing.
		if err := s.set(map[string]string{"ipv6/conf/default/disable_ipv6": "1"}); err != nil && !missing(err) {
			return err
		}
	}
	if t.links, err = t.router.ask(unix.NETLINK_ROUTE); err != nil {
		return err
	}
	if err := t.router.set(map[string]string{"ipv4/ip_forward": "1"}); err != nil {
		return err
	}
	if err := t.connect(heartbeat.ClientSide, t.client, clientHost, clientGate); err != nil {
		return err
	}
	return t.connect(heartbeat.ServerSide, t.server, serverHost, serverGate)
}

// connect lays the cable to a host.
func (t *topology) connect(side heartbeat.Side, host space, own, gate netip.Addr) error {
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: string(side)})
	veth.PeerName, veth.PeerNamespace = card, netlink.NsFd(host.ns)
	if err := t.links.LinkAdd(veth); err != nil {
		return fmt.Errorf("add the %s's link: %w", side, err)
	}
	device, err := t.links.LinkByName(string(side))
	if err != nil {
		return fmt.Errorf("find the %s's link: %w", side, err)
	}
	t.devices[side] = device
	if err := plug(t.links, device, gate); err != nil {
		return fmt.Errorf("bring up the router's link to the %s: %w", side, err)
	}
	h, err := host.ask(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	t.hosts[side] = h
	for name, addr := range map[string]netip.Addr{"lo": {}, card: own} {
		device, err := h.LinkByName(name)
		if err == nil {
			err = plug(h, device, addr)
		}
		if err != nil {
			return fmt.Errorf("bring up the %s's %s: %w", side, name, err)
		}
	}
	if err := h.RouteAdd(&netlink.Route{Gw: gate.AsSlice()}); err != nil {
		return fmt.Errorf("add the %s's route: %w", side, err)
	}
	return t.carries(side)
}

// carries waits until side's link does: a kernel begins to send some
// milliseconds after a device is up, and drops what it has to send until then.
func (t *topology) carries(side heartbeat.Side) error {
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		own, err := t.hosts[side].LinkByName(card)
		if err != nil {
			return fmt.Errorf("look at the %s's link: %w", side, err)
		}
		far, err := t.links.LinkByIndex(t.devices[side].Attrs().Index)
		if err != nil {
			return fmt.Errorf("look at the router's link to the %s: %w", side, err)
		}
		if own.Attrs().OperState == netlink.OperUp && far.Attrs().OperState == netlink.OperUp {
			return nil
		}
	}
	return fmt.Errorf("the %s's link has no carrier", side)
}

// plug brings a device up, with an address unless that is zero.
func plug(h *netlink.Handle, device netlink.Link, addr netip.Addr) error {
	if addr.IsValid() {
		whole := &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(24, 32)}
		if err := h.AddrAdd(device, &netlink.Addr{IPNet: whole}); err != nil {
			return err
		}
	}
	return h.LinkSetUp(device)
}

// host is side's.
func (t *topology) host(side heartbeat.Side) space {
	if side == heartbeat.ServerSide {
		return t.server
	}
	return t.client
}

// close lets go of everything: the kernel takes it down. Again it does nothing.
func (t *topology) close() error {
	if t.links != nil {
		t.links.Close()
	}
	for _, h := range t.hosts {
		h.Close()
	}
	return errors.Join(t.router.close(), t.client.close(), t.server.close())
}
