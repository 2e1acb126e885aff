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
	return f, nil
}
