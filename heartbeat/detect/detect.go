// Package detect has failure detectors as pure state machines: from the
// instants at which beats were sent and heard to a deadline, the instant from
// which the peer is suspected.
//
// A detector never reads a clock, sleeps, locks or starts a goroutine: every
// instant is an argument, in nanoseconds since an epoch that the caller
// chooses and keeps for the detector's life. So the same detector runs live,
// in virtual time and over a recorded trace, and answers alike.
//
// Fixed and Missed allow a silence that does not change, EchoTimer times our own
// beats. The others learn from arrivals how much silence is usual: Chen and
// Bertier when the next beat is due, Phi, PhiLogistic and Exponential how
// improbable a silence is.
//
//	d := detect.Fixed{Timeout: 8550 * time.Millisecond}.New()
//	d.Start(0)
//	d.Heard(detect.Echo, 1, 2_000_000_000)
//	at, ok := d.Deadline() // 10_550_000_000, true
//
// Detectors are not safe for concurrent use.
package detect

import (
	"encoding"
	"time"
)

// Detector is what a side asks whether its peer still lives.
//
// The owner calls Start once, then the other methods with instants that do not
// go backwards; an instant that stands still is fine. A detector that is told
// of an instant before the latest one it knows treats it as that latest one.
type Detector interface {
	// Start says that the session came up at now: each side has heard the
	// other's hello. Calls before Start have no effect.
	Start(now int64)

	// Sent says that this side's beat seq left at now, just before the write.
	// It is not called for echoes or data. Sequence numbers rise by one from 0.
	Sent(seq uint64, now int64)

	// Heard says that something of the peer arrived at now, just after the
	// read. Echo n answers all beats up to n. seq has no meaning for Data,
	// which is a sign of life but never a sample of the beat interval.
	Heard(kind Kind, seq uint64, now int64)

	// Stalled says that this side's own loop stood still in [from, to]: what
	// it did not hear then says nothing about the peer. It is called before
	// what arrived meanwhile is Heard.
	Stalled(from, to int64)

	// Deadline is the instant from which the peer is suspected; false means
	// never, unless something else is heard or sent. A deadline that lies in
	// the past means that the peer is suspected already.
	Deadline() (instant int64, ok bool)

	// Explain says in words what Deadline rests on, with its numbers, for
	// people who read why a peer was suspected.
	Explain() string
}

// Leveler is a Detector whose suspicion has a level, as accrual detectors do.
type Leveler interface {
	Detector
	// Level is how much the peer is suspected at now: at least 0, it reaches
	// the configured threshold at the deadline, not before, and rises on. 0
	// before Start. It moves nothing.
	Level(now int64) float64
}

// Kind is what was heard of the peer. The zero Kind is unknown and counts as
// nothing heard.
type Kind uint8

// What a detector is told of.
const (
	Beat Kind = iota + 1 // the peer's beat
	Echo                 // the peer's answer to our beat
	Data                 // the application's data
)

// String is the word that traces use.
func (k Kind) String() string {
	switch k {
	case Beat:
		return "beat"
	case Echo:
		return "echo"
	case Data:
		return "data"
	default:
		return "unknown"
	}
}

// UnmarshalText reads the words of String; any other word is the zero Kind.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = 0
	for _, known := range []Kind{Beat, Echo, Data} {
		if known.String() == string(text) {
			*k = known
		}
	}
	return nil
}

var _ encoding.TextUnmarshaler = (*Kind)(nil)

// Config is a detector's name and parameters; New makes detectors of it.
// Implementations are small structs, so that policies can be compared,
// printed and written as data.
type Config interface {
	// Name is the detector's name in policies, flags and reports.
	Name() string
	// Validate says what is wrong with the parameters, naming the parameter
	// and what would be right.
	Validate() error
	// New makes a fresh detector, not yet started.
	New() Detector
}

// Paced is a Config with the beat interval among its parameters.
type Paced interface {
	Config
	// WithInterval is the same Config for beats that are d apart.
	WithInterval(d time.Duration) Config
}

// Patience is the silence that a detector of c allows from its Start, before it has
// learned anything; 0: any, as an EchoTimer does until a beat is sent.
func Patience(c Config) time.Duration {
	d := c.New()
	d.Start(0)
	at, ok := d.Deadline()
	if !ok {
		return 0
	}
	return time.Duration(at)
}
