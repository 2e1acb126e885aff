package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/flatline-go/flatline/harness/file"
	"github.com/flatline-go/flatline/harness/report"
)

// written is the first line of a policy file of tune's: the next one may take its
// place.
const written = "# Written by flatline tune.\n"

// policyFile is the file that --out writes, and --print yaml prints: what must be
// known of its policies goes with them.
func (of advice) policyFile() (string, error) {
	var text strings.Builder
	text.WriteString(written + comments("yaml", of.Warnings))
	err := file.WritePolicies(&text, of.policies())
	return text.String(), err
}

// comments are lines of what a system takes for comments, as wide as prose is.
func comments(system string, lines []string) string {
	mark := "# "
	if system == "go" || system == "grpc" {
		mark = "// "
	}
	var out strings.Builder
	for _, line := range lines {
		for _, part := range wrapped(terminal{columns: usualColumns}, line, len(mark)) {
			out.WriteString(mark + part + "\n")
		}
	}
	return out.String()
}

// mayWrite says why the policy file cannot be written, if it cannot, before anything
// is simulated for it. What is there stays there until there is something better,
// and what somebody else wrote stays there.
func mayWrite(path string) error {
	if path == "" {
		return nil
	}
	_, err := os.Lstat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 && !ofTune(path) {
		return usage("--out: %s is there already, and not of flatline tune: move it, or choose another file", report.Clean(path))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		err = f.Close()
		if fresh {
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		return usage("--out: %w", err)
	}
	return nil
}

// ofTune says whether a file begins as tune's do.
func ofTune(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	line, _ := bufio.NewReaderSize(f, len(written)).ReadSlice('\n')
	return string(line) == written
}
