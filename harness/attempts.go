package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// attempts runs a trial until all its records are conclusive or the retries are
// used up, and returns the last of each, also those that could not be written. What
// was conclusive stays as it is.
func (r Runner) attempts(ctx context.Context, t Trial, dog *watchdog, say func(State)) ([]judge.Record, error) {
	id := t.ID
	var last []judge.Record
	for attempt := 1; ; attempt++ {
		if attempt > 1 {
			t.ID = id + try(attempt)
			r.await(ctx) // what made the last attempt inconclusive lasts for a while
		}
		records, err := r.one(ctx, t, dog, func(s State) { s.Trial = t.ID; say(s) })
		if err != nil {
			return last, err
		}
		if last == nil {
			last = make([]judge.Record, len(records))
		}
		again := false
		var unwritten error
		for i, rec := range records {
			if attempt > 1 && !last[i].Superseded {
				continue // it told something before
			}
			rec.Attempt = attempt
			rec.Superseded = rec.Verdict == judge.Inconclusive && attempt <= r.Retries && ctx.Err() == nil
			if i > 0 && attempt > 1 {
				rec.Trial += try(attempt)
			}
			unwritten = errors.Join(unwritten, r.save(rec))
			last[i], again = rec, again || rec.Superseded
		}
		if unwritten != nil {
			return last, unwritten
		}
		if again && !last[0].Superseded {
			say(State{Trial: t.ID, Doing: "once more, for who shares it"})
			continue
		}
		say(State{Trial: t.ID, Doing: string(last[0].Verdict), Record: &last[0]})
		if !again {
			return last, nil
		}
	}
}

// try is what an attempt after the first has at the end of its name.
func try(attempt int) string { return fmt.Sprintf(".try%d", attempt) }

// stage is where a trial is run: live in a lab, or in virtual time.
type stage interface {
	// unmeasurable says why it cannot show the trial, if so.
	unmeasurable() error
	header(epoch time.Time) trace.Header
	// run returns the trial's trace, written to out. An error means that the
	// harness could not run it; the trace is then what there is.
	run(ctx context.Context, out io.Writer, watch *watchdog) (trace.Trace, error)
}

// one runs a trial once: its own record comes first.
func (r Runner) one(ctx context.Context, t Trial, dog *watchdog, say func(State)) ([]judge.Record, error) {
	prints := outputs{dir: r.Out, trial: t.ID}
	var l stage = &lab{trial: t, network: r.Network, kind: r.subject(t), host: r.Advertise, say: say, output: prints.create}
	if r.Virtual != nil {
		l = virtual{t, *r.Virtual}
	}
	if reason := l.unmeasurable(); reason != nil {
		var records []judge.Record
		for _, p := range append([]heartbeat.Policy{t.Policy}, t.Also...) {
			rec := judge.Unmeasured(l.header(time.Now()), reason.Error())
			rec.Trial, rec.Policy, rec.Repeat = t.id(p), p.Key(), t.Repeat
			if rec.Trial != t.ID {
				rec.Shares = t.ID
			}
			records = append(records, rec)
		}
		return records, nil
	}
	out, err := r.create(t)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	tr, failure := l.run(ctx, out, dog)
	took := time.Since(began)
	if err := out.Close(); err != nil {
		return nil, fmt.Errorf("write trace %s: %w", t.ID, err)
	}
	records := append([]judge.Record{judge.Judge(tr)}, r.also(t, tr)...)
	verdict, cause := without(ctx, tr.Header.Network, failure)
	reason := cause
	if why := overloaded(failure, records[0].Stalls, took); verdict == judge.Failed && why != "" {
		verdict, reason = judge.Inconclusive, why
	}
	for i := range records {
		rec := &records[i]
		if verdict != "" {
			rec.Verdict, rec.Reason, rec.Failure = verdict, reason, cause
		}
		rec.Repeat, rec.Output = t.Repeat, prints.paths
		if r.Out != "" {
			rec.Trace = filepath.ToSlash(filepath.Join("traces", t.ID+".jsonl"))
		}
	}
	return records, nil
}

// without is the verdict on a trial that could not be judged, on the network of
// that name; "": it could.
func without(ctx context.Context, name string, failure error) (verdict judge.Verdict, reason string) {
	var mute muteError
	var unsupported subject.UnsupportedError
	var refused network.UnsupportedError
	switch {
	case errors.As(failure, &mute):
		return judge.NotMeasurable, mute.Error()
	case errors.As(failure, &unsupported):
		return judge.NotMeasurable, "not measurable here: " + unsupported.Error()
	case errors.As(failure, &refused):
		return judge.NotMeasurable, fmt.Sprintf("not measurable on %s: %s", name, refused)
	case ctx.Err() != nil:
		return judge.Interrupted, "the run was interrupted"
	case failure != nil:
		return judge.Failed, failure.Error()
	default:
		return "", ""
	}
}

// also are the records of the policies that share the trial.
func (r Runner) also(t Trial, tr trace.Trace) (records []judge.Record) {
	for _, p := range t.Also {
		as, err := judge.As(tr, p)
		rec := judge.Judge(as)
		if err != nil { // the plan is not ours
			rec = judge.Unmeasured(tr.Header, err.Error())
			rec.Policy, rec.Verdict = p.Key(), judge.Failed
		}
		rec.Trial, rec.Shares = t.id(p), t.ID
		records = append(records, rec)
	}
	return records
}
