package harness_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/flatline-go/flatline"

// Somebody else's module, with their own client and server, in plain testing
// and in Ginkgo.
func TestASuiteInAnotherModule(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/ownsuite")); err != nil {
		t.Fatal(err)
	}
	// Their module resolves our dependencies as ours does.
	mod := strings.Replace(read(t, root, "go.mod"), "module "+module, "module example.com/ownsuite", 1) +
		"\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + root + "\n"
	write(t, dir, "go.mod", mod)
	write(t, dir, "go.sum", read(t, root, "go.sum"))

	cmd := exec.CommandContext(t.Context(), "go", "test", "-mod=mod", "-v", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GINKGO_NO_COLOR=TRUE")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("their tests failed: %v", err)
	}
	for _, want := range []string{"--- PASS: TestCablePull", "1 Passed | 0 Failed"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("their tests' output lacks %q", want)
		}
	}
}

// Who imports heartbeat for a product pays for the standard library and a
// backoff library.
func TestHeartbeatBuildsNothingOfTheHarness(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/heartbeat").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{module + "/heartbeat", "github.com/cenkalti/backoff/v5"}
	pkgs := strings.Fields(string(out))
	if len(pkgs) < 4 {
		t.Errorf("only %v: is that all of it?", pkgs)
	}
	for _, pkg := range pkgs {
		if !strings.HasPrefix(pkg, allowed[0]) && pkg != allowed[1] {
			t.Errorf("heartbeat builds %s", pkg)
		}
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
