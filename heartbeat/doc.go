// Package heartbeat keeps a session between a client and a server, and tells
// each, within a time that is known beforehand, when the other is gone: also
// when a cable was pulled, a host lost power or a firewall forgot the
// connection, so that nothing ever arrives to say so.
//
// # Policies
//
// How soon a dead peer must be noticed is a Window, 6-9 s say. A Profile adds
// the worst network on which that must hold, and Profile.Timing derives the
// beat interval and the timeouts from both. A Policy says who beats, whether
// beats are answered, and from what each side concludes that the other is
// gone; Policies lists the built-in ones for a profile. The zero Config uses
// echo-timer/standard: the client beats every 7 s, and either side notices a
// dead other after 30-40 s.
//
//	w, err := heartbeat.ParseWindow("12s..15s")
//	policies, err := heartbeat.Policies(heartbeat.Custom(w))
//
// Both ends must use the same policy. Those whose probe asks the kernel are for
// comparison only, and no session takes them.
//
// # Clients and servers
//
// NewServer makes a server; its Serve takes any net.Listener. NewClient makes a
// client; its Run calls a dial function of yours, says hello, beats, and dials
// again, after a random wait, whenever the session has ended. So TLS and
// proxies are yours to choose: wrap the listener, and dial as you like.
//
// Either calls OnUp with each Session that comes up, and OnDown after its end.
// A session comes up with a hello each way; that a connection was accepted
// means nothing, for a dead network's proxy accepts too.
//
// # Data
//
// A session carries payloads both ways, in order: Session.Send queues one,
// Session.Receive takes the next. Beats don't wait behind them, and a payload
// that is heard counts as a sign of life. There is no flow control: Send fails
// with ErrQueueFull when a slow network or peer leaves MaxQueued bytes
// unwritten, and a session whose own application doesn't Receive ends with an
// *UnreadError at both ends once MaxQueued bytes wait, because a reader that
// waited for it could not hear beats. What was queued or in flight when a
// session died is lost; a new session begins with nothing.
//
// # Datagrams
//
// Sessions run over UDP as well: package datagram has a listener to serve, and a
// function to dial with. Or bring a DatagramConn of your own. Policies, hooks and
// ends are the same, but that
//
//   - a beat or an echo may be lost, doubled or overtaken, and a detector bears
//     as many lost ones as its timeout has room for;
//   - a payload fits into a datagram, and arrives at most once, or never, in any
//     order; one that finds no room at its reader is lost;
//   - nothing tells of an end but a bye, which may be lost: what *ClosedError tells
//     at once over TCP is a *SilentError then.
//
// # Ends
//
// Session.Err says why a session ended, and OnDown is told the same:
//
//	*SilentError     the peer went silent; a net.Error with Timeout() true
//	*GaveUpError     the peer took us for dead, and said so
//	*ClosedError     the peer closed, announced or without a word
//	*NonsenseError   the peer broke the protocol
//	*MisreadError    the peer says that we did
//	*UnreadError     data was not read in time, on either side
//	ErrClosed        we closed
//
// A client that MaxAttempts limits may end with a *ConnectError, which wraps
// what the last attempt ended with: one of the above, a *HandshakeError, a
// *RefusedError or what the dial function returned. CauseOf gives a Cause for
// each of them.
//
// Nothing that a peer sends ends more than its own session. Limits have safe
// defaults; see Config.
//
// # Time
//
// All events of Config.Observer are stamped on the process's monotonic clock,
// frames just after the read and just before the write. Before a side acts on
// a suspicion it hears what lies in its receive buffer; where nobody can look
// into that, it reads for a millisecond more. When its own timer comes late by
// more than 10 ms, it tells of a stall, and doesn't count that time as the peer's
// silence. A long wait is made of two, because a kernel may end it late by a part
// of its length.
//
// The protocol itself is in package session, free of clocks and sockets, and
// the detectors are in package detect.
package heartbeat
