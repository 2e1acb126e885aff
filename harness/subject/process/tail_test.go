package process

import (
	"strings"
	"testing"
)

func TestTailKeepsTheLastLines(t *testing.T) {
	var said tail
	for _, text := range []string{strings.Repeat("x", 5000) + "\n", "1\n2\n\n", "3\r\n4\n", "5", "\n"} {
		if n, err := said.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := said.String(), "1 | 2 | 3 | 4 | 5"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(said.kept) > tailBytes {
		t.Errorf("it keeps %d bytes", len(said.kept))
	}
}
