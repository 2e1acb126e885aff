package kernel

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// fault is how a network.Fault is done: rules of the router that are there while
// it is active, and what else it takes.
type fault struct {
	network.Fault
	rules   []rule
	unplugs heartbeat.Side // whose link it takes away; "": nobody's
}

// The names of a fault's counters.
func upCounter(i int) string   { return fmt.Sprintf("up%d", i) }
func downCounter(i int) string { return fmt.Sprintf("down%d", i) }

// unknownFlows counts packets without a flow; its rule makes conntrack track.
const unknownFlows = "unknown"

// newFault is fault i of a path.
func newFault(i int, f network.Fault) (fault, error) {
	out := fault{Fault: f}
	up, down := counted(upCounter(i)), counted(downCounter(i))
	fromClient, fromServer := from(heartbeat.ClientSide), from(heartbeat.ServerSide)
	switch f.Kind {
	case scenario.CablePull, scenario.LinkFlap:
		at := arriving
		switch f.Where {
		case "", scenario.AtClient:
			out.unplugs = heartbeat.ClientSide
		case scenario.AtServer:
			out.unplugs = heartbeat.ServerSide
		case scenario.Middle:
			at = forwarding
		default:
			return out, fmt.Errorf("%s at %q; accepted: %s, %s, %s", f.Kind, f.Where, scenario.AtClient, scenario.AtServer, scenario.Middle)
		}
		out.rules = []rule{{at, words(fromClient, up, drop())}, {at, words(fromServer, down, drop())}}
		if f.Kind == scenario.LinkFlap && (out.unplugs == "" || f.Out <= 0 || f.Every <= f.Out) {
			return out, fmt.Errorf("%s of %v every %v; accepted: a host's link, more than 0, and more than that", f.Kind, f.Out, f.Every)
		}
	case scenario.HalfOpenUp:
		out.rules = []rule{{forwarding, words(fromClient, up, drop())}}
	case scenario.HalfOpenDown:
		out.rules = []rule{{forwarding, words(fromServer, down, drop())}}
	case scenario.IdleDrop:
		if f.Idle <= 0 || f.Idle > math.MaxInt32*time.Second {
			return out, fmt.Errorf("%s after %v; accepted: more than 0, at most %v", f.Kind, f.Idle, math.MaxInt32*time.Second)
		}
		end := drop()
		switch f.Mode {
		case scenario.DropSilent:
		case scenario.DropResetOnSend:
			end = reset()
		case scenario.DropResetAtIdle:
			return out, network.UnsupportedError{Reason: fmt.Sprintf("Linux's conntrack forgets a flow without a word, and has no mode %s: run it on toxiproxy", f.Mode)}
		default:
			return out, fmt.Errorf("%s with mode %q; accepted: %s, %s", f.Kind, f.Mode, scenario.DropSilent, scenario.DropResetOnSend)
		}
		out.rules = []rule{
			{forwarding, words(fromClient, strange(), up, end)},
			{forwarding, words(fromServer, strange(), down, end)},
		}
	case scenario.NATRebind:
	case scenario.PortBlocked:
		out.rules = []rule{{forwarding, words(fromClient, ofTCP(flagSYN|flagACK, flagSYN), up, drop())}}
	case scenario.Loss:
		if !(f.Percent >= 100./lots && f.Percent <= 100) {
			return out, fmt.Errorf("%s of %v %%; accepted: %v to 100", f.Kind, f.Percent, 100./lots)
		}
		if f.Toward != heartbeat.ClientSide {
			out.rules = append(out.rules, rule{forwarding, words(fromClient, byChance(f.Percent), up, drop())})
		}
		if f.Toward != heartbeat.ServerSide {
			out.rules = append(out.rules, rule{forwarding, words(fromServer, byChance(f.Percent), down, drop())})
		}
	case scenario.Latency:
		if err := checkDelay(f.Delay); err != nil {
			return out, err
		}
		if f.Toward != heartbeat.ClientSide {
			out.rules = append(out.rules, rule{leaving, words(toward(heartbeat.ServerSide), up)})
		}
		if f.Toward != heartbeat.ServerSide {
			out.rules = append(out.rules, rule{leaving, words(toward(heartbeat.ClientSide), down)})
		}
	default:
		return out, fmt.Errorf("no fault of a network: %q", f.Kind)
	}
	return out, nil
}

// seconds is how long conntrack remembers: it counts in whole seconds, and so
// not less than asked for.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// has says whether one of the faults is of one of the kinds.
func has(faults []fault, kinds ...scenario.Kind) bool {
	return slices.ContainsFunc(faults, func(f fault) bool { return slices.Contains(kinds, f.Kind) })
}
