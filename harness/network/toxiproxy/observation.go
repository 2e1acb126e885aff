package toxiproxy

import (
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
)

// onOurClock is what a proof says, in instants since the path's epoch.
func (p *path) onOurClock(s seen) (network.Observation, error) {
	if p.network.remote == nil { // one clock, and so no uncertainty
		return observation(s.Proof, p.setup.Epoch.Sub(toxics.Base())), nil
	}
	uncertainty, err := p.clock.hold(s.reading())
	if err != nil {
		return network.Observation{}, err
	}
	o := observation(s.Proof, p.clock.ahead)
	o.Uncertainty = uncertainty
	return o, nil
}

// observation is a proof on the trial's clock, whose zero is at epoch on the
// server's.
func observation(proof toxics.Proof, epoch time.Duration) network.Observation {
	shift := func(instants ...*int64) {
		for _, t := range instants {
			if *t != network.Never {
				*t -= int64(epoch)
			}
		}
	}
	for i := range proof.Links {
		l := &proof.Links[i]
		shift(&l.Born, &l.Forgotten)
		for _, f := range []*network.Flow{&l.Up, &l.Down} {
			shift(&f.FirstPassed, &f.LastPassed, &f.HungUp, &f.Closed, &f.Ended, &f.Resumed)
			if f.Blind != 0 {
				shift(&f.Blind)
			}
		}
	}
	for i := range proof.Strikes {
		s := &proof.Strikes[i]
		shift(&s.On, &s.Off, &s.LastPassedUp, &s.LastPassedDown, &s.Forgotten)
	}
	return network.Observation{Links: proof.Links, Strikes: proof.Strikes}
}
