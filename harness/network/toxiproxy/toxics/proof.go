package toxics

import "github.com/flatline-go/flatline/harness/network"

// Proof is what a cable carried, and what was done to it. All instants are
// nanoseconds since [Base] of the process that runs Toxiproxy, or
// network.Never.
type Proof struct {
	Now     int64            `json:"now_ns"`
	Links   []network.Link   `json:"links"`    // in the order of their birth
	LeftOut int              `json:"left_out"` // links after the 10,000th
	Strikes []network.Strike `json:"strikes"`  // one per update that made a fault active, in that order
}

// proof is the cable's, if the toxic at this place was added first; else nil.
// The cable is locked.
func (t *place) proof() *Proof {
	c := t.cable
	if c.first != t {
		return nil
	}
	now := clock()
	c.expire(now)
	p := &Proof{
		Now:     now,
		Links:   make([]network.Link, 0, len(c.links)),
		LeftOut: c.born - len(c.links),
		Strikes: make([]network.Strike, 0, len(c.strikes)),
	}
	for _, f := range c.links {
		p.Links = append(p.Links, f.link)
	}
	for _, s := range c.strikes {
		p.Strikes = append(p.Strikes, *s)
	}
	return p
}
