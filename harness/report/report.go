// Package report makes a run's reports from its records: report.json, which
// has everything, and report.html, report.md and junit.xml, which are rendered
// from the same structure. report.html draws the traces as well.
//
//	err := report.Prepare("reports") // before the run
//	err = report.Plan("reports", names)
//	// ... the run writes reports/records and reports/traces ...
//	r, err := report.Gather("reports")
//	err = r.Write("reports")
//	os.Exit(r.ExitCode())
//
// The records are the only input, so that a run in many processes is reported
// like one in a single process, and a stored one like a new one.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/tune"
)

// Schema is the version of report.json's format.
const Schema = 1

// The files of a report, below its folder.
const (
	JSONFile     = "report.json"
	HTMLFile     = "report.html"
	MarkdownFile = "report.md"
	JUnitFile    = "junit.xml"
)

// Report is what a run's records say, taken together.
type Report struct {
	Schema int `json:"schema"`
	// GeneratedBy is the program that made the report, and its version.
	GeneratedBy string `json:"generated_by"`
	// Versions are what the trials were made of: under each name every version
	// that a record gives, in alphabetical order.
	Versions map[string][]string `json:"versions"`
	Summary  Summary             `json:"summary"`
	// Matrix has a cell for each scenario under each policy, in the order of
	// Records.
	Matrix []Cell `json:"matrix"`
	// Records are ordered by scenario, window, policy, phase and attempt.
	Records []judge.Record `json:"records"`
	// Comparison is of detectors tuned to the same; nil: none was made.
	Comparison *tune.Comparison `json:"comparison,omitempty"`
	// Fidelity holds the proxy against the kernel, where the same trials ran on
	// both.
	Fidelity []fidelity.Row `json:"fidelity,omitempty"`
	// Lies are what Toxiproxy's own toxics told, where trials ran behind them.
	Lies []fidelity.Lie `json:"lies,omitempty"`
}

// ExitCode is what a command ends with: 1 if an expectation did not hold; else
// 3 if the harness failed, or a trial stayed inconclusive, or a trial or a shard is missing, or
// nothing was judged at all; else 0. A run that was interrupted may have any of them: its
// caller, who knows of it, ends with 130.
func (r Report) ExitCode() int {
	if r.Compares() && r.Summary.Missing+len(r.Summary.MissingShards) == 0 {
		return 0 // nothing was expected
	}
	n := r.Summary.Verdicts
	switch {
	case n[judge.Broken] > 0:
		return 1
	case n[judge.Failed]+n[judge.Inconclusive]+n[judge.Interrupted]+r.Summary.Missing+len(r.Summary.MissingShards) > 0, r.Summary.CutOff, n[judge.Held] == 0:
		return 3
	default:
		return 0
	}
}

// Compares says whether all that the report has is a comparison of detectors: no
// trial ran, and none could stall.
func (r Report) Compares() bool { return r.Comparison != nil && len(r.Records) == 0 }

// Headline is what the report says as one line of plain text.
func (r Report) Headline() string {
	if r.Compares() {
		return headline(*r.Comparison)
	}
	return r.Summary.Headline()
}

// Where says which network a trial ran on, as " on kernel", if others ran on another
// one; else "".
func (r Report) Where(network string) string {
	if slices.ContainsFunc(r.Records, func(rec judge.Record) bool { return rec.Network != network }) {
		return " on " + network
	}
	return ""
}

// Write writes the four files into dir, which must exist. Each is replaced as
// a whole, so that nobody reads half of one. After an error there are those that
// could be written: a full disk may still take the small ones.
func (r Report) Write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", JSONFile, err)
	}
	junit, err := r.JUnit()
	if err != nil {
		return fmt.Errorf("write %s: %w", JUnitFile, err)
	}
	page, err := r.HTML(dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", HTMLFile, err)
	}
	var errs []error
	for _, f := range []struct {
		name string
		data []byte
	}{
		{JSONFile, append(data, '\n')},
		{HTMLFile, page},
		{MarkdownFile, []byte(r.Markdown())},
		{JUnitFile, junit},
	} {
		if err := replace(filepath.Join(dir, f.name), f.data); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("write the report: %w", errors.Join(errs...))
	}
	return nil
}

// replace writes a file beside path and moves it there. It leaves nothing beside it:
// half a page would keep a full disk full.
func replace(path string, data []byte) error {
	beside := path + ".new"
	err := os.WriteFile(beside, data, 0o644)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside)
	}
	return err
}
