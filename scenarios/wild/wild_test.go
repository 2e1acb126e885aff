package wild

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/sockets"
)

var (
	observe = flag.Duration("observe", 150*time.Second, "how long to watch after each fault")
	results = flag.String("results", "", "file to write the table to, once every trial has run")
)

func TestWild(t *testing.T) {
	goroutines, before := goleak.IgnoreCurrent(), openSockets()
	network, err := toxiproxy.New()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var done []*trial
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
		// Some libraries take a few seconds to let go.
		err, after := goleak.Find(goroutines), openSockets()
		for end := time.Now().Add(10 * time.Second); (err != nil || len(after) > len(before)) && time.Now().Before(end); {
			time.Sleep(100 * time.Millisecond)
			err, after = goleak.Find(goroutines), openSockets()
		}
		if err != nil {
			t.Error(err)
		}
		if len(after) > len(before) {
			t.Errorf("sockets are left open: %s; before there were %d", strings.Join(after, ", "), len(before))
		}
		if *results == "" {
			return
		}
		if want := len(All()) * len(faults()); len(done) != want {
			t.Fatalf("%d trials of %d ran: %s is left as it was", len(done), want, *results)
		}
		if err := os.WriteFile(*results, []byte(markdown(done, *observe)), 0o644); err != nil {
			t.Error(err)
		}
	})
	for _, p := range All() {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			for _, f := range faults() {
				t.Run(string(f.Kind), func(t *testing.T) {
					t.Parallel()
					tr := &trial{pair: p, fault: f, observe: *observe}
					if err := tr.run(t.Context(), network); err != nil {
						t.Fatal(err)
					}
					mu.Lock()
					done = append(done, tr)
					mu.Unlock()
					if err := tr.check(); err != nil {
						t.Error(err)
					}
					t.Logf("%s; the network: %s", tr.measured(), tr.record.Checks[0].Actual)
				})
			}
		})
	}
}

// openSockets are this process's sockets, by their ends where the kernel still
// tells them; none where they cannot be seen.
func openSockets() (ends []string) {
	own, err := sockets.Own()
	if err != nil {
		return nil
	}
	all, err := sockets.All()
	if err != nil {
		return nil
	}
	for _, s := range all {
		if own[s.Inode] {
			ends = append(ends, fmt.Sprintf("%v to %v", s.Local, s.Remote))
			delete(own, s.Inode)
		}
	}
	for inode := range own {
		ends = append(ends, "socket "+inode+" of an ended connection")
	}
	return ends
}
