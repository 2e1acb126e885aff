package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/judge"
)

// verdicts are all of them, the gravest first.
var verdicts = []judge.Verdict{
	judge.Broken, judge.Failed, judge.Inconclusive, judge.Interrupted, judge.NotMeasurable, judge.Held,
}

// errNone says that there is nothing to report on.
var errNone = errors.New("no trial has ended")

// Gather makes the report of the records in dir/records, and of a comparison in
// dir. It is an error if there is none of either, or if one of them cannot be read: a report that leaves out
// what it doesn't understand would be taken for good news.
func Gather(dir string) (Report, error) {
	paths, err := recordFiles(dir)
	if err != nil {
		return Report{}, fmt.Errorf("gather records: %w", err)
	}
	comparison, err := readComparison(dir)
	if err != nil {
		return Report{}, fmt.Errorf("gather records: %w", err)
	}
	if len(paths) == 0 && comparison == nil {
		return Report{}, fmt.Errorf("gather records: %s has none (*.json): %w", filepath.Join(dir, recordsDir), errNone)
	}
	var records []judge.Record
	of := map[string]string{} // a trial's record
	for _, path := range paths {
		rec, err := readRecord(path)
		if err != nil {
			return Report{}, fmt.Errorf("gather records: %s: %w", path, err)
		}
		if other, twice := of[rec.Trial]; twice {
			return Report{}, fmt.Errorf("gather records: %s is of trial %s, as is %s: want one of them", path, rec.Trial, other)
		}
		of[rec.Trial] = path
		records = append(records, rec)
	}
	r := reportOf(records)
	r.Comparison = comparison
	return r, nil
}

// reportOf is the report of records, which it puts in order.
func reportOf(records []judge.Record) Report {
	slices.SortFunc(records, inOrder)
	return Report{
		Schema:      Schema,
		GeneratedBy: generatedBy(),
		Versions:    versions(records),
		Summary:     summarize(records),
		Matrix:      matrix(records),
		Records:     records,
		Fidelity:    fidelity.Both(fidelity.Table(records)),
		Lies:        fidelity.Lies(records),
	}
}

func generatedBy() string { return program + " " + harness.Version() }

// program is how GeneratedBy begins, and how Prepare knows a report as ours.
const program = "flatline"

// The folders that a run writes below its report's.
const (
	recordsDir = "records"
	tracesDir  = "traces"
	outputDir  = "output"
)

// recordFiles are the paths of the records in dir, sorted; none if there is no
// such folder.
func recordFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, recordsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			paths = append(paths, filepath.Join(dir, recordsDir, e.Name()))
		}
	}
	return paths, nil
}

func readRecord(path string) (judge.Record, error) {
	data, err := readFile(path)
	if err != nil {
		return judge.Record{}, err
	}
	return decodeRecord(data)
}

func decodeRecord(data []byte) (judge.Record, error) {
	// The schema comes first: another one may not fit the structure at all.
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return judge.Record{}, fmt.Errorf("broken JSON: %w; want a record of a trial, as the run wrote it", err)
	}
	if head.Schema == nil {
		return judge.Record{}, fmt.Errorf(`no "schema": want a record of a trial, schema %d`, judge.Schema)
	}
	if *head.Schema != judge.Schema {
		return judge.Record{}, fmt.Errorf("schema %d, this version reads %d", *head.Schema, judge.Schema)
	}
	var rec judge.Record
	if err := json.Unmarshal(data, &rec); err != nil {
		return judge.Record{}, fmt.Errorf("not a record of schema %d: %w", judge.Schema, err)
	}
	for _, field := range []struct{ name, value string }{
		{"trial", rec.Trial}, {"scenario", rec.Scenario}, {"policy", rec.Policy},
	} {
		if field.value == "" {
			return judge.Record{}, fmt.Errorf("no %q: want a record of a trial", field.name)
		}
	}
	if !slices.Contains(verdicts, rec.Verdict) {
		return judge.Record{}, fmt.Errorf("verdict %q, want one of %q", rec.Verdict, verdicts)
	}
	return rec, nil
}

// inOrder puts what belongs together side by side, whatever order the trials
// ended in. Repetitions are told apart by their trial's name alone: a longer
// one has the higher number.
func inOrder(a, b judge.Record) int {
	return cmp.Or(
		cmp.Compare(a.Scenario, b.Scenario),
		cmp.Compare(a.Window.Hi, b.Window.Hi),
		cmp.Compare(a.Window.Lo, b.Window.Lo),
		cmp.Compare(a.Policy, b.Policy),
		cmp.Compare(a.Network, b.Network),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Mode, b.Mode),
		cmp.Compare(a.Phase, b.Phase),
		cmp.Compare(a.Attempt, b.Attempt),
		cmp.Compare(len(a.Trial), len(b.Trial)),
		cmp.Compare(a.Trial, b.Trial),
	)
}

func versions(records []judge.Record) map[string][]string {
	met := map[string][]string{}
	for _, r := range records {
		for name, version := range r.Versions {
			if !slices.Contains(met[name], version) {
				met[name] = append(met[name], version)
			}
		}
	}
	for _, v := range met {
		slices.Sort(v)
	}
	return met
}
