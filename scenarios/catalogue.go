// Package scenarios is the catalogue: one file per failure, each with what
// happens and what is expected, as data. The command line runs it, and so does
// the Ginkgo suite beside it.
package scenarios

import (
	"github.com/flatline-go/flatline/harness/scenario"
)

// All are the catalogue's scenarios, in the order in which reports show them.
func All() []scenario.Scenario {
	return []scenario.Scenario{
		CablePull(),
		CablePullWorst(),
		CablePullAtServer(),
		CablePullInTheMiddle(),
		CableFlap(),
		LinkFlap(),
		Loss(),
		BurstLoss(),
		Duplication(),
		Reordering(),
		HalfOpenDown(),
		HalfOpenUp(),
		HalfOpenUpPush(),
		IdleKept(),
		IdleDrop(),
		IdleDropUnnoticed(),
		IdleResetOnSend(),
		IdleResetAtIdle(),
		NATRebind(),
		PortBlocked(),
		CablePullUnnoticed(),
		WritesUnnoticed(),
		NaiveCablePull(),
		NaivePeerCloses(),
		KeepaliveUnderData(),
		KeepaliveKeepsOpen(),
		LatencyConstant(),
		LatencyJitter(),
		LatencyStep(),
		LatencyStepUp(),
		LatencyStepTooFar(),
		LatencyStepTooFarUp(),
		OrderlyClose(),
		UnannouncedEnd(),
		PeerCrash(),
		PeerCrashClient(),
		PeerPowerOff(),
		PeerPowerOffClient(),
		PeerFreeze(),
		PeerFreezeClient(),
		PeerFreezeUnnoticed(),
		SelfFreeze(),
		SelfFreezeClient(),
		ServerRestart(),
	}
}
