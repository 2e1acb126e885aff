package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOutputIsLimited(t *testing.T) {
	for _, fits := range []bool{false, true} { // whether whole writes fill it
		t.Run(fmt.Sprintf("whole writes fit: %v", fits), func(t *testing.T) { limitOutput(t, fits) })
	}
}

func limitOutput(t *testing.T, fits bool) {
	o := outputs{dir: t.TempDir(), trial: "a.trial"}
	f, err := o.create("client")
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Repeat([]byte("x"), 1<<20)
	if !fits {
		line = line[7:]
	}
	for range 20 {
		if n, err := f.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(o.paths[0])))
	if err != nil {
		t.Fatal(err)
	}
	kept, said, _ := strings.Cut(string(text), "\n")
	if kept != strings.Repeat("x", outputLimit) || said != "[flatline keeps the first 16 MiB of a process's output]\n" {
		t.Errorf("%d bytes are kept, then %q", len(kept), said)
	}
}
