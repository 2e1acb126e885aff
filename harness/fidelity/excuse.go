package fidelity

import (
	"math"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/processes"
)

// The reasons for which a kernel cannot do as a proxy does.
const (
	WhyRedial   = "a new connection: a kernel sends a lost SYN again after 1 s and 3 s; a proxy accepts at once and loses the handshake, so that the client dials again when it has waited for that in vain. On either it is there once the client has given up its dial or handshake and has waited to dial again"
	WhyForeign  = "a new connection of a client that is not ours: nobody knows for how long it waits for a handshake, and until it dials again"
	WhyResend   = "the old connection: a kernel sends again when its next retransmission is due, up to as long after the heal as its bytes have waited, and its first timeout; a proxy lets them go at once"
	WhyNoKernel = "the proxy's kernel answers in the peer's place"
)

// excuse is the reason for which two recoveries have to differ, and how far they
// may be apart for it, 0: nobody knows. "": there is none.
func excuse(proxy, kernel Cell) (why string, most time.Duration) {
	switch {
	case proxy.Resumed && kernel.Resumed && *kernel.Took > *proxy.Took: // sooner has no reason
		return WhyResend, *kernel.late + Tolerance
	case proxy.Resumed || kernel.Resumed:
		return "", Tolerance
	case proxy.late == nil || kernel.late == nil:
		return WhyForeign, 0
	default:
		return WhyRedial, max(*proxy.late, *kernel.late) + Tolerance
	}
}

// late is by how much the recovery of a trial may come late, on the old connection
// or on a new one; nil: nobody knows.
func late(rec judge.Record, resumed bool) *time.Duration {
	ours := []string{subject.Pair{}.Name(), processes.Kind{}.Name()}
	switch {
	case resumed && rec.Network == Kernel:
		return new(resend(cut(rec.Strikes), rec.RoundTrip))
	case resumed:
		return new(time.Duration(0))
	case slices.Contains(ours, rec.Subject):
		return new(subject.Reconnect + 2*rec.RoundTrip) // the SYN's, and the hello's
	default:
		return nil
	}
}

// What TCP does with bytes that are not acknowledged.
const (
	// firstTimeout is how long it waits at most before it sends them again, unless
	// three round trips are longer (RFC 6298, section 2).
	firstTimeout = time.Second
	// longestTimeout is where the time until the next retransmission stops to
	// double: Linux's TCP_RTO_MAX.
	longestTimeout = 120 * time.Second
)

// resend is how long after the end of a cut the next retransmission is due at
// most. Each timeout is twice the one before: so the one that is in force is as
// long as all before it together, and the first.
func resend(cut, trip time.Duration) time.Duration {
	return min(cut+max(firstTimeout, 3*trip), longestTimeout)
}

// cut is for how long bytes have waited at most: from the first strike's beginning
// to the last one's end.
func cut(strikes []network.Strike) time.Duration {
	var on, off int64 = math.MaxInt64, 0
	for _, s := range strikes {
		on, off = min(on, s.On), max(off, s.Off)
	}
	return time.Duration(max(0, off-on))
}
