package wild

import (
	"context"
	"net"
	"time"
)

// Pair is a client and a server of somebody's, at one setting.
type Pair struct {
	Library string // lower case words with hyphens
	Setting string // likewise, unique within Library
	// User is what the application above the library does, half a sentence.
	User string
	// Settle is from the first bytes both ways to the fault; 0: the usual 3 s.
	Settle time.Duration
	// Serve and Dial are a subject's: see subject.Subject.
	Serve  func(ln net.Listener) error
	Dial   func(ctx context.Context, addr string) error
	Expect Expect
	// Why is what Expect follows from.
	Why string
	// Sources are the lines that Why rests on, and what they say:
	// "module@version/file:line text".
	Sources []string
	// Finding is what its users would not expect, a sentence or two; "": nothing.
	Finding string
}

// Name is Library/Setting.
func (p Pair) Name() string { return p.Library + "/" + p.Setting }

// Expect is what becomes of the connection that a fault strikes.
type Expect struct {
	CablePull, HalfOpenDown, HalfOpenUp Sides // counted from the fault
	IdleDrop                            Sides // counted from the last byte that passed
}

// Sides is what either side makes of one fault.
type Sides struct {
	Client, Server Fate
	// Kept says of IdleDrop that beats keep the firewall from forgetting the
	// connection, so that neither side has anything to notice.
	Kept bool
}

// sides is what two sides make of a fault that they may notice.
func sides(client, server Fate) Sides { return Sides{Client: client, Server: server} }

// unnoticed is what two sides make of one that neither does.
var unnoticed Sides

// Fate is when a side's connection ends. The zero Fate is never.
type Fate struct {
	Lo, Hi time.Duration
	By     By
}

// By says whose doing the end is. The zero By is anybody's: where both sides'
// deadlines are as good as the same, either may hear of the other's first.
type By string

// The ways.
const (
	Itself By = "itself" // it hung up
	Peer   By = "peer"   // the other side's closing reached it
)

const (
	// settle is the usual Pair.Settle.
	settle = 3 * time.Second
	// idle is how long the firewall of idle-drop remembers.
	idle = 20 * time.Second
	// chatter is how often the users of libraries without beats say something:
	// seldom enough for the firewall to forget them.
	chatter = 25 * time.Second
	// Early and late are how far from its instant an end may be.
	early = time.Second
	late  = time.Second
)

// at is an end d after the fault, by anybody.
func at(d time.Duration) Fate { return between(d, d) }

// between is one at any instant from lo to hi: where chance or the order of
// two timers decides.
func between(lo, hi time.Duration) Fate { return Fate{Lo: lo - early, Hi: hi + late} }

// itself is f, by the side itself.
func (f Fate) itself() Fate { f.By = Itself; return f }

// told is f, by the other side's closing.
func (f Fate) told() Fate { f.By = Peer; return f }

// never is no end at all.
var never Fate

// Never says whether f is no end.
func (f Fate) Never() bool { return f.Hi == 0 }
