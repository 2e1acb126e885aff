package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/flatline-go/flatline/harness/judge"
)

// create makes the file of a trial's trace.
func (r Runner) create(t Trial) (io.WriteCloser, error) {
	if r.Out == "" {
		return nowhere{io.Discard}, nil
	}
	f, err := newFile(filepath.Join(r.Out, "traces", t.ID+".jsonl"))
	if err != nil {
		return nil, fmt.Errorf("write trace: %w", err)
	}
	return f, nil
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

// save writes a record, whole or not at all: a run may be killed at any time.
func (r Runner) save(rec judge.Record) error {
	if r.Out == "" {
		return nil
	}
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("write record %s: %w", rec.Trial, err)
	}
	path := filepath.Join(r.Out, "records", rec.Trial+".json")
	beside := path + ".new"
	if err := os.WriteFile(beside, append(b, '\n'), 0o644); err != nil {
		_ = os.Remove(beside)
		return fmt.Errorf("write record: %w", err)
	}
	if err := errors.Join(link(beside, path), os.Remove(beside)); err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	return nil
}

// link gives a file that is whole its name, which nobody may have yet.
func link(whole, path string) error {
	err := os.Link(whole, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return twice(path, err)
	}
	b, err := os.ReadFile(whole) // not every file system has links
	if err != nil {
		return err
	}
	f, err := newFile(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path) // half a record is nobody's
	}
	return err
}

// newFile makes a file that is not there yet. Two trials of one name would write
// over each other, and nobody would know.
func newFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	return f, twice(path, err)
}

// twice says of the error that a file is there what that means.
func twice(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, of another trial of this name or of somebody else: want each name once, in a folder without such a file", path)
	}
	return err
}
