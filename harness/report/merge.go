package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
)

// Merge puts the runs in dirs, such as the shards of one, together in out, as
// if they had been one, and reports on it: their records, and the traces and
// output that these name. The order of dirs does not matter. A folder without records is an empty shard, as
// long as another one has some. Shards that are in none of dirs are missing. Everything is looked at before anything is
// written; then an earlier report in out goes, as with Prepare.
//
// It is an error if a file is not whole, or not ours, if two folders have the
// same trial, or if a trace is missing.
func Merge(out string, dirs []string) (r Report, err error) {
	var files []stowed
	brought := map[stowed]bool{}
	var lost Missed
	from := map[string]string{} // a trial's folder
	whole := plans{}
	for _, dir := range dirs {
		if same(out, dir) {
			return Report{}, fmt.Errorf("merge %s into itself: want another folder for what comes out", dir)
		}
		r, err := shardOf(dir)
		if err != nil {
			return Report{}, err
		}
		if err := whole.add(dir, r); err != nil {
			return Report{}, fmt.Errorf("merge %s: %w", dir, err)
		}
		lost.Missing += r.Summary.Missing
		lost.MissingTrials = append(lost.MissingTrials, r.Summary.MissingTrials...)
		lost.CutOff = lost.CutOff || r.Summary.CutOff
		lost.Shards = append(lost.Shards, r.Summary.Shards...)
		for _, rec := range r.Records {
			if other, twice := from[rec.Trial]; twice {
				return Report{}, fmt.Errorf("merge: trial %s is in %s and in %s: want each trial once", rec.Trial, other, dir)
			}
			from[rec.Trial] = dir
			of, err := filesOf(dir, rec)
			if err != nil {
				return Report{}, fmt.Errorf("merge %s: %w", dir, err)
			}
			for _, f := range of {
				if !brought[f] { // trials may share a trace
					brought[f] = true
					files = append(files, f)
				}
			}
		}
	}
	lost.Split = lost.merged()
	whole.Split = lost.Split
	if len(from)+lost.Missing+len(lost.MissingShards) == 0 {
		return Report{}, fmt.Errorf("merge: no records in %s: no trial has ended", strings.Join(dirs, ", "))
	}
	unlock, err := Lock(out)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := Prepare(out); err != nil {
		return Report{}, err
	}
	for _, f := range files {
		if err := f.copy(out); err != nil {
			return Report{}, fmt.Errorf("merge %s: %w", f.dir, err)
		}
	}
	if err := whole.write(out); err != nil {
		return Report{}, err
	}
	if r, err = gatherPlanned(out); err != nil {
		return Report{}, err
	}
	named := unanswered(lost.MissingTrials, r.Records) // each once, and none that another run has made
	lost.Missing, lost.MissingTrials = lost.Missing-len(lost.MissingTrials)+len(named), named
	if r.Summary.Missed = lost; !whole.unknown { // a trial may be planned twice
		if err := r.incomplete(out, nil); err != nil {
			return Report{}, err
		}
	}
	return r, r.Write(out)
}

// plans are what runs were to make, taken together.
type plans struct {
	plan
	unknown bool // of one of them nobody knows
}

func (p *plans) add(dir string, r Report) error {
	one, known, err := planned(dir)
	p.Trials = append(p.Trials, one.Trials...)
	p.unknown = p.unknown || !known && len(r.Records) > 0
	return err
}

// write leaves one plan in dir, unless it would leave out some trials. Its order
// is the same for any order of the runs.
func (p *plans) write(dir string) error {
	if p.unknown {
		return nil
	}
	slices.Sort(p.Trials)
	p.Trials = slices.Compact(p.Trials)
	return p.plan.write(dir)
}

// shardOf is the report of a folder that may be an empty shard, or of a run that
// was killed before its first trial ended.
func shardOf(dir string) (Report, error) {
	if _, err := os.Stat(filepath.Join(dir, recordsDir)); err != nil {
		return Report{}, fmt.Errorf("merge: %w: want the folder of a run, with its records", err)
	}
	r, err := Load(dir)
	if !errors.Is(err, errNone) {
		return r, err
	}
	p, _, err := planned(dir)
	r = Empty()
	r.Summary.Split = p.Split
	return r, err
}

// stowed is a file of a run, and its place below the run's folder.
type stowed struct{ dir, place string }

// filesOf are those of a trial: its record, its trace if it has one, and what its
// processes printed.
func filesOf(dir string, rec judge.Record) ([]stowed, error) {
	record := stowed{dir, path.Join(recordsDir, rec.Trial+".json")}
	if !fileName(rec.Trial) {
		return nil, fmt.Errorf("trial %q: want a name that a file can have", rec.Trial)
	}
	if _, err := os.Stat(record.path()); err != nil {
		return nil, fmt.Errorf("%w: want the record of trial %s under its name", err, rec.Trial)
	}
	traces, err := traceOf(dir, rec)
	if err != nil {
		return nil, err
	}
	files := append([]stowed{record}, traces...)
	for _, name := range rec.Output {
		if !isIn(outputDir, name) {
			return nil, fmt.Errorf("%s: output %q, want a file in %s/", record.path(), name, outputDir)
		}
		printed := stowed{dir, name}
		if info, err := os.Stat(printed.path()); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: want the output of trial %s there, as a file", printed.path(), rec.Trial)
		}
		files = append(files, printed)
	}
	return files, nil
}

// traceOf is a trial's trace, if it has one: it is an error if that is not whole.
func traceOf(dir string, rec judge.Record) ([]stowed, error) {
	if rec.Trace == "" {
		return nil, nil
	}
	if !isIn(tracesDir, rec.Trace) {
		return nil, fmt.Errorf("trial %s: trace %q, want a file in %s/", rec.Trial, rec.Trace, tracesDir)
	}
	t := stowed{dir, rec.Trace}
	if err := wholeTrace(t.path(), cmp.Or(rec.Shares, rec.Trial)); err != nil {
		return nil, err
	}
	return []stowed{t}, nil
}

// isIn says whether a name is that of a file in a folder, as a record has it.
func isIn(folder, name string) bool {
	rest, ok := strings.CutPrefix(name, folder+"/")
	return ok && fileName(rest)
}

// fileName says whether a name is one of a file, in this folder and in no other.
func fileName(name string) bool {
	return filepath.IsLocal(name) && name != "." && !strings.ContainsAny(name, `/\`)
}

// wholeTrace is an error if the trial's trace is not there, or only part of it.
func wholeTrace(path, trial string) error {
	if irregular(path) {
		return fmt.Errorf("%s is no trace: want a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: want the trace beside its record", err)
	}
	defer func() { _ = f.Close() }()
	line, err := firstLine(path)
	if err != nil {
		return err
	}
	var head struct {
		Trial string `json:"trial"`
	}
	if !ofTrial(line) || json.Unmarshal(line, &head) != nil || head.Trial != trial {
		return fmt.Errorf("%s is no trace of trial %s", path, trial)
	}
	if _, err := trace.Read(f); err != nil {
		return fmt.Errorf("%s: %w: want a trace that nobody else has written to", path, err)
	}
	_, err = f.Seek(0, io.SeekStart)
	whole, cut := trace.Whole(f)
	switch err := errors.Join(err, cut); {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case !whole:
		return fmt.Errorf("%s is cut off: want a trace whose last line has an end, and with an event %q", path, trace.End)
	}
	return nil
}

func (s stowed) path() string { return filepath.Join(s.dir, filepath.FromSlash(s.place)) }

// copy writes the file to the same place below out.
func (s stowed) copy(out string) (err error) {
	in, err := os.Open(s.path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	place := filepath.Join(out, filepath.FromSlash(s.place))
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	to, err := os.Create(place)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, in)
	return errors.Join(err, to.Close())
}

// same says whether two paths are one folder.
func same(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
