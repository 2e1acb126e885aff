package subject

import (
	"os/exec"
	"syscall"
)

// isolate gives a command a process group, and lets the kernel kill its process
// when the thread that starts it ends.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
