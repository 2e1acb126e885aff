package trace

// Room is how many events a Window looks ahead, at least.
const Room = 2048

// Window puts a stream of events in order of time in constant memory. Events
// are recorded by several goroutines, and a stall only once it is over; but
// none comes long after its time. Events of one instant keep their order.
//
// The zero Window is ready for use. It is not safe for concurrent use.
type Window struct {
	// Disorder counts the events that came after a later one.
	Disorder int

	held, spare []Event
	latest      int64 // of all that came
	passed      int64 // what comes now and lies before it comes too late
	begun       bool  // passed means something
}

// Add takes e; false: it does not, because a later event was passed on already.
// ready are the events whose turn has come, if any. They are the caller's until
// the next call.
func (w *Window) Add(e Event) (ready []Event, ok bool) {
	if w.begun && e.T < w.passed {
		return nil, false
	}
	if len(w.held) == 2*Room {
		Sort(w.held)
		ready = w.held[:Room]
		w.begun, w.passed = true, ready[Room-1].T
		w.held, w.spare = append(w.spare[:0], w.held[Room:]...), w.held
		if e.T < w.passed {
			return ready, false
		}
	}
	if len(w.held) > 0 && e.T < w.latest {
		w.Disorder++
	}
	w.latest = max(e.T, w.latest)
	w.held = append(w.held, e)
	return ready, true
}

// Rest are the events that wait still, when no more will come.
func (w *Window) Rest() []Event {
	Sort(w.held)
	return w.held
}
