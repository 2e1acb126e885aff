package file

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/heartbeat"
)

// The YAML of README and docs can be read, and has the files that other tests run.
func TestREADME(t *testing.T) {
	var readme []byte
	for _, page := range []string{"../../README.md", "../../docs/virtual-time.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		readme = append(readme, text...)
	}
	known, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	var blocks, scenarios []string
	for _, rest := range strings.Split(string(readme), "\n```yaml\n")[1:] {
		block, _, _ := strings.Cut(rest, "```\n")
		blocks = append(blocks, block)
		switch key, _, _ := strings.Cut(block, ":"); key {
		case "scenarios":
			scenarios = append(scenarios, block)
			continue
		case "networks":
			if _, err := Networks(strings.NewReader(block), "README.md"); err != nil {
				t.Error(err)
			}
			continue
		}
		own, err := Policies(strings.NewReader(block), "README.md")
		if err != nil {
			t.Error(err)
		}
		known = append(known, own...)
	}
	for _, block := range scenarios {
		if _, err := Scenarios(strings.NewReader(block), "README.md", nil, known); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"policies.yaml", "scenarios.yaml", "networks.yaml"} {
		if !slices.Contains(blocks, read(t, name)) {
			t.Errorf("README and docs lack testdata/%s", name)
		}
	}
}
