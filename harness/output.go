package harness

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// outputs makes the files for what a trial's processes print.
type outputs struct {
	dir, trial string // the report's folder; "": nobody wants them

	mu    sync.Mutex
	paths []string // below dir, with slashes
}

func (o *outputs) create(process string) (io.WriteCloser, error) {
	if o.dir == "" {
		return nowhere{io.Discard}, nil
	}
	name := path.Join("output", fmt.Sprintf("%s.%s.log", o.trial, process))
	file := filepath.Join(o.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("make the output's folder: %w", err)
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("write output: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.paths = append(o.paths, name)
	return &limited{File: f, left: outputLimit}, nil
}

// outputLimit bounds a file of a process's output, in bytes: a program that
// talks without end should not fill the disk.
const outputLimit = 16 << 20

// limited is a file that takes so many bytes, says so, and drops the rest.
type limited struct {
	*os.File
	left int
	full bool
}

func (l *limited) Write(b []byte) (int, error) {
	take := min(len(b), l.left)
	l.left -= take
	if _, err := l.File.Write(b[:take]); err != nil {
		return 0, err
	}
	if take < len(b) && !l.full {
		l.full = true
		_, err := fmt.Fprintf(l.File, "\n[flatline keeps the first %d MiB of a process's output]\n", outputLimit>>20)
		return len(b), err
	}
	return len(b), nil
}
