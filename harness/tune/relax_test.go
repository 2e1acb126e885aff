package tune

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

func family(t *testing.T, name string) Family {
	t.Helper()
	for _, f := range Families() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no family %s", name)
	return Family{}
}

func relax(t *testing.T, d Demands, f Family) []Relaxation {
	t.Helper()
	options, err := Relax(t.Context(), d, f)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

// narrow leaves no room: (hi - m) - (lo + m) = 0.45 s is less than d + J + an
// interval.
func narrow() Demands {
	d := demands()
	d.Profile = heartbeat.Custom(heartbeat.Window{Lo: 6 * time.Second, Hi: 6500 * time.Millisecond})
	d.Profile.Delay, d.Profile.Jitter = 200*time.Millisecond, 300*time.Millisecond
	return d
}

func TestEachRelaxationAloneIsEnoughAndLess(t *testing.T) {
	for _, name := range []string{"fixed", "echo-timer", "chen"} {
		f := family(t, name)
		d := narrow()
		options := relax(t, d, f)
		seen := map[string]bool{}
		for _, o := range options {
			seen[o.Demand] = true
			enough := func(text string) bool { return d.with(apply(t, o.Demand, text)).feasible(t.Context(), f) }
			if !enough(o.To) {
				t.Errorf("%s: %v is not enough", name, o)
			}
			if o.Demand == "loss" || o.Demand == "mistakes" {
				continue
			}
			// Nearly as much is not.
			to, err := time.ParseDuration(o.To)
			if err != nil {
				t.Fatal(err)
			}
			from, err := time.ParseDuration(o.From)
			if err != nil {
				t.Fatal(err)
			}
			back := max(2*unit(max(to, from)), (to-from).Abs()/20)
			if to > from {
				back = -back
			}
			if nearly := to + back; enough(nearly.String()) {
				t.Errorf("%s: %v would be enough as well as %v", name, nearly, o)
			}
		}
		for _, demand := range []string{"window's upper bound", "window's lower bound", "jitter"} {
			if !seen[demand] && (demand != "jitter" || name != "echo-timer") { // which has no use for less jitter
				t.Errorf("%s: nothing about the %s in %v", name, demand, options)
			}
		}
	}
}

// What leaves no room at all is named, and by how much it has to give way.
func TestWhatLeavesNoRoomIsRelaxed(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Demands)
		want   Relaxation
		why    string
	}{
		{"a firewall", func(d *Demands) { d.Firewall.Idle = 40 * time.Millisecond }, Relaxation{"firewall", "40ms", "53ms"}, "a beat every 1ms, one lost and the next 50ms late, a firewall must remember for 52ms, and this one forgets after 40ms"},
		{"a firewall as short as the delay", func(d *Demands) { d.Firewall.Idle = 50 * time.Millisecond }, Relaxation{"firewall", "50ms", "53ms"}, "forgets after 50ms"},
		{"a firewall and an interval", func(d *Demands) { d.Firewall.Idle, d.Interval = 2*time.Second, 2*time.Second }, Relaxation{"firewall", "2s", "4.06s"}, "with a beat every 2s"},
		{"a margin", func(d *Demands) { d.Profile.Margin = 5 * time.Second }, Relaxation{"margin", "5s", "1.42s"}, "no interval keeps"},
		{"an interval", func(d *Demands) { d.Interval = 100 * time.Second }, Relaxation{"interval", "1m40s", "2.1s"}, "no interval keeps"},
	} {
		for _, f := range Families() {
			d := demands()
			row.change(&d)
			r, err := Recommend(t.Context(), d, []string{f.Name}, Options{Beats: FewestBeats})
			if err != nil || r[0].Fits() || !strings.Contains(r[0].Why, row.why) {
				t.Errorf("%s, %s: %v, %+v, want %q", row.name, f.Name, err, r, row.why)
			}
			if d.Interval > 0 && (f.Name == "missed" || f.Name == "exponential") {
				continue // they need another interval as well
			}
			var got Relaxation
			for _, o := range relax(t, d, f) {
				if o.Demand == row.want.Demand {
					got = o
				}
			}
			if got.To == "" || !d.with(apply(t, got.Demand, got.To)).feasible(t.Context(), f) {
				t.Errorf("%s, %s: %v is not enough", row.name, f.Name, got)
			}
			if f.Name == "fixed" && got != row.want {
				t.Errorf("%s: %v, want %v", row.name, got, row.want)
			}
		}
	}
}

// apply changes one demand to what a relaxation says.
func apply(t *testing.T, demand, text string) func(*Demands) {
	t.Helper()
	var err error
	var long time.Duration
	var loss float64
	var rate Rate
	switch demand {
	case "loss":
		loss, err = ParseLoss(text)
	case "mistakes":
		rate, err = ParseRate(text)
	default:
		long, err = time.ParseDuration(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(d *Demands) {
		switch demand {
		case "window's upper bound":
			d.Profile.Window.Hi = long
		case "window's lower bound":
			d.Profile.Window.Lo = long
		case "jitter":
			d.Profile.Jitter = long
		case "delay":
			d.Profile.Delay = long
		case "margin":
			d.Profile.Margin = long
		case "firewall":
			d.Firewall.Idle = long
		case "interval":
			d.Interval = long
		case "loss":
			d.Loss = loss
		case "mistakes":
			d.Mistakes = rate
		default:
			t.Fatalf("unknown demand %s", demand)
		}
	}
}

// Where mistakes are what is too much to ask, the relaxed rate is what the best
// interval makes, and less loss would do as well.
func TestMistakesAndLossAreRelaxed(t *testing.T) {
	d := demands()
	d.Loss, d.Interval, d.Mistakes = 0.2, 2*time.Second, Rate{1, 365 * day}
	f := family(t, "fixed")
	demanded := map[string]string{}
	for _, o := range relax(t, d, f) {
		demanded[o.Demand] = o.To
		if o.Demand == "mistakes" || o.Demand == "loss" {
			if !d.with(apply(t, o.Demand, o.To)).feasible(t.Context(), f) {
				t.Errorf("%v is not enough", o)
			}
		}
	}
	if demanded["mistakes"] == "" || demanded["loss"] == "" {
		t.Errorf("%v, want mistakes and loss among them", demanded)
	}
	r, err := Recommend(t.Context(), d, []string{"fixed"}, Options{})
	if err != nil || r[0].Fits() || !strings.Contains(r[0].Why, "and 1/y are demanded") {
		t.Errorf("%+v, %v", r, err)
	}
}

// ending is a context that ends once it was asked so often.
type ending struct {
	context.Context
	left int
}

func (e *ending) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// Formulas are interrupted between two intervals, wherever that is, and nothing is
// concluded from those that were not tried.
func TestFormulasAreInterrupted(t *testing.T) {
	d := demands()
	d.Loss = 0.9
	f := family(t, "fixed")
	full := relax(t, d, f)
	for left := 0; ; left = 3*left + 20 {
		ctx := &ending{t.Context(), left}
		options, err := Relax(ctx, d, f)
		if err == nil {
			if !slices.Equal(options, full) || left < 500 {
				t.Errorf("after %d looks %v, want %v, and more than 500 looks", left, options, full)
			}
			break
		}
		if options != nil || ctx.left < -500 {
			t.Fatalf("after %d looks %v, and %d looks more", left, options, -ctx.left)
		}
		if found, err := Recommend(&ending{t.Context(), min(left, 20)}, d, []string{"fixed"}, Options{}); err == nil || len(found) > 0 {
			t.Fatalf("%+v, %v", found, err)
		}
	}
}

func TestNothingIsRelaxedWhereNothingHasTo(t *testing.T) {
	if got := relax(t, demands(), family(t, "fixed")); got != nil {
		t.Errorf("%v, want nothing", got)
	}
}
