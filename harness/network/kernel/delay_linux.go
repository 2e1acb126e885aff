package kernel

import (
	"fmt"
	"math"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// checkDelay refuses what netem cannot do by itself.
func checkDelay(d network.Delay) error {
	const most = math.MaxInt32 * time.Microsecond
	if d.Latency < 0 || d.Latency > most || d.Jitter < 0 || d.Jitter > most {
		return fmt.Errorf("delay of %v +- %v; accepted: 0 to %v each", d.Latency, d.Jitter, most)
	}
	switch d.Law {
	case "", scenario.Uniform:
		return nil
	case scenario.Normal:
		return network.UnsupportedError{Reason: "netem draws its delays uniformly: a normal law needs tables of iproute2"}
	}
	return fmt.Errorf("delay with law %q; accepted: %s", d.Law, scenario.Uniform)
}

// delay makes everything late that leaves by a device; the zero delay ends that.
// A packet with a shorter delay overtakes.
func delay(h *netlink.Handle, device netlink.Link, d network.Delay) error {
	attrs := netlink.QdiscAttrs{LinkIndex: device.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
	if d == (network.Delay{}) {
		return h.QdiscDel(netlink.NewNetem(attrs, netlink.NetemQdiscAttrs{}))
	}
	return h.QdiscReplace(netlink.NewNetem(attrs, netlink.NetemQdiscAttrs{
		Latency: uint32(d.Latency.Microseconds()), Jitter: uint32(d.Jitter.Microseconds()),
		Limit: 100_000,
	}))
}
