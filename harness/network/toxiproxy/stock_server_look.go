package toxiproxy

import (
	"context"
	"fmt"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
)

// justNow is how long what near has passed may be on its way to far, or back,
// with no delay between them: it proves nothing yet.
const justNow = 20 * time.Millisecond

// look is what near and far see of each connection; it notes which of the active
// strikes they see at work. Both count connections in the order of their birth,
// and Toxiproxy accepts one after the other.
func (p *stockPath) look(ctx context.Context) ([]network.Link, error) {
	for tries := 0; ; tries++ {
		near, err := p.near.Observe(ctx)
		if err != nil {
			return nil, fmt.Errorf("look at the near end: %w", err)
		}
		far, err := p.far.Observe(ctx)
		if err != nil {
			return nil, fmt.Errorf("look at the far end: %w", err)
		}
		links := make([]network.Link, len(near.Links))
		unclear := false
		for i, n := range near.Links {
			f := network.Link{Up: network.Untouched(), Down: network.Untouched()}
			if i < len(far.Links) {
				f = far.Links[i]
			}
			links[i] = network.Link{Born: n.Born, Up: p.merge(n.Up, f.Up), Down: p.merge(f.Down, n.Down)}
			unclear = p.note(stream.Upstream, n.Up, f.Up) || unclear
			unclear = p.note(stream.Downstream, f.Down, n.Down) || unclear
		}
		if !unclear || tries == 2 {
			for _, i := range p.active {
				now := passed(links)
				p.strikes[i].PassedUp, p.strikes[i].PassedDown = now[0]-p.before[i][0], now[1]-p.before[i][1]
			}
			return links, nil
		}
		select {
		case <-time.After(justNow):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// passed is how many bytes have passed, up and down.
func passed(links []network.Link) (sum [2]int64) {
	for _, l := range links {
		sum[0] += l.Up.Passed
		sum[1] += l.Down.Passed
	}
	return sum
}

// merge is one direction, seen where it enters and where it leaves.
func (p *stockPath) merge(in, out network.Flow) network.Flow {
	f := out
	f.HungUp = in.HungUp
	for _, s := range p.strikes {
		if s.Off != network.Never && f.LastPassed >= s.Off {
			f.Resumed = f.LastPassed // or sooner: the first byte after it was not looked at
		}
	}
	return f
}

// note counts a delay that in and out show of the strike that slows their
// direction: the newest byte came out late, or has not yet. unclear: it entered
// just now.
func (p *stockPath) note(d stream.Direction, in, out network.Flow) (unclear bool) {
	i, slow := p.active[d]
	if !slow || in.LastPassed < p.strikes[i].On {
		return false
	}
	late := time.Duration(out.LastPassed - in.LastPassed)
	if in.Passed > out.Passed {
		late = time.Since(p.setup.Epoch) - time.Duration(in.LastPassed)
	}
	if late > justNow {
		p.strikes[i].Delayed++
		return false
	}
	return in.Passed > out.Passed
}
