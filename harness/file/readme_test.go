package file

import (
	"os"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/heartbeat"
)

// README's YAML is testdata's, and can be read.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, rest := range strings.Split(string(readme), "\n```yaml\n")[1:] {
		block, _, _ := strings.Cut(rest, "```\n")
		blocks = append(blocks, block)
	}
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of YAML, want one of policies and one of scenarios", len(blocks))
	}
	for i, name := range []string{"policies.yaml", "scenarios.yaml"} {
		if blocks[i] != read(t, name) {
			t.Errorf("README has\n%s, testdata/%s is another", blocks[i], name)
		}
	}
	own, err := Policies(strings.NewReader(blocks[0]), "README.md")
	if err != nil {
		t.Fatal(err)
	}
	builtIn, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Scenarios(strings.NewReader(blocks[1]), "README.md", nil, append(builtIn, own...)); err != nil {
		t.Error(err)
	}
}
