package tune

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
)

// anyhow are demands that make sense or none, that a seed stands for: what each flag
// takes, in all combinations.
func anyhow(seed uint64) Demands {
	random := rand.New(rand.NewPCG(seed, 1))
	one := func(of ...time.Duration) time.Duration { return of[random.IntN(len(of))] }
	const ms, s = time.Millisecond, time.Second
	w := heartbeat.Window{
		Lo: one(0, 0, 1, ms, 6*s, 30*s, time.Hour, 23*time.Hour),
		Hi: one(1, ms, 100*ms, 790*ms, 9*s, 9*s, 9*s, 40*s, 24*time.Hour),
	}
	d := Demands{
		Profile: heartbeat.Custom(w), Connections: 1 + random.IntN(2)*1_000_000,
		Loss:     []float64{0, 1e-9, 0.01, 0.01, 0.3, 0.99, 0.9999999}[random.IntN(7)],
		Mistakes: []Rate{{1, s}, {1, time.Hour}, {1, 30 * day}, {1, 30 * day}, {1, 200 * 365 * day}}[random.IntN(5)],
		Firewall: Firewall{Name: "any", Idle: one(0, 0, 0, 1, ms, 100*ms, 300*ms, 302*ms, s, 350*s, 2_000_000*time.Hour)},
		Interval: one(0, 0, 0, ms, 1500*ms, 2*s, 100*s, 24*time.Hour),
		Delivery: []sim.Delivery{sim.UDP, sim.TCP}[random.IntN(2)],
	}
	d.Profile.Delay = one(0, 1, ms, 50*ms, 300*ms, 300*ms, 9*s, time.Hour, 24*time.Hour, 2_000_000*time.Hour)
	d.Profile.Jitter = min(2*d.Profile.Delay, one(0, 1, 20*ms, 400*ms, 2*time.Hour, 2_000_000*time.Hour))
	d.Profile.Margin = one(d.Profile.Margin, d.Profile.Margin, 0, 150*ms, 5*s, 24*time.Hour, 2_000_000*time.Hour)
	if random.IntN(4) == 0 {
		d.Variance = 1e-6
	}
	return d
}

// Whatever is demanded, nothing panics, and all ends with its context, soon.
func TestAnyDemandsGetAnAnswer(t *testing.T) {
	const patience, late = 200 * time.Millisecond, 2 * time.Second
	valid, fitting := 0, 0
	for seed := range uint64(400) {
		d := anyhow(seed)
		if d.Validate() != nil {
			continue
		}
		valid++
		ctx, stop := context.WithTimeout(t.Context(), patience)
		start := time.Now()
		found, _ := Recommend(ctx, d, nil, Options{Beats: FewestBeats})
		for _, f := range Families() {
			_, _ = Relax(ctx, d, f)
		}
		stop()
		if took := time.Since(start); took > patience+late {
			t.Errorf("seed %d: %v, with a context of %v: %+v", seed, took, patience, d)
		}
		for _, r := range found {
			if !r.Fits() {
				continue
			}
			fitting++
			every := max(r.Policy.Interval, r.Policy.Keepalive.Idle)
			if d.Interval > 0 && every != d.Interval || d.forgets(every) != "" {
				t.Errorf("seed %d: %s beats every %v: %+v", seed, r.Family, every, d)
			}
			if r.Detection.Hi > d.Profile.Window.Hi || r.Detection.Lo < d.Profile.Window.Lo {
				t.Errorf("seed %d: %s detects after %v: %+v", seed, r.Family, r.Detection, d)
			}
		}
		for _, system := range Systems() {
			if _, err := Print(system, d, found); err != nil {
				t.Errorf("seed %d, %s: %v", seed, system, err)
			}
		}
	}
	if valid < 30 || fitting < 30 {
		t.Errorf("%d valid demands, %d recommendations: they show too little", valid, fitting)
	}
}

// Delays that span millions of intervals make formulas of hours; they end with their
// context.
func TestFormulasOverManyIntervalsEndWithTheirContext(t *testing.T) {
	law := oneWay(12*time.Hour.Seconds(), 12*time.Hour.Seconds())
	for name, formula := range map[string]func(context.Context){
		"silences": func(ctx context.Context) { silences(ctx, 24*time.Hour, time.Millisecond, 0.9999999, law) },
		"nfds":     func(ctx context.Context) { nfds(ctx, 24*time.Hour, 10*time.Millisecond, 0.9999999, law) },
		"configure": func(ctx context.Context) {
			targets := Targets{Detection: 24 * time.Hour, Recurrence: 200 * 365 * day, Duration: 24 * time.Hour, Longest: 999 * time.Millisecond}
			configure(ctx, targets, 0.9999999, 1e-6, time.Millisecond)
		},
	} {
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		done := make(chan struct{})
		go func() { formula(ctx); close(done) }()
		select {
		case <-done:
			if ctx.Err() == nil {
				t.Errorf("%s: it is not long, and shows nothing", name)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: it goes on without its context", name)
		}
		stop()
	}
}
