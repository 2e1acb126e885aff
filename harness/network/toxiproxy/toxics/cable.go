package toxics

import (
	"runtime"
	"sync"
	"weak"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
)

// maxLinks is how many links a cable keeps the proof of.
const maxLinks = 10_000

// A cable unites the toxics of one proxy and the flows that they carry. Its
// lock is the only one: what is decided under it, such as the instant at which
// a cut takes effect, holds for both directions alike.
type cable struct {
	mu sync.Mutex

	// The toxics, nil where there is none.
	pulls  [stream.NumDirections]*pull
	drops  [stream.NumDirections]*drop
	delays [stream.NumDirections]*lag
	first  *place // who reports the proof

	firewall firewall // the law of both drops

	born    int   // flows so far
	forming *flow // the youngest
	live    map[*flow]struct{}
	links   []*flow // the first maxLinks of them

	lastPassed [stream.NumDirections]int64 // over all flows
	strikes    []*network.Strike
	healed     int64 // when the last strike ended
	ended      bool
}

func newCable() *cable {
	return &cable{
		live:       make(map[*flow]struct{}),
		lastPassed: [stream.NumDirections]int64{network.Never, network.Never},
		healed:     network.Never,
	}
}

// cables finds the cable of a name. Nobody says when a proxy is deleted, so
// the names don't keep their cables alive: the toxics of the proxy do.
var cables = struct {
	sync.Mutex
	byName map[string]weak.Pointer[cable]
}{byName: make(map[string]weak.Pointer[cable])}

// join finds the cable called name and lets a toxic take its place on it. A
// cable where that place is taken, or that has carried a connection, is
// another proxy's that was deleted: the name then passes to a new cable. take
// is called with the cable locked; if it fails, nothing has happened.
func join(name string, taken func(*cable) bool, take func(*cable) error) error {
	cables.Lock()
	defer cables.Unlock()
	c := cables.byName[name].Value()
	if c != nil {
		c.mu.Lock()
		if c.born > 0 || c.ended || taken(c) {
			c.mu.Unlock()
			c = nil
		}
	}
	fresh := c == nil
	if fresh {
		c = newCable()
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	if err := take(c); err != nil {
		return err
	}
	if fresh {
		known := weak.Make(c)
		cables.byName[name] = known
		runtime.AddCleanup(c, func(name string) {
			cables.Lock()
			defer cables.Unlock()
			if cables.byName[name] == known {
				delete(cables.byName, name)
			}
		}, name)
	}
	return nil
}

// cutter is the strike that withholds a direction now, or nil.
func (c *cable) cutter(d stream.Direction) *network.Strike {
	if own := c.pulls[d]; own != nil && own.Cut != None {
		return own.strike
	}
	if other := c.pulls[opposite(d)]; other != nil && other.Cut == BothWays {
		return other.strike
	}
	return nil
}

// law is that of a direction's delays now, and the strike that it belongs to,
// or nil.
func (c *cable) law(d stream.Direction) (network.Delay, *network.Strike) {
	own, other := c.delays[d], c.delays[opposite(d)]
	switch {
	case own.Step != None:
		return own.step(), own.strike
	case other != nil && other.Step == BothWays:
		return other.step(), other.strike
	default:
		return own.own(), nil
	}
}

// add notes that a toxic is on the cable.
func (c *cable) add(t *place) {
	if c.first == nil {
		c.first = t
	}
}

// strike begins the proof of a fault that takes effect now.
func (c *cable) strike(fault, now int64) *network.Strike {
	s := &network.Strike{
		Fault:          int(fault),
		On:             now,
		Off:            network.Never,
		LastPassedUp:   c.lastPassed[stream.Upstream],
		LastPassedDown: c.lastPassed[stream.Downstream],
		Forgotten:      network.Never,
		Counted:        true,
	}
	c.strikes = append(c.strikes, s)
	return s
}

// finish ends a strike, if there is one.
func (c *cable) finish(s **network.Strike, now int64) {
	if *s != nil {
		(*s).Off, c.healed = now, now
		*s = nil
	}
}

// passed notes bytes that passed, and when. A toxic further on may note some that
// are older than a strike's beginning.
func (c *cable) passed(d stream.Direction, bytes, at int64) {
	c.lastPassed[d] = max(c.lastPassed[d], at)
	for _, s := range c.strikes {
		if at <= s.On || s.Off != network.Never {
			continue
		}
		if d == stream.Upstream {
			s.PassedUp += bytes
		} else {
			s.PassedDown += bytes
		}
	}
	for i := len(c.strikes) - 1; i >= 0 && c.strikes[i].On >= at; i-- {
		last := &c.strikes[i].LastPassedUp
		if d == stream.Downstream {
			last = &c.strikes[i].LastPassedDown
		}
		*last = max(*last, at)
	}
}

// wake makes all pumps look at the cable again.
func (c *cable) wake() {
	for f := range c.live {
		f.wake()
	}
}

// end ends all connections, for good.
func (c *cable) end() {
	c.ended = true
	for f := range c.live {
		for d := range f.ways {
			for _, p := range f.ways[d].chain {
				p.ended = true
			}
		}
		f.wake()
	}
}

func opposite(d stream.Direction) stream.Direction { return 1 - d }
