package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/flatline-go/flatline/harness/report"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// openReport shows the report in dir with the program that people read such
// files with: the page for a browser if there is one.
func openReport(dir string) error {
	for _, name := range []string{report.HTMLFile, report.MarkdownFile} {
		path, err := filepath.Abs(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("--open: %w", err)
		}
		if !exists(path) {
			continue
		}
		if err := start(opener(path)); err != nil {
			return fmt.Errorf("--open: show %s: %w", path, err)
		}
		return nil
	}
	return fmt.Errorf("--open: there is no report in %s", dir)
}

// opener is the command that opens a file on this operating system.
func opener(path string) *exec.Cmd {
	words := []string{"xdg-open"}
	switch runtime.GOOS {
	case "windows":
		// start takes the first quoted word for a window's title.
		words = []string{"cmd", "/c", "start", ""}
	case "darwin":
		words = []string{"open"}
	}
	return exec.Command(words[0], append(words[1:], path)...) //nolint:gosec // a report that we wrote
}

// start starts a command, and waits a little to see whether it fails: an opener
// may last as long as what it opens.
func start(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", cmd.Path, err)
		}
		return nil
	case <-time.After(3 * time.Second):
		return nil
	}
}
