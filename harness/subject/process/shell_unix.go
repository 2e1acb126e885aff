//go:build unix

package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// shellSays is the signal of which a shell speaks that ends with this code: one
// that has ended what the shell ran. "": it speaks of none.
func shellSays(code int) (signal string) {
	switch s := syscall.Signal(code - 128); s {
	case syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH, // nothing ends by these,
		syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, // or by these,
		syscall.SIGPIPE: // and by this one programs end on purpose: see CrashError
		return ""
	default:
		return unix.SignalName(s)
	}
}
