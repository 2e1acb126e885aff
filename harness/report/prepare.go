package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Prepare makes dir ready for a run: it makes the folder, proves that it can be
// written to, and removes an earlier report, its records, traces and output, so
// that runs never mix. Only files that are recognised by what is in them are
// removed. A file of somebody else's in the place of one of ours is an error,
// and then nothing is removed.
func Prepare(dir string) error {
	old, err := earlier(dir)
	if err != nil {
		return fmt.Errorf("prepare %s for the report: %w: move it, or choose another folder", dir, err)
	}
	if err := writable(dir); err != nil {
		return fmt.Errorf("prepare %s for the report: %w", dir, err)
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove the earlier report: %w", err)
		}
	}
	return nil
}

// writable makes the folders and writes a file into each.
func writable(dir string) error {
	for _, sub := range []string{".", recordsDir, tracesDir} {
		folder := filepath.Join(dir, sub)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		f, err := os.CreateTemp(folder, ".writable-*")
		if err != nil {
			return err
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// earlier are the files of an earlier run.
func earlier(dir string) ([]string, error) {
	var old []string
	whole := filepath.Join(dir, JSONFile)
	ours, err := is(whole, func(data []byte) bool {
		var r struct {
			GeneratedBy string `json:"generated_by"`
		}
		return json.Unmarshal(data, &r) == nil && strings.HasPrefix(r.GeneratedBy, program+" ")
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{JSONFile, HTMLFile, MarkdownFile, JUnitFile} {
		path := filepath.Join(dir, name)
		switch _, err := os.Lstat(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !ours:
			return nil, fmt.Errorf("%s is no report of %s's", path, program)
		default:
			old = append(old, path)
		}
	}
	switch _, has, err := planned(dir); {
	case err != nil:
		return nil, err
	case has:
		old = append(old, filepath.Join(dir, planFile))
	}
	comparison := filepath.Join(dir, comparisonFile)
	switch _, err := os.Lstat(comparison); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if c, err := readComparison(dir); err != nil || c == nil {
			return nil, fmt.Errorf("%s is no comparison of %s's", comparison, program)
		}
		old = append(old, comparison)
	}
	records, err := recordFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, path := range records {
		var output []string
		ours, err := is(path, func(data []byte) bool {
			output = outputOf(data)
			return ofTrial(data)
		})
		if err != nil {
			return nil, err
		}
		if !ours && !empty(path) {
			return nil, fmt.Errorf("%s is no record of a trial", path)
		}
		old = append(old, path)
		for _, name := range output {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if _, err := os.Lstat(file); err == nil && !slices.Contains(old, file) {
				old = append(old, file)
			}
		}
	}
	traces, err := filepath.Glob(filepath.Join(dir, tracesDir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, path := range traces {
		// What else lies there disturbs nobody, unless it has a trial's name.
		line, err := firstLine(path)
		if err != nil {
			return nil, err
		}
		if ofTrial(line) || torn(line) || empty(path) {
			old = append(old, path)
		}
	}
	unfinished, err := filepath.Glob(filepath.Join(dir, recordsDir, "*.json.new"))
	return append(old, unfinished...), err
}

// empty says that a killed run, or a full disk, left nothing but a name.
func empty(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == 0
}

// torn says whether a first line is the beginning of a trace's header, and no more
// than that.
func torn(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"schema":`)) && !bytes.HasSuffix(line, []byte("\n"))
}

// ofTrial says whether the JSON is a record, or a trace's header, of any schema.
func ofTrial(data []byte) bool {
	var head struct {
		Schema int    `json:"schema"`
		Trial  string `json:"trial"`
	}
	return json.Unmarshal(data, &head) == nil && head.Schema > 0 && head.Trial != ""
}

// outputOf are the files that a record names as its processes' output; names that
// lead elsewhere are not ours to remove.
func outputOf(data []byte) []string {
	var rec struct {
		Output []string `json:"output"`
	}
	if json.Unmarshal(data, &rec) != nil {
		return nil
	}
	return slices.DeleteFunc(rec.Output, func(name string) bool { return !isIn(outputDir, name) })
}

// is says whether there is such a file, and ok accepts what is in it.
func is(path string, ok func([]byte) bool) (bool, error) {
	if irregular(path) {
		return false, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && ok(data), err
}

// irregular says that path is a pipe, a device or a folder: to open it might
// take for ever.
func irregular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// readFile reads a regular file: of anything else nobody knows that it has an end.
func readFile(path string) ([]byte, error) {
	if irregular(path) {
		return nil, fmt.Errorf("read %s: it is no regular file, want one", path)
	}
	return os.ReadFile(path)
}

// firstLine is a file's first line: traces grow long, and one is enough.
func firstLine(path string) ([]byte, error) {
	if irregular(path) {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, errors.Join(err, f.Close())
}
