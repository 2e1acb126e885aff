package scenarios_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// Many clients that lose one server lose it at once, in step: their beats are.
// Should they come back in step, they would be their own next failure.
var _ = Describe("A reconnect storm", Label("scenario:reconnect-storm", "network:toxiproxy", "fault:cable-pull"), func() {
	for _, profile := range heartbeat.Profiles() {
		policy := policiesIn(profile, []string{"echo-timer"})[0]
		It("of 500 clients, in "+profile.Name+": all detect within the window, come back spread over 2 s and more, and leave nothing",
			Label("profile:"+profile.Name, "policy:"+policy.Name), SpecTimeout((profile.Window.Hi+time.Minute)*time.Duration(1+retries())), SpecPriority(profile.Window.Hi/time.Second),
			func(ctx SpecContext) {
				before := gleak.Goroutines()
				for n := 0; ; n++ {
					s := newStorm(ctx, policy, 500)
					s.blows(ctx, profile.Window)
					wrong := InterceptGomegaFailure(func() { s.holds(ctx, profile.Window) })
					s.end(ctx)
					if wrong == nil {
						break
					}
					if s.stood.longest < spoilt {
						Fail(wrong.Error())
					}
					why := fmt.Sprintf("inconclusive: the machine stood still for %v: %v", s.stood.longest, wrong)
					if n == retries() {
						Fail(why)
					}
					AddReportEntry("run again", why)
				}
				Eventually(gleak.Goroutines).WithContext(ctx).WithTimeout(5 * time.Second).ShouldNot(gleak.HaveLeaked(before))
			})
	}
})

const endless = int64(1) << 62

// storm is a server and its clients behind one cable.
type storm struct {
	clients  int
	interval time.Duration
	epoch    time.Time
	path     network.Path
	end      func(ctx context.Context)

	struck, healed int64
	stood          still

	mu     sync.Mutex
	events []session.Event
}

func newStorm(ctx context.Context, policy heartbeat.Policy, clients int) *storm {
	GinkgoHelper()
	s := &storm{clients: clients, interval: policy.Interval, epoch: time.Now()}
	proxy, err := toxiproxy.New()
	Expect(err).NotTo(HaveOccurred())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	s.path, err = proxy.Open(ctx, network.Setup{
		Name: "reconnect-storm." + policy.Profile.Name, Upstream: ln.Addr().String(), Epoch: s.epoch,
		Faults: []network.Fault{{Kind: scenario.CablePull}},
	})
	Expect(err).NotTo(HaveOccurred())
	config := heartbeat.Config{Policy: policy, Epoch: s.epoch, Observer: s.note, HandshakeTimeout: 2 * time.Second}
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: config})
	Expect(err).NotTo(HaveOccurred())
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(ln) })
	connected, hangUp := context.WithCancel(ctx)
	running.Go(func() {
		<-connected.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx)) // it waits for sessions, which end with their clients
	})
	for range clients {
		client, err := heartbeat.NewClient(heartbeat.ClientConfig{
			Config: config,
			// The jitter is full: each waits for a random time up to this.
			Backoff: heartbeat.Backoff{Initial: 4 * time.Second, Max: 4 * time.Second},
			Dial: func(ctx context.Context) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "tcp", s.path.Addr())
			},
		})
		Expect(err).NotTo(HaveOccurred())
		running.Go(func() { _ = client.Run(connected) })
	}
	var once sync.Once
	s.end = func(ctx context.Context) {
		once.Do(func() {
			hangUp()
			running.Wait()
			Expect(s.path.Close(ctx)).To(Succeed())
			Expect(proxy.Close()).To(Succeed())
		})
	}
	DeferCleanup(s.end)
	return s
}

// spoilt is from when on a stall may be why a storm did not hold: half the time in
// which clients must not bunch.
const spoilt = 50 * time.Millisecond

// blows pulls the cable in the middle of an interval, plugs it in once all must
// have noticed, and waits until all are back.
func (s *storm) blows(ctx context.Context, window heartbeat.Window) {
	GinkgoHelper()
	Eventually(s.count(session.Heard, heartbeat.ClientSide)).WithContext(ctx).Should(BeNumerically(">=", s.clients))
	done := s.stood.watch()
	defer done()
	time.Sleep(s.interval / 2)
	s.struck = s.pull(ctx)
	time.Sleep(window.Hi + time.Second)
	s.healed = s.plug(ctx)
	Eventually(s.back).WithContext(ctx).Should(HaveLen(s.clients), "each comes back, once")
}

// back are the instants at which clients came back.
func (s *storm) back() []int64 { return s.of(session.Up, heartbeat.ClientSide, s.healed, endless) }

// holds asserts what the storm must not do, and ends it.
func (s *storm) holds(ctx context.Context, window heartbeat.Window) {
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		suspicions := s.of(session.Suspect, side, s.struck, s.healed)
		Expect(suspicions).To(HaveLen(s.clients), "%s suspicions", side)
		Expect(time.Duration(suspicions[0]-s.struck)).To(BeNumerically(">=", window.Lo), "the %s's first", side)
		Expect(time.Duration(suspicions[s.clients-1]-s.struck)).To(BeNumerically("<=", window.Hi), "the %s's last", side)
	}
	Expect(s.of(session.Up, heartbeat.ClientSide, s.struck, s.healed)).To(BeEmpty(), "while the cable is out")
	back := s.back()
	Expect(time.Duration(back[s.clients-1]-back[0])).To(BeNumerically(">=", 2*time.Second), "from the first to the last")
	Expect(most(back, 100*time.Millisecond)).To(BeNumerically("<=", s.clients/10), "in any 100 ms")
	s.end(ctx)
	Expect(s.back()).To(HaveLen(s.clients), "nobody comes back twice")
	Expect(s.open()).To(BeEmpty(), "sessions without an end")
}

// still is for how long a goroutine of ours stood still, at most.
type still struct{ longest time.Duration }

// watch looks every 10 ms; what it returns ends that.
func (s *still) watch() (done func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-over:
				return
			case <-tick.C:
				s.longest = max(s.longest, time.Since(last))
				last = time.Now()
			}
		}
	}()
	return sync.OnceFunc(func() { close(over); <-ended })
}

func (s *storm) note(e session.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *storm) now() int64 { return int64(time.Since(s.epoch)) }

func (s *storm) pull(ctx context.Context) int64 {
	GinkgoHelper()
	Expect(s.path.Apply(ctx, 0)).To(Succeed())
	o, err := s.path.Observe(ctx)
	Expect(err).NotTo(HaveOccurred())
	return o.Strikes[0].On
}

func (s *storm) plug(ctx context.Context) int64 {
	GinkgoHelper()
	healed := s.now()
	Expect(s.path.Undo(ctx, 0)).To(Succeed())
	return healed
}

// of are the instants of a side's events in [from, to), in order.
func (s *storm) of(what session.What, side heartbeat.Side, from, to int64) (at []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.What == what && e.Side == side && e.At >= from && e.At < to {
			at = append(at, e.At)
		}
	}
	slices.Sort(at)
	return at
}

// count is of the sessions of a side that something has happened to.
func (s *storm) count(what session.What, side heartbeat.Side) func() int {
	return func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen := map[uint64]bool{}
		for _, e := range s.events {
			if e.What == what && e.Side == side && e.Type == session.Echo {
				seen[e.Session] = true
			}
		}
		return len(seen)
	}
}

// open are the sessions that came up and did not end.
func (s *storm) open() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := map[string]int{}
	for _, e := range s.events {
		key := fmt.Sprintf("%s %x", e.Side, e.Session)
		switch e.What {
		case session.Up:
			open[key]++
		case session.Down, session.Closed:
			delete(open, key)
		}
	}
	return open
}

// most is how many of the instants, which are in order, lie in a span as long.
func most(at []int64, long time.Duration) (n int) {
	for i, from := range at {
		in, _ := slices.BinarySearch(at[i:], from+int64(long))
		n = max(n, in)
	}
	return n
}
