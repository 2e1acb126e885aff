package trace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Recorder keeps a trace, writes it as it happens, and lets the lab wait for
// events. It is safe for concurrent use.
type Recorder struct {
	header  Header
	written chan struct{} // closed when all is written

	mu      sync.Mutex
	events  []Event
	closed  bool
	changed chan struct{} // closed and replaced at every event
	err     error         // the first failed write
}

// NewRecorder writes the header to w, which may be nil: then the trace is kept
// in memory only. It must be closed.
func NewRecorder(w io.Writer, h Header) (*Recorder, error) {
	if w == nil {
		w = io.Discard
	}
	out := json.NewEncoder(w) // one write per event: a killed run loses next to nothing
	if err := out.Encode(h); err != nil {
		return nil, fmt.Errorf("write header of trace %s: %w", h.Trial, err)
	}
	r := &Recorder{header: h, changed: make(chan struct{}), written: make(chan struct{})}
	go r.write(out)
	return r, nil
}

// write writes events as they come, in a goroutine of its own: who records one
// must not wait for a disk.
func (r *Recorder) write(out *json.Encoder) {
	defer close(r.written)
	for seen := 0; ; {
		r.mu.Lock()
		events, changed, closed := r.events[seen:], r.changed, r.closed
		r.mu.Unlock()
		for _, e := range events {
			if err := out.Encode(e); err != nil {
				r.mu.Lock()
				r.err = fmt.Errorf("write trace %s: %w", r.header.Trial, err)
				r.mu.Unlock()
				return // what follows half a line would be lost as well
			}
		}
		seen += len(events)
		if closed {
			return
		}
		<-changed
	}
}

// Now is the offset of this moment.
func (r *Recorder) Now() int64 { return int64(time.Since(r.header.Epoch)) }

// Record adds e. After Close it does nothing: what a trial's tear-down does is
// no part of its history.
func (r *Recorder) Record(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.events = append(r.events, e)
	r.change()
}

// change wakes whoever waits. The lock is held.
func (r *Recorder) change() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Wait returns the first recorded event, old or new, that ok accepts, or the
// context's error.
func (r *Recorder) Wait(ctx context.Context, ok func(Event) bool) (Event, error) {
	for seen := 0; ; {
		r.mu.Lock()
		events, changed := r.events[seen:], r.changed
		r.mu.Unlock()
		for _, e := range events {
			if ok(e) {
				return e, nil
			}
		}
		seen += len(events)
		select {
		case <-changed:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// Open are side's sessions that are up, as far as is recorded.
func (r *Recorder) Open(side Side) (sessions []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		switch {
		case e.Side != side:
		case e.What == Up:
			sessions = append(sessions, e.Session)
		case e.What == Down || e.What == Closed:
			sessions = slices.DeleteFunc(sessions, func(s string) bool { return s == e.Session })
		}
	}
	return sessions
}

// End ends the trace, once: the end of the observation, at that offset, is its last
// event, so that one which is cut off can be told from a whole one.
func (r *Recorder) End(at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.events = append(r.events, Event{T: at, Side: Harness, What: End})
	r.closed = true
	r.change()
}

// Close ends the trace, if End has not, and returns it, its events in order of
// time; a second call returns the same. The error is that of the first event that
// could not be written.
func (r *Recorder) Close() (Trace, error) {
	r.mu.Lock()
	r.closed = true
	r.change()
	r.mu.Unlock()
	<-r.written
	r.mu.Lock()
	defer r.mu.Unlock()
	events := slices.Clone(r.events)
	Sort(events)
	return Trace{Header: r.header, Events: events}, r.err
}

// Sort puts events in order of time. Those of one instant keep the order in
// which they were recorded.
func Sort(events []Event) { slices.SortStableFunc(events, byTime) }

func byTime(a, b Event) int { return cmp.Compare(a.T, b.T) }
