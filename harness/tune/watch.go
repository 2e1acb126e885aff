package tune

import (
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// arrival is a beat or an echo that a side heard. Number seq of our own beats
// left at seq x interval.
type arrival struct {
	seq  uint64
	left int64 // when it left the peer
	at   int64 // when it was heard
}

// watch holds one detector to what one side hears of a peer that lives, and
// asks at each beat what would be, had the peer crashed then. Its memory is that
// of the mistakes and crashes that it remembers.
type watch struct {
	d        detect.Detector
	kind     detect.Kind
	interval int64
	sends    bool // it asks when our own beats left

	next     uint64 // our own beat that has not left yet
	heard    bool
	last     arrival // the latest news
	newest   uint64  // the highest number heard
	suspects bool

	mistakes []int64 // when they began
	mistaken int64   // how long they went on

	every   uint64 // a crash in every so many beats; 0: none
	crash   uint64 // the beat after which the next one comes
	crashes []time.Duration
	window  bounds
	early   int // crashes that were noticed before the window
	late    int // and after it
}

// bounds are those of a window, in nanoseconds; the zero bounds hold nothing.
type bounds struct{ lo, hi int64 }

func newWatch(c detect.Config, kind detect.Kind, interval time.Duration, every uint64, w bounds) *watch {
	_, sends := c.(detect.EchoTimer)
	d := c.New()
	d.Start(0)
	return &watch{
		d: d, kind: kind, interval: int64(interval), sends: sends, every: every, window: w,
	}
}

// hear takes the next arrival; they come in order of time.
func (w *watch) hear(a arrival) {
	if w.heard && a.seq <= w.newest {
		return // it was overtaken: the detector does not listen to it
	}
	w.send(a.at)
	deadline, ok := w.d.Deadline()
	if !ok {
		deadline = a.at + 1 // a beat that left at this instant is not late
	}
	if w.heard && w.every > 0 {
		w.crashBefore(a, deadline)
	}
	w.pass(deadline, a.at)
	w.d.Heard(w.kind, a.seq, a.at)
	w.heard, w.last, w.newest = true, a, a.seq
	if w.suspects {
		if deadline, ok := w.d.Deadline(); !ok || deadline > a.at {
			w.suspects = false
			w.mistaken += a.at - w.mistakes[len(w.mistakes)-1]
		}
	}
}

// pass lets time pass until now: a suspicion begins at the deadline, and what
// arrives at that very instant is heard first.
func (w *watch) pass(deadline, now int64) {
	if !w.suspects && deadline < now {
		w.suspects = true
		w.mistakes = append(w.mistakes, deadline)
	}
}

// send tells the detector of our own beats that leave until now.
func (w *watch) send(now int64) {
	if !w.sends {
		return
	}
	for ; int64(w.next)*w.interval <= now; w.next++ {
		w.d.Sent(w.next, int64(w.next)*w.interval)
	}
}

// crashBefore takes note of when a peer would be suspected that crashed after
// the latest news had left, and before a did. What was overtaken counts as lost.
func (w *watch) crashBefore(a arrival, deadline int64) {
	for {
		c := w.crashAt(w.crash)
		if c > a.left {
			return
		}
		if c > w.last.left {
			took := max(0, deadline-c)
			w.crashes = append(w.crashes, time.Duration(took))
			switch {
			case took < w.window.lo:
				w.early++
			case took > w.window.hi:
				w.late++
			}
		}
		w.crash += w.every
	}
}

// crashAt is an instant after the peer's beat n, at phases that are spread
// evenly: by the golden section.
func (w *watch) crashAt(n uint64) int64 {
	const golden = 0.6180339887498949
	phase := float64(n/w.every) * golden
	phase -= float64(int64(phase))
	return int64(n)*w.interval + int64(phase*float64(w.interval))
}
