package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// isolate gives a command a process group, and lets the kernel kill its process
// when the thread that starts it ends.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killMarked ends all processes that have mark in their environment.
func killMarked(mark string) {
	for range killRounds { // who is just starting another may escape one
		found := false
		for _, p := range marked(mark) {
			found = p.Kill() == nil || found
			_ = p.Release()
		}
		if !found {
			return
		}
	}
}

// marked are all processes that have mark in their environment: what a command
// started inherits it, however far it has moved away.
func marked(mark string) (all []*os.Process) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		p, err := os.FindProcess(pid) // a descriptor: if it has the mark below, it is the one
		if err != nil {
			continue
		}
		if env, err := os.ReadFile(path); err == nil && bytes.Contains(env, []byte(mark)) {
			all = append(all, p)
		} else {
			_ = p.Release()
		}
	}
	return all
}

// offspring are the processes that one has started, and those that they have,
// whatever group they have moved to, as a session of sshd's does. Who has lost
// its parent is not among them.
func offspring(pid int) (all []*os.Process) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent ...; a name may have anything in it.
		line := string(text)
		var parent int
		var state string
		if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ')')+1:], &state, &parent); err != nil {
			continue
		}
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	for next := children[pid]; len(next) > 0; next = next[1:] {
		if p, err := os.FindProcess(next[0]); err == nil {
			all = append(all, p) // by a descriptor, which no other process can come by
		}
		next = append(next, children[next[0]]...)
	}
	return all
}
