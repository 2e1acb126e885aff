//go:build kernel

package kernel

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// starved makes this binary one that runs out of descriptors.
const starved = "FLATLINE_KERNEL_STARVED"

// A path that cannot be built lets go of what it has, of each descriptor once: a
// second time it might be another trial's. Wherever the descriptors run out, the
// error says so, and says of none that it was closed already.
func TestAPathWithoutDescriptors(t *testing.T) {
	if os.Getenv(starved) == "" { // the limit is a process's, and so it gets one of its own
		t.Parallel()
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestAPathWithoutDescriptors$", "-test.v")
		cmd.Env = append(os.Environ(), starved+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	n := newNetwork(t)
	faults := []network.Fault{{Kind: scenario.CablePull}, {Kind: scenario.CablePull, Where: scenario.AtServer}, {Kind: scenario.NATRebind}}
	var whole unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &whole); err != nil {
		t.Fatal(err)
	}
	lowest, before := free(t), descriptors(t)
	for spare := range 100 {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(lowest + spare), Max: whole.Max}); err != nil {
			t.Fatal(err)
		}
		p, err := n.Open(t.Context(), network.Setup{Name: strconv.Itoa(spare), Epoch: time.Now(), Faults: faults})
		if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &whole); back != nil {
			t.Fatal(back)
		}
		if err == nil {
			t.Logf("a path takes %d descriptors", spare)
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			return
		}
		if !strings.Contains(err.Error(), unix.EMFILE.Error()) || errors.Is(err, unix.EBADF) || errors.Is(err, os.ErrClosed) {
			t.Errorf("with %d: %v", spare, err)
		}
		if now := descriptors(t); now != before {
			t.Fatalf("with %d: %d descriptors are open, %d were", spare, now, before)
		}
	}
	t.Error("a path takes more than 100")
}

// free is the lowest number that no descriptor has.
func free(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	return fd
}

// descriptors is how many are open.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Who closes again closes nobody else's descriptors, which may have the same
// numbers by then.
func TestClosingAgain(t *testing.T) {
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	made, err := newTopology(n.home)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := made.close(); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
