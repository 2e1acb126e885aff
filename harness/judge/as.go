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
	watchers := map[one]*watcher{}
	until := newView(t).end
	// suspect notes that w has begun to suspect, if it did.
	suspect := func(s one, w *watcher, trusted bool) {
		if trusted && w.suspects {
			out.Events = append(out.Events, trace.Event{
				T: w.since, Side: s.side, Session: s.session, What: trace.Suspect, Detail: w.d.Explain(),
			})
		}
	}
	for _, e := range t.Events {
		if e.What == trace.Suspect || e.What == trace.Trust {
			continue
		}
		out.Events = append(out.Events, e)
		s := one{e.Side, e.Session}
		if config := p.Detector(e.Side); e.What == trace.Up && config != nil {
			watchers[s] = &watcher{d: config.New(), grace: heartbeat.Grace}
		}
		w, up := watchers[s]
		if !up {
			continue
		}
		over := e.What == trace.Down || e.What == trace.Closed
		trusted := !w.suspects
		if w.pass(e.T); over {
			w.end(e.T)
			delete(watchers, s)
		}
		suspect(s, w, trusted)
		if w.tell(compact(e)) {
			out.Events = append(out.Events, trace.Event{T: e.T, Side: e.Side, Session: e.Session, What: trace.Trust})
		}
	}
	open := slices.SortedFunc(maps.Keys(watchers), func(a, b one) int {
		return cmp.Or(cmp.Compare(a.side, b.side), cmp.Compare(a.session, b.session))
	})
	for _, s := range open {
		w := watchers[s]
		trusted := !w.suspects
		w.end(until)
		suspect(s, w, trusted)
	}
	trace.Sort(out.Events)
	return out, nil
}
