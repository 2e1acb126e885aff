package scenarios

import "github.com/flatline-go/flatline/harness/scenario"

// Fidelity are the scenarios that a proxy and a kernel can both show, so that
// they can be held against each other.
func Fidelity() []scenario.Scenario {
	return []scenario.Scenario{CablePull(), HalfOpenDown(), HalfOpenUp(), HalfOpenUpPush(), CableFlap(), NaiveCablePull()}
}
