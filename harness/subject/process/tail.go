package process

import (
	"io"
	"strings"
	"sync"
)

// also writes to said what goes to w; nil: nobody else wants it.
func also(w io.Writer, said *tail) io.Writer {
	if w == nil {
		return said
	}
	return io.MultiWriter(w, said)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Of a tail, String has the last lines that fit.
const (
	tailBytes = 2000
	tailLines = 5
)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if more := len(t.kept) - tailBytes; more > 0 {
		t.kept = append(t.kept[:0], t.kept[more:]...)
	}
	return len(b), nil
}

// String is the last lines, in one line with " | " between.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.FieldsFunc(string(t.kept), func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines[max(0, len(lines)-tailLines):], " | ")
}
