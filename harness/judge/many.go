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
	each  []*contender
	batch []stimulus
}

// NewMany judges a fresh detector of each Config in each session.
func NewMany(configs []detect.Config, truth Truth) *Many {
	m := &Many{}
	for _, c := range configs {
		m.each = append(m.each, &contender{config: c, sessions: map[string]*followedSession{}, tally: newTally(truth)})
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
	for _, c := range m.each {
		all.Go(func() {
			for _, e := range m.batch {
				c.tell(e)
			}
		})
	}
	all.Wait()
}

// End ends the observation, and says what each detector is worth, in the order
// of NewMany's Configs. No other call may follow it.
func (m *Many) End(at int64) []Quality {
	var out []Quality
	for _, c := range m.each {
		c.end(at)
		out = append(out, c.tally.quality())
	}
	return out
}

// contender is one detector in all sessions of one side.
type contender struct {
	config   detect.Config
	sessions map[string]*followedSession // those that are up
	ups      int                         // sessions that ever were
	struck   *followedSession            // that the first cut met: the newest; nil: none, or not yet
	met      bool                        // the first cut is over or in force
	lost     []*followedSession          // those that a mistake ended, until the next is up
	tally    tally
}

// followedSession is one session.
type followedSession struct {
	follower
	number int // of those that came up, from 1
	start  int64
}

func (c *contender) tell(e stimulus) {
	over := e.what == trace.Down || e.what == trace.Closed
	if cut := c.tally.struck; e.at > cut || e.at == cut && over {
		c.meet()
	}
	if e.what == trace.Up {
		c.settle(e.at)
		c.ups++
		c.sessions[e.session] = &followedSession{
			number: c.ups, start: e.at,
			follower: follower{d: c.config.New(), grace: c.tally.truth.Grace},
		}
		c.tally.revive(e.at)
	}
	s, up := c.sessions[e.session]
	if !up {
		return
	}
	c.pass(s, e.at)
	if since := s.since; s.follower.tell(e) {
		c.detect(s, Span{since, s.latest}, false)
		c.tally.mistake(Span{since, s.latest})
	}
	if over {
		delete(c.sessions, e.session)
		c.finish(s, e.at, e.what == trace.Down)
	}
}

// meet notes which session the first cut met.
func (c *contender) meet() {
	if c.met {
		return
	}
	c.met = true
	for _, s := range c.sessions {
		if c.struck == nil || s.number > c.struck.number {
			c.struck = s
		}
	}
}

func (c *contender) detect(s *followedSession, suspicion Span, lasted bool) {
	if s == c.struck {
		c.tally.detect(suspicion, lasted)
	}
}

// finish is the end of a session: its detector is told nothing more. A mistake
// goes on where it was the reason.
func (c *contender) finish(s *followedSession, now int64, down bool) {
	s.follower.end(now)
	if s.suspects {
		c.detect(s, Span{s.since, now}, true)
		if down && c.tally.wrong(s.since, now) {
			c.lost = append(c.lost, s)
			return
		}
	}
	c.close(s, now)
}

func (c *contender) pass(s *followedSession, now int64) {
	if left, ok := s.follower.pass(now); ok && !s.suspects && !in(c.tally.truth.Stopped, now) {
		c.tally.call(left, now)
	}
}

// settle ends what mistakes had ended: there is a session again.
func (c *contender) settle(now int64) {
	lost := c.lost
	c.lost = nil
	for _, s := range lost {
		c.close(s, now)
	}
}

// close is the end of a session's time.
func (c *contender) close(s *followedSession, now int64) {
	if s.suspects {
		c.tally.mistake(Span{s.since, now})
	}
	c.tally.session(s.start, now)
	if len(c.sessions)+len(c.lost) == 0 {
		c.tally.rest(now)
	}
}

func (c *contender) end(now int64) {
	if now >= c.tally.struck {
		c.meet()
	}
	for _, name := range slices.Sorted(maps.Keys(c.sessions)) {
		s := c.sessions[name]
		c.pass(s, now)
		deadline, ok := s.d.Deadline()
		if left := deadline - now; ok && (c.tally.left == nil || left < *c.tally.left) {
			c.tally.left = &left
		}
		delete(c.sessions, name)
		c.finish(s, now, false)
	}
	c.settle(now)
}
