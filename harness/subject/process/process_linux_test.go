package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

// orphans is a program that leaves one child in its group, and one that has
// neither its group nor a parent; it writes their numbers to a file. It does
// something first, and something then.
func orphans(file, first, then string) []string {
	return []string{"sh", "-c", first + "\nsleep 60 & echo $! > " + file + ".new; setsid sh -c 'sleep 60 & echo $! >> " + file + ".new'; mv " + file + ".new " + file + "; " + then}
}

// numbers are the processes that a program wrote to a file, once it has.
func numbers(t *testing.T, file string) (pids []int) {
	t.Helper()
	var text []byte
	for range 250 {
		if text, _ = os.ReadFile(file); len(text) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, word := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) != 2 {
		t.Fatalf("the program wrote %q, want two processes", text)
	}
	return pids
}

// lives says whether a process is there and not dead, two seconds later at the
// latest.
func lives(pid int) bool {
	for range 100 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

func TestNothingOutlivesAProcess(t *testing.T) {
	for _, row := range []struct {
		name, first, then string
		end               bool
	}{
		{name: "that ends by itself", then: "exit 0"},
		{name: "that is ended", then: "wait", end: true},
		{name: "that does not want to end", first: "trap '' TERM", then: "while true; do sleep 0.1; done", end: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pids")
			argv := orphans(file, row.first, row.then)
			p := New("client", exec.Command(argv[0], argv[1:]...))
			p.Mark()
			ctx, end := context.WithCancel(t.Context())
			defer end()
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			pids := numbers(t, file)
			if row.end {
				end()
			}
			t.Log(<-done)
			for _, pid := range pids {
				if lives(pid) {
					t.Errorf("process %d is alive", pid)
				}
			}
		})
	}
}

// What a process is made of includes what has left its group and lost its parent.
func TestPids(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	argv := orphans(file, "", "wait")
	p := New("client", exec.Command(argv[0], argv[1:]...))
	p.Mark()
	if got := p.Pids(); len(got) > 0 {
		t.Errorf("before it runs: %v", got)
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	want := numbers(t, file)
	got := p.Pids()
	if len(got) != 3 { // the shell, too
		t.Errorf("%v, want three", got)
	}
	for _, pid := range want {
		if !slices.Contains(got, pid) {
			t.Errorf("%v, without %d", got, pid)
		}
	}
	end()
	<-done
	if got := p.Pids(); len(got) > 0 {
		t.Errorf("after its end: %v", got)
	}
}

// The guard does the same when this process can't: here it is told so by the end
// of its input, before it was told of a group and after.
func TestTheGuardEndsWhatIsLeft(t *testing.T) {
	for _, told := range []bool{false, true} {
		t.Run(fmt.Sprintf("told of the group: %v", told), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pids")
			argv := orphans(file, "", "wait")
			cmd := exec.Command(argv[0], argv[1:]...)
			mark := "FLATLINE_PROCESS_" + strconv.Itoa(os.Getpid()) + strconv.FormatBool(told) + "="
			cmd.Env = append(os.Environ(), mark)
			isolate(cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pids := append(numbers(t, file), cmd.Process.Pid)
			input := ""
			if told {
				input = fmt.Sprintln(cmd.Process.Pid)
			}
			sh := exec.Command("/bin/sh", "-c", guardian, "flatline-guard", mark)
			sh.Stdin = strings.NewReader(input)
			if out, err := sh.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("the guard: %v: %s", err, out)
			}
			_ = cmd.Wait()
			for _, pid := range pids {
				if lives(pid) {
					t.Errorf("process %d is alive", pid)
				}
			}
		})
	}
}

func TestWhoASignalEndsHasCrashed(t *testing.T) {
	for script, want := range map[string]string{ // "": no crash
		"kill -SEGV $$": "ended: signal: segmentation fault", "kill -KILL $$": "ended: signal: killed",
		"kill -PIPE $$": "", "exit 3": "", "exit 0": "", "exit 255": "",
		// A shell outlives what it runs, and says how that ended.
		"sh -c 'kill -SEGV $$'; exit $?": "exited with code 139, as a shell says of signal SIGSEGV",
		"sh -c 'kill -TERM $$'; exit $?": "exited with code 143, as a shell says of signal SIGTERM",
		"sh -c 'kill -PIPE $$'; exit $?": "",
		"echo no >&2; exit 134":          "exited with code 134, as a shell says of signal SIGABRT; it said last: no",
		"exit 128":                       "", "exit 145": "", "exit 160": "", // no signal, one that ends nothing, and one that there is not
	} {
		err := New(heartbeat.ClientSide, exec.Command("sh", "-c", script)).Run(t.Context())
		var crash CrashError
		if errors.As(err, &crash) != (want != "") || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want the crash %q", script, err, want)
		}
	}
}

// Who was asked to end, and says that it was, has not crashed.
func TestWhoIsAskedToEndHasNotCrashed(t *testing.T) {
	for script, crashes := range map[string]bool{
		"trap 'exit 143' TERM; echo up; while true; do sleep 0.01; done": false,
		"trap 'exit 139' TERM; echo up; while true; do sleep 0.01; done": true,
	} {
		cmd := exec.Command("sh", "-c", script)
		up, says, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = says
		ctx, end := context.WithCancel(t.Context())
		defer end()
		done := make(chan error, 1)
		go func() { done <- New(heartbeat.ClientSide, cmd).Run(ctx) }()
		if _, err := up.Read(make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		end()
		err = <-done
		var crash CrashError
		if errors.As(err, &crash) != crashes {
			t.Errorf("%s: %v, crash: %v", script, err, !crashes)
		}
		if err := errors.Join(up.Close(), says.Close()); err != nil {
			t.Error(err)
		}
	}
}
