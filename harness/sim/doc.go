// Package sim runs trials in virtual time: the same scenarios, the same session
// code (heartbeat/session) and the same detectors (heartbeat/detect) as live, on
// a network that is a Model. A year of heartbeats takes a second.
//
//	result, err := sim.Run(ctx, sim.Setup{
//		Policy: policy, Mode: heartbeat.Observe, Model: mobile, Seed: 7,
//		Scenario: scenarios.CablePull(), Scope: scope, Phase: 0.5, Life: time.Hour,
//	})
//
// Run yields the measures of both sides' detectors; RunMany adds up those of many
// trials, on all cores; Record keeps all that happens instead, as the events of an
// ordinary trace that package judge judges like any other. Setup.Watch has more
// detectors told of the same arrivals.
//
// It is one loop over one heap of events: no goroutine, no sleep, no clock. The
// same Setup gives the same events, on any machine.
//
// # What a simulated trial is
//
// What a live one is, without what makes that one inexact: timers fire when they
// are due, and programs take no time. The network is the lab's: the client's end
// of it has the cable and a firewall, then come delays and losses, then the
// server. Connecting takes no time, and a link that was born in a cut is dead. The
// sides are the pair of package subject: they reconnect as that does, wait as long
// for a hello and a hang-up, and hear what has arrived before they conclude that
// nothing has.
//
// # What it is not
//
// A kernel: no probe can ask one here, a stream never gives up, and of TCP there
// is the retransmission timer only. A lost frame is sent again after the timeout
// of RFC 6298 and twice as long each time, with all that was sent meanwhile; no
// acknowledgement gets lost, and neither Linux's tail loss probe nor its fast
// retransmission, for which beats are too rare, comes sooner.
package sim
