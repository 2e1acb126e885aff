//go:build unix

package subject

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ask asks a process and those that it started to end.
func ask(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

// kill ends them. A group that is empty is no error.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// guard starts a process that kills a group once this process is gone, however
// that comes about: it waits for the end of a pipe that nobody else holds. It runs
// before the group does, and is told of it by tell. Without a /bin/sh there is
// none.
func guard() (tell func(group int), release func()) {
	r, w, err := os.Pipe()
	if err != nil {
		return func(int) {}, func() {}
	}
	sh := exec.Command("/bin/sh", "-c", `read group && { read _; kill -s KILL -- "-$group"; }`, "flatline-guard")
	sh.Stdin = r
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	err = sh.Start()
	_ = r.Close()
	tell = func(group int) { _, _ = fmt.Fprintln(w, group) }
	release = func() {
		if err == nil {
			_ = sh.Process.Kill()
			_ = sh.Wait()
		}
		_ = w.Close()
	}
	return tell, release
}
