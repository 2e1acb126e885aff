package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/tune"
)

// Load makes the report of a stored run again: of its folder, from the records
// there, or of its report.json alone. What no record can tell, which trials
// left none, is its plan's word or, without a plan, the stored report's. A file
// that is not whole, or not ours, is an error that names it; so is a run that is
// still going on. Traces are not looked at.
func Load(path string) (Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Report{}, fmt.Errorf("load a report: %w: want the folder of a run, or its %s", err, JSONFile)
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return Report{}, fmt.Errorf("load a report: %s is neither a folder nor a file: want the folder of a run, or its %s", path, JSONFile)
		}
		stored, err := readStored(path)
		if err != nil {
			return Report{}, err
		}
		r, err := stored.report(path)
		r.Summary.Missed = stored.Summary
		return r, err
	}
	if err := idle(path); err != nil {
		return Report{}, err
	}
	return loadFolder(path)
}

func loadFolder(path string) (Report, error) {
	stored, err := readStored(filepath.Join(path, JSONFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Report{}, err
	}
	var r Report
	if stored.alone(path) {
		r, err = stored.report(filepath.Join(path, JSONFile))
	} else {
		r, err = gatherPlanned(path)
	}
	if err != nil {
		return Report{}, err
	}
	return r, r.incomplete(path, stored)
}

// alone says whether the stored report is all that was kept of the run in dir.
func (s *stored) alone(dir string) bool {
	if s == nil || len(s.Records) == 0 && s.Comparison == nil {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, recordsDir))
	return errors.Is(err, fs.ErrNotExist)
}

// gatherPlanned is Gather, of a run that may have been killed before its first
// trial ended, or of empty shards that lack the others.
func gatherPlanned(dir string) (Report, error) {
	r, err := Gather(dir)
	if errors.Is(err, errNone) {
		if p, _, planErr := planned(dir); planErr == nil && len(p.Trials)+len(p.MissingShards) > 0 {
			return Empty(), nil
		}
	}
	return r, err
}

// Conclude writes the report of a run in dir that has ended, and whose Lock the
// caller has: of its records, and of what its plan says is missing. kept are records
// that the run still has: those that could not be written are reported all the same.
// The report is good for showing also where it could not be written; its Schema is 0
// if there is none.
func Conclude(dir string, kept ...judge.Record) (Report, error) {
	r, err := gatherPlanned(dir)
	if err != nil && len(kept) == 0 {
		return Report{}, err
	}
	r = r.with(kept)
	err = errors.Join(err, r.incomplete(dir, nil))
	if err != nil { // what is in dir is not this run's alone
		return r, err
	}
	return r, r.Write(dir)
}

// with is r with those of the records that it does not have.
func (r Report) with(more []judge.Record) Report {
	has := map[string]bool{}
	for _, rec := range r.Records {
		has[rec.Trial] = true
	}
	all := slices.Clone(r.Records)
	for _, rec := range more {
		if !has[rec.Trial] {
			all = append(all, rec)
		}
	}
	if r.Schema > 0 && len(all) == len(r.Records) {
		return r
	}
	out := reportOf(all)
	out.Comparison = r.Comparison
	return out
}

// Renew writes the report of the run in dir again, from its records. It is an
// error if the trace of one is missing or broken, as for Merge.
func Renew(dir string) (r Report, err error) {
	if _, err := os.Stat(dir); err != nil { // Lock would make it
		return Report{}, fmt.Errorf("renew a report: %w: want the folder of a run", err)
	}
	if _, err := earlier(dir); err != nil {
		return Report{}, fmt.Errorf("renew the report in %s: %w: move it, or choose another folder", dir, err)
	}
	unlock, err := Lock(dir)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if r, err = loadFolder(dir); err != nil {
		return Report{}, err
	}
	for _, rec := range r.Records {
		if _, err := traceOf(dir, rec); err != nil {
			return Report{}, fmt.Errorf("renew the report in %s: %w", dir, err)
		}
	}
	return r, r.Write(dir)
}

// stored is what is believed of a report.json: the rest follows from its
// records.
type stored struct {
	Schema      int               `json:"schema"`
	GeneratedBy string            `json:"generated_by"`
	Summary     Missed            `json:"summary"`
	Records     []json.RawMessage `json:"records"`
	Comparison  *tune.Comparison  `json:"comparison"`
}

func readStored(path string) (*stored, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("load a report: %w", err)
	}
	s := new(stored)
	switch err := json.Unmarshal(data, s); {
	case err != nil:
		return nil, fmt.Errorf("load a report: %s: broken JSON: %w; want a %s, as the run wrote it", path, err, JSONFile)
	case !strings.HasPrefix(s.GeneratedBy, program+" "):
		return nil, fmt.Errorf("load a report: %s is no report of %s's", path, program)
	case s.Schema != Schema:
		return nil, fmt.Errorf("load a report: %s: schema %d, this version reads %d", path, s.Schema, Schema)
	}
	return s, nil
}

// report is made anew from the records; path says where they are.
func (s stored) report(path string) (Report, error) {
	var records []judge.Record
	for i, data := range s.Records {
		rec, err := decodeRecord(data)
		if err != nil {
			return Report{}, fmt.Errorf("load a report: %s: record %d: %w", path, i+1, err)
		}
		records = append(records, rec)
	}
	if len(records) == 0 && s.Comparison == nil {
		return Report{}, fmt.Errorf("load a report: %s has no records: no trial has ended", path)
	}
	r := reportOf(records)
	r.Comparison = s.Comparison
	return r, nil
}

// Empty is the report of no trials, such as an empty shard's.
func Empty() Report { return reportOf([]judge.Record{}) }
