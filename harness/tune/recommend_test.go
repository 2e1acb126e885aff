package tune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
)

// demands are those of an ordinary application that wants to know soon.
func demands() Demands {
	d := Demands{
		Profile: heartbeat.Custom(heartbeat.Window{Lo: 6 * time.Second, Hi: 9 * time.Second}),
		Loss:    0.01, Mistakes: Rate{1, 30 * day}, Connections: 1, Delivery: sim.UDP,
	}
	d.Profile.Delay, d.Profile.Jitter = 50*time.Millisecond, 20*time.Millisecond
	return d
}

// some are demands of all kinds, that a seed stands for.
func some(seed uint64) Demands {
	random := rand.New(rand.NewPCG(seed, 0))
	ms := func(lo, hi int) time.Duration {
		return time.Duration(lo+random.IntN(hi-lo)) * time.Millisecond
	}
	hi := ms(800, 60_000)
	w := heartbeat.Window{Hi: hi}
	if random.IntN(4) > 0 {
		w.Lo = hi/2 + time.Duration(random.Int64N(int64(hi/3)))
	}
	d := Demands{
		Profile: heartbeat.Custom(w), Loss: []float64{0, 0.001, 0.01, 0.05, 0.2}[random.IntN(5)],
		Mistakes: Rate{1, ms(60_000, 100_000_000)}, Connections: 1, Delivery: sim.UDP,
	}
	d.Profile.Delay = ms(1, 1+min(800, int(hi/time.Millisecond)/15)) // a hello has 2 s
	d.Profile.Jitter = time.Duration(random.Int64N(int64(d.Profile.Delay)))
	return d
}

// Whatever is recommended keeps what it promises, when it is simulated with
// another seed: no more mistakes than are borne, and no detection after the
// window. Before it there may be some, where the last beats before the crash were
// lost; without loss there are none. What learns may be late after a row of losses,
// but once in a thousand.
func TestRecommendationsKeepTheirPromises(t *testing.T) {
	const seeds = 12
	kept := map[string]int{}
	for seed := range uint64(seeds) {
		d := some(seed)
		found, err := Recommend(t.Context(), d, nil, Options{Seed: seed, Beats: 200_000})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			name := fmt.Sprintf("seed %d (%v, %v+%v, loss %v, %v), %s", seed, d.Profile.Window, d.Profile.Delay, d.Profile.Jitter, d.Loss, d.Mistakes, r.Family)
			if !r.Fits() {
				if r.Why == "" || r.Policy.Name != "" {
					t.Errorf("%s: %+v, want a reason and no policy", name, r)
				}
				continue
			}
			if err := r.Policy.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if w := d.Profile.Window; r.Detection.Lo < w.Lo || r.Detection.Hi > w.Hi {
				t.Errorf("%s: T_D %v outside the window", name, r.Detection)
			}
			if r.By == Computed {
				continue
			}
			c := d.checks(t.Context(), []heartbeat.Policy{r.Policy}, 100_000, seed+1000)[0]
			if c.Err != "" || c.Crashes < 10_000 {
				t.Fatalf("%s: %+v shows nothing", name, c)
			}
			if c.Verdict(d.Mistakes) == Broken {
				t.Errorf("%s: %d mistakes in %v", name, c.Rate.Mistakes, c.Rate.In)
			}
			learns := r.Family != "fixed" && r.Family != "missed" && r.Family != "echo-timer"
			if c.Late > 0 && (!learns || d.Loss == 0 || 1000*c.Late > c.Crashes) {
				t.Errorf("%s: %d of %d detections after the window, up to %v", name, c.Late, c.Crashes, c.Detection.Hi)
			}
			if d.Loss == 0 && (c.Early > 0 || c.Detection.Lo < r.Detection.Lo || c.Detection.Hi > r.Detection.Hi) {
				t.Errorf("%s: T_D %v, promised were %v", name, c.Detection, r.Detection)
			}
			kept[r.Family]++
		}
	}
	for _, f := range Families() {
		if kept[f.Name] < seeds/3 {
			t.Errorf("%s was recommended %d times of %d: that shows little", f.Name, kept[f.Name], seeds)
		}
	}
}

// Where a formula gives the mistakes, the simulation sees as many.
func TestFormulasAgreeWithTheSimulation(t *testing.T) {
	d := demands()
	d.Loss, d.Mistakes = 0.1, Rate{1, 10 * time.Minute}
	d.Profile.Delay, d.Profile.Jitter = 300*time.Millisecond, 400*time.Millisecond
	found, err := Recommend(t.Context(), d, []string{"fixed", "missed", "echo-timer"}, Options{Seed: 3, Beats: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range found {
		if !r.Fits() {
			t.Fatalf("%s: %s", r.Family, r.Why)
		}
		c := d.checks(t.Context(), []heartbeat.Policy{r.Policy}, 2_000_000, 3)[0]
		if c.Rate.Mistakes < 30 || *r.Predicted < c.Rate.Least || *r.Predicted > c.Rate.Most {
			t.Errorf("%s: %v per day predicted, seen were %+v", r.Family, *r.Predicted, c.Rate)
		}
	}
}

// Over TCP, where a loss is a delay, the advice for datagrams makes no more
// mistakes: its beats are further apart than a retransmission.
func TestAdviceForDatagramsHoldsOverTCP(t *testing.T) {
	d := demands()
	d.Loss, d.Mistakes = 0.1, Rate{1, time.Hour}
	r, err := Recommend(t.Context(), d, []string{"fixed"}, Options{Seed: 3, Beats: 100_000})
	if err != nil || !r[0].Fits() {
		t.Fatalf("%+v, %v", r, err)
	}
	over := d.checks(t.Context(), []heartbeat.Policy{r[0].Policy}, 500_000, 3)[0]
	d.Delivery = sim.TCP
	tcp := d.checks(t.Context(), []heartbeat.Policy{r[0].Policy}, 500_000, 3)[0]
	if over.Rate.Mistakes < 20 || tcp.Rate.Mistakes > over.Rate.Mistakes/2 {
		t.Errorf("%d mistakes over UDP, %d over TCP", over.Rate.Mistakes, tcp.Rate.Mistakes)
	}
}

// A firewall bounds the interval, whatever the window would allow.
func TestAFirewallBoundsTheInterval(t *testing.T) {
	d := demands()
	d.Profile = heartbeat.Custom(heartbeat.Window{Lo: 10 * time.Minute, Hi: 40 * time.Minute})
	free, err := Recommend(t.Context(), d, nil, Options{Beats: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	d.Firewall, err = ParseFirewall("azure-lb")
	if err != nil {
		t.Fatal(err)
	}
	bounded, err := Recommend(t.Context(), d, nil, Options{Beats: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	most := (240*time.Second - d.Profile.Delay) / 2
	interval := func(r Recommendation) time.Duration { return max(r.Policy.Interval, r.Policy.Keepalive.Idle) }
	for i := range free {
		if !free[i].Fits() || !bounded[i].Fits() {
			t.Errorf("%s: %q, %q", free[i].Family, free[i].Why, bounded[i].Why)
			continue
		}
		if interval(free[i]) <= most || interval(bounded[i]) > most {
			t.Errorf("%s: every %v, and %v behind a firewall, want at most %v", free[i].Family, interval(free[i]), interval(bounded[i]), most)
		}
	}
}

// An interval that is given is kept, and what is wrong with it said.
func TestTheIntervalCanBeGiven(t *testing.T) {
	d := demands()
	d.Interval = time.Second
	r, err := Recommend(t.Context(), d, []string{"fixed", "chen"}, Options{Beats: 100_000})
	if err != nil || !r[0].Fits() || r[0].Policy.Interval != time.Second || !r[1].Fits() || r[1].Policy.Interval != time.Second {
		t.Errorf("%+v, %v, want intervals of 1s", r, err)
	}
	d.Interval = 5 * time.Second
	if r, err = Recommend(t.Context(), d, []string{"fixed"}, Options{}); err != nil || r[0].Fits() {
		t.Errorf("%+v, %v: 5s are longer than the window is wide", r, err)
	}
}

func TestAnInterruptedRecommendationIsPartial(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	found, err := Recommend(ctx, demands(), nil, Options{})
	if err == nil {
		t.Error("no error")
	}
	for _, r := range found {
		if r.By != Computed {
			t.Errorf("%s was not simulated", r.Family)
		}
	}
}

func TestDemandsAreValidated(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Demands)
		want   string
	}{
		{"all is lost", func(d *Demands) { d.Loss = 1 }, "loss is 100%, want 0% to less than 100%"},
		{"less than nothing is lost", func(d *Demands) { d.Loss = -0.1 }, "loss is -10%"},
		{"a loss of NaN", func(d *Demands) { d.Loss = math.NaN() }, "loss is NaN%"},
		{"a window backwards", func(d *Demands) { d.Profile.Window = heartbeat.Window{Lo: 9, Hi: 6} }, "lower bound < upper bound"},
		{"a delay below 0", func(d *Demands) { d.Profile.Delay = -1 }, "delay is -1ns, want 0 or more"},
		{"a jitter below 0", func(d *Demands) { d.Profile.Jitter = -1 }, "jitter is -1ns, want 0 to 100ms"},
		{"a jitter above the round trip", func(d *Demands) { d.Profile.Jitter = time.Second }, "jitter is 1s, want 0 to 100ms"},
		{"a margin below 0", func(d *Demands) { d.Profile.Margin = -1 }, "margin is -1ns"},
		{"no mistakes", func(d *Demands) { d.Mistakes = Rate{} }, "such as 1/30d"},
		{"nobody", func(d *Demands) { d.Connections = 0 }, "connections is 0"},
		{"an interval below 0", func(d *Demands) { d.Interval = -1 }, "interval is -1ns"},
		{"another delivery", func(d *Demands) { d.Delivery = "pigeon" }, `delivery is "pigeon", want udp or tcp`},
	} {
		d := demands()
		row.change(&d)
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
	if err := demands().Validate(); err != nil {
		t.Error(err)
	}
}

func TestParseLoss(t *testing.T) {
	for text, want := range map[string]float64{"1%": 0.01, "0.5%": 0.005, "0.01": 0.01, "0": 0, "0%": 0, "100%": 1} {
		if got, err := ParseLoss(text); err != nil || math.Abs(got-want) > 1e-15 {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "half", "5", "%"} {
		if got, err := ParseLoss(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}
