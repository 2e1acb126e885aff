package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A reader who leaves early does not kill a run: its report is written all the same.
func TestAReaderMayLeave(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer w.Close()
	cmd := exec.Command(os.Args[0], "list")
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		t.Errorf("it ended by %v, want in order", err)
	}
}

// What we do about that is not for the programs under test: one that writes to a
// connection that is no more dies of it, as it would without us.
func TestAProgramUnderTestDiesOfABrokenPipe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "status")
	cmd := exec.Command(os.Args[0], "watch", "--upstream", "127.0.0.1:1", "--out", filepath.Join(dir, "reports"), "--",
		"sh", "-c", "exec cat /proc/self/status >"+file)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	said, _ := cmd.CombinedOutput() // that the client never connected
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		name, mask, _ := strings.Cut(line, ":")
		if name != "SigIgn" && name != "SigBlk" {
			continue
		}
		seen++
		bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		if bits>>(syscall.SIGPIPE-1)&1 != 0 {
			t.Errorf("%s: want it without SIGPIPE", strings.TrimSpace(line))
		}
	}
	if seen != 2 {
		t.Errorf("no signals in %s", text)
	}
}
