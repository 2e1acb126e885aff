//go:build programs

package toxiproxy

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// Toxiproxy's own command, of the same version, pulls a cable and puts it back.
func TestProgramToxiproxyCLI(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "go", "install", "github.com/Shopify/toxiproxy/v2/cmd/cli@v"+version)
	install.Env = append(install.Environ(), "GOBIN="+dir)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	cli := func(want string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "cli"), append([]string{"-h", "http://" + s.Addr()}, args...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%q: %v, want %q: %s", args, err, want, out)
		}
		return string(out)
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	cli("Created new proxy p", "create", "-l", "127.0.0.1:0", "-u", upstream.Addr().String(), "p")
	for _, stream := range []string{"upstream", "downstream"} {
		cli("Added "+stream+" cable_pull toxic", "toxic", "add", "-t", "cable_pull", "-n", stream, "--"+stream, "-a", "cable=p", "-a", "stream="+stream, "p")
	}
	cli("Added downstream latency toxic", "toxic", "add", "-t", "latency", "-a", "latency=1", "p")
	cli("attributes=[	jitter=0	latency=1	]", "inspect", "p")
	c, err := net.Dial("tcp", strings.Fields(cli("p\t127.0.0.1:", "list"))[1])
	if err != nil {
		t.Fatal(err)
	}
	b, err := upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	client, server := &peer{t: t, Conn: c}, &peer{t: t, Conn: b}
	defer client.Close()
	defer server.Close()
	client.sends("ping")
	server.wants("ping")
	cli("Updated toxic", "toxic", "update", "-n", "upstream", "-a", "cut=both-ways", "p")
	client.sends("held")
	server.wantsSilence()
	cli("Updated toxic", "toxic", "update", "-n", "upstream", "-a", "cut=none", "p")
	server.wants("held")
	cli("Deleted proxy p", "delete", "p")
}
