//go:build unix && !linux

package subject

import (
	"os/exec"
	"syscall"
)

// isolate gives a command a process group.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
