package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peers are the processes that a flatline has started, with their states.
func peers(t *testing.T, parent int) map[int]string {
	t.Helper()
	found := map[int]string{}
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var state string
		var of int
		line := string(text)
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ')')+1:], &state, &of); err != nil || of != parent {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if env, err := os.ReadFile(filepath.Dir(path) + "/environ"); err == nil && bytes.Contains(env, []byte("FLATLINE_PEER=")) {
			found[pid] = state
		}
	}
	return found
}

// Neither a peer that runs nor one that is stopped outlives a flatline that is
// killed.
func TestNoPeerOutlivesAKilledRun(t *testing.T) {
	cmd := exec.Command(os.Args[0], "run", "--scenario", "peer-freeze", "--policy", "echo-timer", "--profile", "strict", "--phases", "0", "--out", t.TempDir())
	cmd.Env = append(os.Environ(), asCommand+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	stopped := func(all map[int]string) bool {
		for _, state := range all {
			if state == "T" {
				return len(all) == 2
			}
		}
		return false
	}
	all := map[int]string{}
	for end := time.Now().Add(20 * time.Second); !stopped(all); time.Sleep(20 * time.Millisecond) {
		if all = peers(t, cmd.Process.Pid); time.Now().After(end) {
			t.Fatalf("its peers are %v, want two, one of them stopped", all)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for pid := range all {
		for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err != nil || strings.Contains(string(stat), ") Z ") {
				break
			}
			if time.Now().After(end) {
				t.Errorf("process %d lives on: %.60s", pid, stat)
				break
			}
		}
	}
}
