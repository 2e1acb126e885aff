// Package session is the heartbeat protocol as a pure state machine: frames
// and instants in, frames, events and the next instant out. It reads no clock,
// starts no goroutine, takes no lock and does no I/O, so that the same session
// runs over sockets, in tests of exact instants, and in simulated time.
//
// Decoder makes frames of bytes, AppendFrame bytes of frames, and Machine is
// one side of one session:
//
//	m := session.New(&session.Config{Side: session.Client, ...}, id)
//	m.Start(now)
//	for m.Err() == nil {
//		for f, ok := m.Next(now); ok; f, ok = m.Next(now) {
//			// write f
//		}
//		// wait for a frame, or until m.WakeAt()
//		m.Hear(frame, now) // or m.Wake(now)
//	}
//
// # Wire format
//
// A stream of frames, each of a header of 16 bytes, big endian, and, in data
// frames alone, as many bytes of payload as the header says. Beats and echoes
// are headers and nothing else.
//
//	 0               1               2               3
//	+---------------+---------------+---------------+---------------+
//	|         magic 0xF1A7          |   version 1   |     type      |
//	+---------------+---------------+---------------+---------------+
//	|                       sequence number                         |
//	|                          (64 bits)                            |
//	+---------------+---------------+---------------+---------------+
//	|               length of the payload, in bytes                 |
//	+---------------+---------------+---------------+---------------+
//
//	type     sequence number                              length
//	1 hello  the session's id, any but 0                  0
//	2 beat   counts the sender's beats from 0             0
//	3 echo   the beat that it answers, and all before it  0
//	4 data   counts the sender's data frames from 0       up to a limit
//	5 bye    the reason: 1 left, 2 gave up, 3 nonsense,   0
//	         4 unread, 5 busy
//
// # Exchange
//
// The client says hello with an id that it made up; the server answers with
// the same hello. With that the session is up, for the server as it hears the
// hello, for the client as it hears the answer; an accepted connection alone
// is no session. From then on either side, or both, may send beats: beat 0 at
// once, beat n at n intervals after it, whatever data flows. A side that was
// late skips the instants that it missed. A side that answers beats sends one
// echo for each.
//
// A bye is the last frame of a side, and may be its only one, in place of a
// hello. A connection that ends without it has died.
//
// # Datagrams
//
// Where frames travel by themselves (Config.Datagrams), the exchange is the
// same, but that
//
//   - the client says hello every 500 ms until it is answered, and the server
//     answers each; what else arrives before a hello is ignored;
//   - numbers may be missing, repeated or old. A beat that is newer than those
//     heard is answered by one echo, for all before it; an older one is not. A
//     detector is told of both, and takes an old one for no sign of life;
//   - data arrives once, twice or not at all, in any order, and is lost where
//     MaxQueued leaves no room for it;
//   - a bye may be lost: then the peer finds silence.
//
// Whatever the sections above don't allow, an echo of a beat that was
// never sent or was answered already included, is nonsense: it ends the
// session, with a FrameError that says what came and what would have been
// right.
package session
