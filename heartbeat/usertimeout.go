package heartbeat

import "time"

// rtoMin is the least time to the first retransmission on Linux (TCP_RTO_MIN,
// include/net/tcp.h), and the most by which it delays an acknowledgement.
const rtoMin = 200 * time.Millisecond

// userTimeout derives TCP_USER_TIMEOUT and the interval of the beats that it
// watches. With timeout U, interval D and one-way delay d:
//
//   - The kernel's clock begins with the first retransmission of the oldest
//     unacknowledged beat (tp->retrans_stamp, net/ipv4/tcp_timer.c). That
//     comes a retransmission time of at most 2d + 200 ms after its sending, or
//     two of them: a tail loss probe goes first, and doesn't count.
//   - That beat left between 2d + 200 ms before the cut, for its acknowledgement
//     may be delayed, and D after it.
//   - So T_D is in [U - 2d, U + D + 2*(2d + 200 ms)).
//
// U is the echo timer, lo + m + 2d, and D what is then left below hi - m,
// rounded down as in Timing. fits is false where nothing is: then D is the
// profile's and U keeps the upper bound, if it can. Jitter prolongs
// retransmission times by up to four times its mean deviation, which no window
// as narrow as Strict's bears.
func userTimeout(p Profile, t Timing) (timeout, interval time.Duration, fits bool) {
	retransmission := 2 * (2*p.Delay + rtoMin)
	most := p.Window.Hi - p.Margin - retransmission
	interval = roundInterval(most - t.EchoTimer)
	if interval <= 0 {
		return max(time.Millisecond, most-t.Interval), t.Interval, false
	}
	return t.EchoTimer, min(interval, t.Interval), true
}
