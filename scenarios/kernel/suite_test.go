//go:build kernel

package kernel_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/kernel"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/subject/processes"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestMain(m *testing.M) {
	processes.BePeer()
	if len(os.Args) > 2 && os.Args[1] == "play" {
		play(os.Args[2], os.Args[3:])
		return
	}
	if err := kernel.Enter(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(suite(m))
}

// suite runs the tests, which write into one report.
func suite(m *testing.M) int {
	unlock, err := report.Lock(reports())
	if err == nil {
		err = report.Prepare(reports())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	gathered, err := report.Gather(reports())
	if err == nil {
		err = gathered.Write(reports())
	}
	if err == nil {
		fmt.Println(gathered.Summary.Headline())
		err = unlock()
	}
	if err == nil {
		err = goleak.Find()
	}
	if err == nil {
		err = held()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// reports is where the trials are written.
func reports() string {
	return cmp.Or(os.Getenv("FLATLINE_REPORTS"), filepath.Join("..", "..", "reports"))
}

// held is an error if this process still holds a network namespace.
func held() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, "net:[") {
			return fmt.Errorf("the network namespace %s is held at the end", target)
		}
	}
	return nil
}

// run runs trials on a network.
func run(t *testing.T, n network.Network, trials []harness.Trial) []judge.Record {
	t.Helper()
	return runner(t, harness.Runner{Network: n, Parallel: len(trials)}, trials)
}

func runner(t *testing.T, r harness.Runner, trials []harness.Trial) []judge.Record {
	t.Helper()
	r.Out, r.Retries = reports(), retries(t)
	records, err := r.Run(t.Context(), trials)
	if err != nil {
		t.Error(err)
	}
	return records
}

// retries is how often what is inconclusive is run again.
func retries(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("FLATLINE_RETRIES"), "0"))
	if err != nil || n < 0 {
		t.Errorf("FLATLINE_RETRIES: want a number, 0 or more")
	}
	return n
}

// start is what New returned, or the end of the test.
func start[N network.Network](t *testing.T) func(N, error) N {
	return func(n N, err error) N {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func policies(t *testing.T, p heartbeat.Profile) []heartbeat.Policy {
	t.Helper()
	all, err := heartbeat.Policies(p)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// held in full, or an error that tells the story.
func mustHold(t *testing.T, r judge.Record) {
	t.Helper()
	if r.Verdict != judge.Held {
		t.Errorf("%s: %s\n  %s\n  repeat: %s", r.Trial, r.Verdict, strings.Join(report.Story(r), "\n  "), r.Repeat)
	}
}
