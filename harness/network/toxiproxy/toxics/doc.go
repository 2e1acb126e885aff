// Package toxics has three toxics with which Toxiproxy behaves like a network
// that breaks, instead of like a program that closes connections:
//
//   - [CablePull] ("cable_pull") withholds bytes and closings, and heals;
//   - [IdleDrop] ("idle_drop") is a firewall that forgets idle connections;
//   - [Delay] ("delay") is a first-in-first-out delay with a reproducible jitter.
//
// [Register] makes them known to the Toxiproxy servers of this process; from
// then on any Toxiproxy client, in any language, can use them:
//
//	POST /proxies/p/toxics  {"name": "up",   "type": "cable_pull", "stream": "upstream",
//	                         "attributes": {"cable": "p", "stream": "upstream"}}
//	POST /proxies/p/toxics  {"name": "down", "type": "cable_pull", "stream": "downstream",
//	                         "attributes": {"cable": "p", "stream": "downstream"}}
//	PATCH /proxies/p/toxics/up  {"attributes": {"cut": "both-ways"}}
//	PATCH /proxies/p/toxics/up  {"attributes": {"cut": "none"}}
//	GET /proxies/p/toxics
//
// A toxic that lacks an attribute is refused, with a sentence. One that is created
// with null attributes, or none, is not asked: it is on no cable, and does nothing.
// Flatline's own server refuses that too.
//
// # The cable
//
// A fault of a network concerns both directions of a connection, but Toxiproxy
// gives each direction toxics of its own, which know neither each other nor the
// connection. The attribute "cable", any name, unites the toxics of one proxy;
// "stream" repeats the toxic's own stream, which Toxiproxy doesn't tell it.
// Toxiproxy sets up the two directions of a connection one after the other, in
// the order of its accepts: that tells the toxics which two belong together.
// Hence four rules:
//
//   - Add a toxic to both streams, and all of them before the first connection.
//   - Switch faults by updates; never remove a toxic. Removing one ends the
//     connections that it is on.
//   - Leave the toxicity at 1: below, Toxiproxy may take a connection away from
//     a toxic in the middle, and what it held is lost.
//   - Use a new name for each proxy.
//
// # Proof
//
// The toxic that was added first reports, as its attribute "proof", what the
// cable carried and what was done to it: see [Proof].
//
// # Ends
//
// Toxiproxy doesn't tell toxics that a proxy was deleted, but it closes the
// connections. A toxic that withholds something lets go of it as soon as both
// ends of the connection are gone. It can't see that while its buffer is full
// in both directions; the update {"end": true} of a cable_pull, before the
// deletion, ends all connections of the cable in any case.
//
// Like Toxiproxy, these toxics don't know half-closed connections: an end that
// hung up is gone.
package toxics
