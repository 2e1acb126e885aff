package toxiproxy

import (
	"fmt"

	api "github.com/Shopify/toxiproxy/v2/client"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// A toggle is how a fault is switched: by an update of one toxic, which takes
// effect in both directions at one instant.
type toggle struct {
	toxic   string
	on, off api.Attributes
	changes []part // at least one
}

// A part is what a fault changes of a path.
type part int

const (
	wayUp part = iota
	wayDown
	firewall
	delayUp
	delayDown
)

// toggle is how fault i is switched.
func (n *Network) toggle(i int, f network.Fault) (toggle, error) {
	if err := n.Supports(f.Kind); err != nil {
		return toggle{}, err
	}
	if f.Where != "" && f.Where != scenario.AtClient {
		return toggle{}, network.UnsupportedError{Reason: fmt.Sprintf("a proxy has one cable, the client's, and %s wants it at %s: run it with --network kernel", f.Kind, f.Where)}
	}
	switch f.Kind {
	case scenario.IdleDrop:
		return idleDrop(i, f)
	case scenario.Latency:
		return latency(i, f)
	default:
		return cut(i, f.Kind), nil
	}
}

func cut(i int, kind scenario.Kind) toggle {
	t := toggle{
		toxic: nameOf(toxics.CablePullType, stream.Upstream),
		on:    api.Attributes{"cut": toxics.ThisWay, "fault": i},
		off:   api.Attributes{"cut": toxics.None},
	}
	switch up, down := kind.Cuts(); {
	case up && down:
		t.on["cut"] = toxics.BothWays
		t.changes = []part{wayUp, wayDown}
	case up:
		t.changes = []part{wayUp}
	default:
		t.toxic = nameOf(toxics.CablePullType, stream.Downstream)
		t.changes = []part{wayDown}
	}
	return t
}

func idleDrop(i int, f network.Fault) (toggle, error) {
	switch f.Mode {
	case scenario.DropSilent, scenario.DropResetOnSend, scenario.DropResetAtIdle:
	default:
		return toggle{}, fmt.Errorf("%s with mode %q; accepted: %s, %s, %s", f.Kind, f.Mode,
			scenario.DropSilent, scenario.DropResetOnSend, scenario.DropResetAtIdle)
	}
	if f.Idle <= 0 || f.Idle > toxics.MaxSpan {
		return toggle{}, fmt.Errorf("%s after %v; accepted: more than 0, at most %v", f.Kind, f.Idle, toxics.MaxSpan)
	}
	return toggle{
		toxic:   nameOf(toxics.IdleDropType, stream.Upstream),
		on:      api.Attributes{"idle_ns": f.Idle, "mode": f.Mode, "fault": i},
		off:     api.Attributes{"idle_ns": 0},
		changes: []part{firewall},
	}, nil
}

func latency(i int, f network.Fault) (toggle, error) {
	if err := checkDelay(f.Delay); err != nil {
		return toggle{}, err
	}
	t := toggle{
		toxic: nameOf(toxics.DelayType, stream.Upstream),
		on: api.Attributes{
			"step":            toxics.ThisWay,
			"step_latency_ns": f.Delay.Latency,
			"step_jitter_ns":  f.Delay.Jitter,
			"step_law":        lawOf(f.Delay),
			"fault":           i,
		},
		off: api.Attributes{"step": toxics.None},
	}
	switch f.Toward {
	case "":
		t.on["step"] = toxics.BothWays
		t.changes = []part{delayUp, delayDown}
	case heartbeat.ServerSide:
		t.changes = []part{delayUp}
	case heartbeat.ClientSide:
		t.toxic = nameOf(toxics.DelayType, stream.Downstream)
		t.changes = []part{delayDown}
	default:
		return toggle{}, fmt.Errorf("%s toward %q; accepted: %s, %s, or nobody in particular", f.Kind, f.Toward, heartbeat.ClientSide, heartbeat.ServerSide)
	}
	return t, nil
}

func checkDelay(d network.Delay) error {
	if d.Latency < 0 || d.Latency > toxics.MaxSpan || d.Jitter < 0 || d.Jitter > toxics.MaxSpan {
		return fmt.Errorf("delay of %v +- %v; accepted: 0 to %v each", d.Latency, d.Jitter, toxics.MaxSpan)
	}
	switch d.Law {
	case "", scenario.Uniform, scenario.Normal:
		return nil
	}
	return fmt.Errorf("delay with law %q; accepted: %s, %s", d.Law, scenario.Uniform, scenario.Normal)
}

func lawOf(d network.Delay) scenario.Law {
	if d.Law == "" {
		return scenario.Uniform
	}
	return d.Law
}
