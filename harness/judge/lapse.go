package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// lapse is by how much a side suspected later than its pure detector did on what the
// side sent and heard, or sooner (less than 0), and where the stamps lie that this
// rests on.
type lapse struct {
	by    time.Duration
	rests Span
}

// worst is the one that is furthest from 0; nil: there is none.
func worst(lapses []lapse) *time.Duration {
	var by *time.Duration
	for _, l := range lapses {
		if by == nil || l.by.Abs() > by.Abs() {
			by = &l.by
		}
	}
	return by
}

// lapses are those of all of side's suspicions, and of those that only its pure
// detectors had.
func (v view) lapses(side trace.Side) (all []lapse) {
	config := v.Header.Policy.Detector(side)
	if config == nil || !v.tells(side) {
		return nil
	}
	stopped := v.stopped(side)
	sessions := map[string]*companion{}
	var inOrder []*companion
	for _, e := range v.Events {
		if e.Side != side || e.T > v.end {
			continue
		}
		c := sessions[e.Session]
		if c == nil {
			c = &companion{follower: follower{d: config.New(), grace: heartbeat.Grace}, stopped: stopped, began: e.T, told: e.T}
			sessions[e.Session], inOrder = c, append(inOrder, c)
		}
		all = append(all, c.tell(e)...)
	}
	for _, c := range inOrder {
		all = append(all, c.end(v.end)...)
	}
	return all
}

// companion follows the pure detector through one session of a side's, beside the
// side's own.
//
// A side that is a little late still hears what came before it concludes: so a
// deadline that passed less than heartbeat.Grace before the next arrival is no
// suspicion of the pure detector's either.
type companion struct {
	follower
	stopped  []Span
	began    int64
	told     int64 // when the side did something last: what held it up is later
	over     bool
	live     bool // the side suspects its peer
	answered bool // the side did so while the pure detector did
}

// tell is what comes to light at e.
func (c *companion) tell(e trace.Event) []lapse {
	if c.over {
		return nil
	}
	c.pass(e.T)
	c.answered = c.answered || c.suspects && c.live
	switch e.What {
	case trace.Suspect:
		c.live = true
		pure, waits := c.d.Deadline()
		switch {
		case c.suspects:
			pure = c.since
		case !waits: // all the session's time so far
			pure = c.began
		}
		return []lapse{{time.Duration(e.T - pure), Span{c.told, e.T}}}
	case trace.Trust:
		c.live = false
		return nil
	case trace.Down, trace.Closed:
		return c.end(e.T)
	}
	rests, since := Span{c.told, e.T}, c.since
	c.told = e.T
	if !c.follower.tell(compact(e)) {
		return nil
	}
	return c.missed(since, rests)
}

// end is the end of the session, or of the observation.
func (c *companion) end(at int64) []lapse {
	if c.over {
		return nil
	}
	c.over = true
	if c.pass(at); !c.suspects {
		return nil
	}
	c.answered = c.answered || c.live
	return c.missed(c.since, Span{c.told, at})
}

// missed is a suspicion of the pure detector's alone, from then until the end of
// rests, if it was that; the next one is another.
func (c *companion) missed(since int64, rests Span) []lapse {
	answered := c.answered
	c.answered = false
	if answered || in(c.stopped, since) {
		return nil
	}
	return []lapse{{time.Duration(rests.To - since), rests}}
}
