//go:build programs

package harness_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// alive says whether a process is still there a second later. One that is dead,
// but not buried yet by whoever adopted it, is not.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	for range 50 {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if p.Signal(syscall.Signal(0)) != nil || strings.Contains(string(stat), ") Z ") {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}
