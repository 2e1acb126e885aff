package judge

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Fits says why a trace with this header can't be judged by the detectors of
// p; nil: it can. What a session acted on ended there, and what it heard rests
// on who beat, and how often.
func Fits(h trace.Header, p heartbeat.Policy) error {
	was := h.Policy
	own := reflect.DeepEqual(p.Client, was.Client) && reflect.DeepEqual(p.Server, was.Server)
	switch {
	case p.Probe != was.Probe:
		return fmt.Errorf("policy %s: its probe is %s, the trace's is %s", p.Key(), p.Probe, was.Probe)
	case p.Beats != was.Beats:
		return fmt.Errorf("policy %s: its beats are from %s, the trace's from %s", p.Key(), p.Beats, was.Beats)
	case p.Interval != h.Interval:
		return fmt.Errorf("policy %s: its beat interval is %v, the trace's is %v", p.Key(), p.Interval, h.Interval)
	case p.SenderJitter != was.SenderJitter:
		return fmt.Errorf("policy %s: its sender jitter is %g, the trace's is %g", p.Key(), p.SenderJitter, was.SenderJitter)
	case h.Mode == heartbeat.Act && !own:
		return fmt.Errorf("policy %s: the session acted on its own detectors' verdict, and ended there: only %s can judge it; record one that observes to compare others",
			p.Key(), was.Key())
	case h.Scenario.Stops() && !own:
		return fmt.Errorf("policy %s: a side was stopped, which it noticed at its own deadline: only %s can judge the trace", p.Key(), was.Key())
	case p.Client == nil && p.Server == nil:
		return fmt.Errorf("policy %s: it has no detector", p.Key())
	}
	return nil
}

// Compare judges every distinct detector of policies over one stored trace, each
// on the side that has it, by what the trace says became of the peer. It reads
// r twice, in memory that depends on its sessions and faults, not on its length.
// The error is the first policy's that does not fit, or the reading's.
func Compare(r io.ReadSeeker, policies []heartbeat.Policy) ([]Result, error) {
	v, err := landmarks(r)
	if err != nil {
		return nil, err
	}
	for _, p := range policies {
		if err := Fits(v.Header, p); err != nil {
			return nil, err
		}
	}
	var sides []judged
	for _, side := range []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if candidates := Candidates(policies, side); v.tells(side) && len(candidates) > 0 {
			sides = append(sides, judged{side, candidates, NewMany(configs(candidates), v.truth(side))})
		}
	}
	if len(sides) == 0 {
		return nil, errors.New("no side with a detector tells what it sent and heard")
	}
	if err := replayAll(r, sides, v.end); err != nil {
		return nil, err
	}
	var out []Result
	for _, s := range sides {
		out = append(out, results(s.candidates, s.many.End(v.end))...)
	}
	return out, nil
}

// judged is a side and its candidates.
type judged struct {
	side       trace.Side
	candidates []Candidate
	many       *Many
}

// landmarks is a view of all that a trace has but beats, echoes and data.
func landmarks(r io.Reader) (view, error) {
	in, err := trace.NewReader(r)
	if err != nil {
		return view{}, err
	}
	t := trace.Trace{Header: in.Header}
	var end int64
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return view{}, err
		}
		end = max(end, e.T)
		if e.What != trace.Sent && e.What != trace.Heard {
			t.Events = append(t.Events, e)
		}
	}
	trace.Sort(t.Events)
	return newViewUntil(t, end), nil
}

// replayAll tells each side's detectors of what it did until then, in order of time.
func replayAll(r io.ReadSeeker, sides []judged, until int64) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the trace again: %w", err)
	}
	in, err := trace.NewReader(r)
	if err != nil {
		return err
	}
	tell := func(events []trace.Event) {
		for _, s := range sides {
			s.many.Tell(s.side, events)
		}
	}
	var window trace.Window
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			tell(window.Rest())
			return nil
		}
		if err != nil {
			return err
		}
		if e.Side.Peer() == "" || e.T > until {
			continue // the network's proof comes at the very end, for all the time before
		}
		ready, ok := window.Add(e)
		tell(ready)
		if !ok {
			return fmt.Errorf("line %d: an event of %v, more than %d events too late", in.Line(), e.Offset(), trace.Room)
		}
	}
}
