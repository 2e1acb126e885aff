package wild

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	citation = regexp.MustCompile(`^(\S+)@(v[^/]+)/(\S+):(\d+) (.+)$`)
	required = regexp.MustCompile(`(?m)^\s*(?:require )?(\S+) (v\S+)$`)
)

// What is cited is in the version that go.mod asks for, on that line.
func TestSourcesSayWhatTheyAreCitedFor(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache := strings.TrimSpace(string(out))
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, m := range required.FindAllStringSubmatch(string(mod), -1) {
		versions[m[1]] = m[2]
	}
	for _, p := range All() {
		t.Run(p.Name(), func(t *testing.T) {
			if p.User == "" || p.Why == "" || len(p.Sources) == 0 {
				t.Error("it lacks a user, a why or a source")
			}
			for _, s := range p.Sources {
				m := citation.FindStringSubmatch(s)
				if m == nil {
					t.Fatalf("source %q: want module@version/file:line text", s)
				}
				if versions[m[1]] != m[2] {
					t.Errorf("source %q: go.mod has version %q", s, versions[m[1]])
				}
				text, err := os.ReadFile(filepath.Join(cache, m[1]+"@"+m[2], m[3]))
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(string(text), "\n")
				if n, _ := strconv.Atoi(m[4]); n < 1 || n > len(lines) || !strings.Contains(lines[n-1], m[5]) {
					t.Errorf("source %q: that line says something else", s)
				}
			}
		})
	}
}
