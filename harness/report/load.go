package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
)

// Load makes the report of a stored run again: of its folder, from the records
// there, or of its report.json alone. What no record can tell, how many trials
// left none, is the stored report's word. A file that is not whole, or not
// ours, is an error that names it; so is a run that is still going on.
func Load(path string) (Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Report{}, fmt.Errorf("load a report: %w: want the folder of a run, or its %s", err, JSONFile)
	}
	if !info.IsDir() {
		stored, err := readStored(path)
		if err != nil {
			return Report{}, err
		}
		return stored.report(path)
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
	kept := stored != nil && len(stored.Records) > 0
	if paths, err := recordFiles(path); err == nil && len(paths) == 0 && kept {
		return stored.report(filepath.Join(path, JSONFile)) // of what was stored, only this was kept
	}
	r, err := Gather(path)
	if stored != nil {
		r.Summary.Missing = stored.Summary.Missing
	}
	return r, err
}

// Renew writes the report of the run in dir again, from its records.
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
	return r, r.Write(dir)
}

// Unended says whether the run in dir was killed: it left records, and no
// report of them. Then nobody knows how many trials are missing.
func Unended(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, JSONFile))
	paths, _ := recordFiles(dir)
	return errors.Is(err, fs.ErrNotExist) && len(paths) > 0
}

// stored is what is believed of a report.json: the rest follows from its
// records.
type stored struct {
	Schema      int    `json:"schema"`
	GeneratedBy string `json:"generated_by"`
	Summary     struct {
		Missing int `json:"missing"`
	} `json:"summary"`
	Records []json.RawMessage `json:"records"`
}

func readStored(path string) (*stored, error) {
	data, err := os.ReadFile(path)
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
	if len(records) == 0 {
		return Report{}, fmt.Errorf("load a report: %s has no records: no trial has ended", path)
	}
	r := of(records)
	r.Summary.Missing = s.Summary.Missing
	return r, nil
}

// Empty is the report of no trials, such as an empty shard's.
func Empty() Report { return of([]judge.Record{}) }
