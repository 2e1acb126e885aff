package harness_test

import (
	"os"
	"syscall"
	"time"
)

// alive says whether a process is still there a moment later: an orphan is
// buried by whoever has adopted it.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	for range 50 {
		if p.Signal(syscall.Signal(0)) != nil {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}
