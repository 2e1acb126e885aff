package wild

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network/toxiproxy"
)

var (
	observe = flag.Duration("observe", 150*time.Second, "how long to watch after each fault")
	results = flag.String("results", "", "file to write the table to, once every trial has run")
)

func TestWild(t *testing.T) {
	goroutines, before := goleak.IgnoreCurrent(), sockets()
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
		err, after := goleak.Find(goroutines), sockets()
		for end := time.Now().Add(10 * time.Second); (err != nil || after > before) && time.Now().Before(end); {
			time.Sleep(100 * time.Millisecond)
			err, after = goleak.Find(goroutines), sockets()
		}
		if err != nil {
			t.Error(err)
		}
		if after > before {
			t.Errorf("%d sockets are left open", after-before)
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

// sockets is how many sockets this process has open; 0 where there is no /proc.
func sockets() (n int) {
	if runtime.GOOS != "linux" {
		return 0
	}
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
