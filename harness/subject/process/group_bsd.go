//go:build unix && !linux

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate gives a command a process group.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// offspring is not to be had here.
func offspring(int) []*os.Process { return nil }

// killMarked can't be had here: nobody shows others' environments.
func killMarked(string) {}

// marked can't be had here either.
func marked(string) []*os.Process { return nil }
