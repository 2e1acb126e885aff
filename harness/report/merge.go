package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
)

// Merge puts the runs in dirs, such as the shards of one, together in out, as
// if they had been one, and reports on it: their records, and the traces that these name. The
// order of dirs does not matter. A folder without records is an empty shard, as
// long as another one has some. Everything is looked at before anything is
// written; then an earlier report in out goes, as with Prepare.
//
// It is an error if a file is not whole, or not ours, if two folders have the
// same trial, or if a trace is missing.
func Merge(out string, dirs []string) (r Report, err error) {
	var files []stowed
	missing := 0
	from := map[string]string{} // a trial's folder
	for _, dir := range dirs {
		if same(out, dir) {
			return Report{}, fmt.Errorf("merge %s into itself: want another folder for what comes out", dir)
		}
		r, err := shardOf(dir)
		if err != nil {
			return Report{}, err
		}
		missing += r.Summary.Missing
		for _, rec := range r.Records {
			if other, twice := from[rec.Trial]; twice {
				return Report{}, fmt.Errorf("merge: trial %s is in %s and in %s: want each trial once", rec.Trial, other, dir)
			}
			from[rec.Trial] = dir
			of, err := filesOf(dir, rec)
			if err != nil {
				return Report{}, fmt.Errorf("merge %s: %w", dir, err)
			}
			files = append(files, of...)
		}
	}
	if len(from) == 0 {
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
	if r, err = Gather(out); err != nil {
		return Report{}, err
	}
	r.Summary.Missing = missing
	return r, r.Write(out)
}

// shardOf is the report of a folder that may be an empty shard.
func shardOf(dir string) (Report, error) {
	paths, err := recordFiles(dir)
	if err != nil {
		return Report{}, fmt.Errorf("merge: %w", err)
	}
	if info, err := os.Stat(filepath.Join(dir, recordsDir)); err == nil && info.IsDir() && len(paths) == 0 {
		return Report{}, idle(dir)
	}
	if _, err := os.Stat(filepath.Join(dir, recordsDir)); err != nil {
		return Report{}, fmt.Errorf("merge: %w: want the folder of a run, with its records", err)
	}
	return Load(dir)
}

// stowed is a file of a run, and its place below the run's folder.
type stowed struct{ dir, place string }

// filesOf are those of a trial: its record, and its trace if it has one.
func filesOf(dir string, rec judge.Record) ([]stowed, error) {
	record := stowed{dir, path.Join(recordsDir, rec.Trial+".json")}
	if !fileName(rec.Trial) {
		return nil, fmt.Errorf("trial %q: want a name that a file can have", rec.Trial)
	}
	if _, err := os.Stat(record.path()); err != nil {
		return nil, fmt.Errorf("%w: want the record of trial %s under its name", err, rec.Trial)
	}
	if rec.Trace == "" {
		return []stowed{record}, nil
	}
	t := stowed{dir, rec.Trace}
	if rest, ok := strings.CutPrefix(rec.Trace, tracesDir+"/"); !ok || !fileName(rest) {
		return nil, fmt.Errorf("%s: trace %q, want a file in %s/", record.path(), rec.Trace, tracesDir)
	}
	return []stowed{record, t}, wholeTrace(t.path(), rec.Trial)
}

// fileName says whether a name is one of a file, in this folder and in no other.
func fileName(name string) bool { return filepath.IsLocal(name) && !strings.ContainsAny(name, `/\`) }

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
	last := make([]byte, 1)
	if _, err := f.Seek(-1, io.SeekEnd); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := io.ReadFull(f, last); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if last[0] != '\n' {
		return fmt.Errorf("%s is cut off: its last line has no end", path)
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
	to, err := os.Create(filepath.Join(out, filepath.FromSlash(s.place)))
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
