package heartbeat

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// simulation is a client and a server of one policy, in virtual time, on a
// network that delays and, from some instant on, loses. It is as small as
// that: it shows what the arithmetic of profiles says.
type simulation struct {
	policy Policy
	// delay is the one-way delay of each frame, from lo to hi; frames keep
	// their order.
	lo, hi time.Duration
	seed   uint64
	// cut is when the network loses frames, from then on.
	cut time.Duration
	// far says that the cut is at the server's end of the network: what the
	// server sent before it still arrives, what the client sent and has not
	// arrived is lost. Otherwise it is at the client's end, and the other way
	// round.
	far bool
}

// suspicions runs the simulation and returns when each side suspected the other.
func (sim simulation) suspicions(t *testing.T, until time.Duration) map[Side]time.Duration {
	t.Helper()
	found := map[Side]time.Duration{}
	config := Config{Policy: sim.policy, Observer: func(e session.Event) {
		if e.What == session.Suspect {
			found[e.Side] = time.Duration(e.At)
		}
	}}
	config, err := config.complete()
	if err != nil {
		t.Fatal(err)
	}
	type flight struct {
		frame   session.Frame
		arrives int64
	}
	type side struct {
		*session.Machine
		inbound []flight
		beyond  bool // the cut is at the other end: what is in flight to here still arrives
	}
	random := rand.New(rand.NewPCG(sim.seed, 0))
	client := &side{Machine: session.New(&newEndpoint(ClientSide, config).side, 1), beyond: sim.far}
	server := &side{Machine: session.New(&newEndpoint(ServerSide, config).side, 0), beyond: !sim.far}
	client.Start(0)
	server.Start(0)
	for now := int64(0); now <= int64(until); {
		for _, end := range []struct{ from, to *side }{{client, server}, {server, client}} {
			for f, ok := end.from.Next(now); ok; f, ok = end.from.Next(now) {
				arrives := now + int64(sim.lo)
				if spread := int64(sim.hi - sim.lo); spread > 0 {
					arrives += random.Int64N(spread + 1)
				}
				if n := len(end.to.inbound); n > 0 {
					arrives = max(arrives, end.to.inbound[n-1].arrives)
				}
				// A frame meets the cut as it leaves, or as it arrives.
				meets := now
				if !end.to.beyond {
					meets = arrives
				}
				if meets < int64(sim.cut) {
					end.to.inbound = append(end.to.inbound, flight{f, arrives})
				}
			}
		}
		next := int64(until) + 1
		for _, s := range []*side{client, server} {
			if at, ok := s.WakeAt(); ok {
				next = min(next, at)
			}
			if len(s.inbound) > 0 {
				next = min(next, s.inbound[0].arrives)
			}
		}
		now = next
		for _, s := range []*side{client, server} {
			for len(s.inbound) > 0 && s.inbound[0].arrives <= now {
				s.Hear(s.inbound[0].frame, now)
				s.inbound = s.inbound[1:]
			}
			s.Wake(now)
		}
	}
	return found
}
