package judge

import (
	"maps"
	"slices"
	"sync"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Many judges any number of detectors over what one side sent and heard, all
// at once. Its memory depends on the detectors, and on the sessions that are up,
// not on how much is told. It is not safe for concurrent use; the detectors of
// one call run concurrently.
type Many struct {
	each  []*watch
	batch []told
}

// NewMany judges a fresh detector of each Config in each session.
func NewMany(configs []detect.Config, truth Truth) *Many {
	m := &Many{}
	for _, c := range configs {
		m.each = append(m.each, &watch{
			config: c, sessions: map[string]*watched{},
			tally: tally{truth: truth, excuse: truth.excuse()},
		})
	}
	return m
}

// Tell tells the detectors of what side did, and ignores others' events. They
// come in order of time, within a call and between calls.
func (m *Many) Tell(side trace.Side, events []trace.Event) {
	m.batch = m.batch[:0]
	for i := range events {
		if events[i].Side == side {
			m.batch = append(m.batch, compact(events[i]))
		}
	}
	var all sync.WaitGroup
	for _, w := range m.each {
		all.Go(func() {
			for _, e := range m.batch {
				w.tell(e)
			}
		})
	}
	all.Wait()
}

// End ends the observation, and says what each detector is worth, in the order
// of NewMany's Configs. No other call may follow it.
func (m *Many) End(at int64) []Quality {
	var out []Quality
	for _, w := range m.each {
		w.end(at)
		out = append(out, w.tally.quality())
	}
	return out
}

// watch judges one detector in all sessions of one side.
type watch struct {
	config   detect.Config
	sessions map[string]*watched // those that are up
	lost     []*watched          // those that a mistake ended, until the next is up
	tally    tally
}

// watched is one session.
type watched struct {
	watcher
	start int64
}

func (w *watch) tell(e told) {
	if e.what == trace.Up {
		w.settle(e.at)
		w.sessions[e.session] = &watched{start: e.at, watcher: watcher{d: w.config.New(), grace: w.tally.truth.Grace}}
	}
	s, up := w.sessions[e.session]
	if !up {
		return
	}
	w.pass(s, e.at)
	if since := s.since; s.tell(e) {
		over := Span{since, s.latest}
		w.tally.detect(over, s.start, false)
		w.tally.mistake(over)
	}
	if e.what == trace.Down || e.what == trace.Closed {
		delete(w.sessions, e.session)
		w.finish(s, e.at)
	}
}

// finish is the end of a session: its detector is told nothing more.
func (w *watch) finish(s *watched, now int64) {
	s.end(now)
	if s.suspects {
		w.tally.detect(Span{s.since, now}, s.start, true)
		if w.tally.wrong(s.since, now) {
			w.lost = append(w.lost, s)
			return
		}
	}
	w.close(s, now)
}

func (w *watch) pass(s *watched, now int64) {
	if left, ok := s.pass(now); ok && !s.suspects {
		w.tally.call(left, now)
	}
}

// settle ends what mistakes had ended: there is a session again.
func (w *watch) settle(now int64) {
	for _, s := range w.lost {
		w.close(s, now)
	}
	w.lost = w.lost[:0]
}

// close is the end of a session's time.
func (w *watch) close(s *watched, now int64) {
	if s.suspects {
		w.tally.mistake(Span{s.since, now})
	}
	w.tally.session(s.start, now)
}

func (w *watch) end(now int64) {
	for _, name := range slices.Sorted(maps.Keys(w.sessions)) {
		s := w.sessions[name]
		w.pass(s, now)
		deadline, ok := s.d.Deadline()
		if left := deadline - now; ok && (w.tally.left == nil || left < *w.tally.left) {
			w.tally.left = &left
		}
		w.finish(s, now)
	}
	w.settle(now)
}
