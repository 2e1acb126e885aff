package kernel

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// entered is in the environment of a program that Enter runs again.
const entered = "FLATLINE_KERNEL_ENTERED"

// needed are the capabilities that paths take.
var needed = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}

// inside says whether this process is one that Enter has run again.
func inside() bool { return os.Getenv(entered) != "" }

// Enter makes the kernel network available to an ordinary user: where this
// process lacks what it takes, it is run again, with the same arguments, in a
// user namespace in which it has it, and ends with that one's exit code. There
// it is the same user, but on a network that has nothing but a loopback. Call it
// first in main or TestMain, where New will be. It returns in the process that
// may go on; an error means that it is of no use here, and why.
func Enter() error {
	if inside() {
		return loopback()
	}
	if capable() {
		return nil
	}
	code, err := again()
	if err != nil {
		refused.Store(true)
		return explain(err)
	}
	os.Exit(code)
	return nil
}

// capable says whether this process may build paths.
func capable() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	for _, c := range needed {
		if data[c/32].Effective&(1<<(c%32)) == 0 {
			return false
		}
	}
	return true
}

// again runs this program in a user namespace, and waits for its end. If this
// process is killed, so is that one.
func again() (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, os.Args[1:]...) //nolint:gosec // it is this program
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), entered+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
		AmbientCaps: needed,
		Pdeathsig:   syscall.SIGKILL,
	}
	// Ctrl-C at a terminal goes to all of its processes, any other signal to
	// this one alone. Away from a terminal the child gets all of them from here.
	atTerminal := term.IsTerminal(int(os.Stdin.Fd()))
	cmd.SysProcAttr.Setpgid = !atTerminal
	runtime.LockOSThread() // its end would be the child's
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("run again in a user namespace: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt || !atTerminal {
				_ = cmd.Process.Signal(s)
			}
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, err
			}
			state := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if state.Signaled() {
				return 128 + int(state.Signal()), nil
			}
			return state.ExitStatus(), nil
		}
	}
}

// loopback brings up the only device that a fresh network has.
func loopback() error {
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		return fmt.Errorf("kernel: bring up the loopback: %w", err)
	}
	return nil
}
