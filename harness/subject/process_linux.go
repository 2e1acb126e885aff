package subject

import (
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
