package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// timelines are those of the trials that have a trace, by their index: as many
// as fit into room bytes. Failures come first, then one of each cell, then
// another of each.
func (r Report) timelines(in *traceFolder, room int) map[int]timeline {
	out := map[int]timeline{}
	for _, i := range r.byInterest() {
		rec := r.Records[i]
		if rec.Trace == "" {
			continue
		}
		if room <= 0 {
			in.policy(rec)
			continue
		}
		line := in.timeline(rec)
		data, err := json.Marshal(line)
		if err != nil {
			line = timeline{Missing: shown(err.Error())}
		}
		if room -= len(data) + len(`"12345":,`); room > 0 {
			out[i] = line
		}
	}
	return out
}

// byInterest are the records' indices.
func (r Report) byInterest() []int {
	rank := make([]int, len(r.Records))
	of := map[cellKey]int{}
	for i, rec := range r.Records {
		of[keyOf(rec)]++
		rank[i] = of[keyOf(rec)]
	}
	for _, i := range r.failed() {
		rank[i] = 0
	}
	out := make([]int, len(rank))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	return out
}

// traceFolder is a report's folder, where the traces are.
type traceFolder struct {
	dir      string
	policies []policyRow // those that were met, in that order
}

// timeline is that of a trial, or says why there is none.
func (f *traceFolder) timeline(r judge.Record) timeline {
	file, err := f.open(r)
	if err != nil {
		return timeline{Missing: shown(err.Error())}
	}
	t, err := trace.Read(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return timeline{Missing: shown(fmt.Sprintf("read trace %s: %v", r.Trace, err))}
	}
	f.meet(t.Header.Policy, t.Header.Window)
	line := newTimeline(t, r)
	if !t.Ended() {
		line.missing("the trace is cut off: its end is missing")
	}
	return line
}

// policy meets a trial's policy, and reads no more than it takes.
func (f *traceFolder) policy(r judge.Record) {
	if slices.ContainsFunc(f.policies, func(p policyRow) bool { return p.key == r.Policy && p.window == r.Window }) {
		return
	}
	file, err := f.open(r)
	if err != nil {
		return // the page says so where the timeline would be
	}
	in, err := trace.NewReader(file)
	if err := errors.Join(err, file.Close()); err == nil {
		f.meet(in.Header.Policy, in.Header.Window)
	}
}

// open opens a trial's trace, which lies in the folder and is a file: the
// record may be anybody's.
func (f *traceFolder) open(r judge.Record) (io.ReadCloser, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	name := filepath.FromSlash(r.Trace)
	info, err := root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read trace %s: it is no file", r.Trace)
	}
	return root.Open(name)
}

// policyRow is a policy with its parameters.
type policyRow struct {
	key                                        string
	window                                     heartbeat.Window
	Name, Window, Probe, Beats, Client, Server string
	Every                                      string
}

func (f *traceFolder) meet(p heartbeat.Policy, w heartbeat.Window) {
	row := policyRow{
		key: p.Key(), window: w, Name: shown(p.Key()), Window: w.String(), Probe: shown(string(p.Probe)), Beats: shown(string(p.Beats)),
		Every: "-", Client: shown(Decides(p, heartbeat.ClientSide)), Server: shown(Decides(p, heartbeat.ServerSide)),
	}
	if p.Interval > 0 {
		row.Every = p.Interval.String()
	}
	if !slices.Contains(f.policies, row) {
		f.policies = append(f.policies, row)
	}
}
