package judge

import (
	"cmp"
	"maps"
	"slices"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// As is the trace of an observing trial as it would be, had the sides had the
// detectors of p: all that was sent and heard is the same, and the suspicions
// are p's. So many policies are judged on identical arrivals. The error is
// Fits's.
func As(t trace.Trace, p heartbeat.Policy) (trace.Trace, error) {
	if err := Fits(t.Header, p); err != nil {
		return trace.Trace{}, err
	}
	out := trace.Trace{Header: t.Header}
	out.Header.Policy, out.Header.Window = p, p.Profile.Window
	type one struct {
		side    trace.Side
		session string
	}
	followers := map[one]*follower{}
	until := newView(t).end
	// suspect notes that f has begun to suspect, if it did.
	suspect := func(s one, f *follower, trusted bool) {
		if trusted && f.suspects {
			out.Events = append(out.Events, trace.Event{
				T: f.since, Side: s.side, Session: s.session, What: trace.Suspect, Detail: f.d.Explain(),
			})
		}
	}
	for _, e := range t.Events {
		if e.What == trace.Suspect || e.What == trace.Trust {
			continue
		}
		out.Events = append(out.Events, e)
		if e.T > until {
			continue // no part of the observation
		}
		s := one{e.Side, e.Session}
		if config := p.Detector(e.Side); e.What == trace.Up && config != nil {
			followers[s] = &follower{d: config.New(), grace: heartbeat.Grace}
		}
		f, up := followers[s]
		if !up {
			continue
		}
		over := e.What == trace.Down || e.What == trace.Closed
		trusted := !f.suspects
		if f.pass(e.T); over {
			f.end(e.T)
			delete(followers, s)
		}
		suspect(s, f, trusted)
		if f.tell(compact(e)) {
			out.Events = append(out.Events, trace.Event{T: e.T, Side: e.Side, Session: e.Session, What: trace.Trust})
		}
	}
	open := slices.SortedFunc(maps.Keys(followers), func(a, b one) int {
		return cmp.Or(cmp.Compare(a.side, b.side), cmp.Compare(a.session, b.session))
	})
	for _, s := range open {
		f := followers[s]
		trusted := !f.suspects
		f.end(until)
		suspect(s, f, trusted)
	}
	trace.Sort(out.Events)
	return out, nil
}
