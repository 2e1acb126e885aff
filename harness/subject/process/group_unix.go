//go:build unix

package process

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

// killRounds bounds how often we look for what is left of a command.
const killRounds = 20

// guardian kills the group that it is told of, and all that carry its mark, $1,
// once its input ends. Where there is no /proc, the group is all.
var guardian = fmt.Sprintf(`
	read group
	read _
	test -z "$group" || kill -s KILL -- "-$group"
	for i in $(seq %d); do
		left=$(grep -lsF "$1" /proc/[0-9]*/environ)
		test -n "$left" || break
		for path in $left; do
			pid=${path#/proc/}
			kill -s KILL "${pid%%/environ}"
		done
	done 2>/dev/null`, killRounds)

// guard starts a process that kills a command, and what it has started, once
// this process is gone, however that comes about: it waits for the end of a pipe
// that nobody else holds. It runs before the command does, whose mark it has,
// and is told of its group by tell. Without a /bin/sh there is none.
func guard(mark string) (tell func(group int), release func()) {
	r, w, err := os.Pipe()
	if err != nil {
		return func(int) {}, func() {}
	}
	sh := exec.Command("/bin/sh", "-c", guardian, "flatline-guard", mark) //nolint:gosec // the mark is ours
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
