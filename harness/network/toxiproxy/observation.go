package toxiproxy

import (
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
)

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
		shift(&l.Born)
		for _, f := range []*network.Flow{&l.Up, &l.Down} {
			shift(&f.FirstPassed, &f.LastPassed, &f.HungUp, &f.Closed, &f.Ended, &f.Resumed)
		}
	}
	for i := range proof.Strikes {
		s := &proof.Strikes[i]
		shift(&s.On, &s.Off, &s.LastPassedUp, &s.LastPassedDown, &s.Forgotten)
	}
	return network.Observation{Links: proof.Links, Strikes: proof.Strikes}
}
