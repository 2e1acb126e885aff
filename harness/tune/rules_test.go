package tune

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
)

func TestFirewalls(t *testing.T) {
	for _, row := range []struct {
		text string
		idle time.Duration
	}{{"aws-nlb", 350 * time.Second}, {"azure-lb", 240 * time.Second}, {"gcp", 600 * time.Second}, {"240s", 240 * time.Second}} {
		f, err := ParseFirewall(row.text)
		if err != nil || f.Idle != row.idle {
			t.Errorf("%q: %v, %v, want %v", row.text, f.Idle, err, row.idle)
		}
	}
	for _, f := range Firewalls() {
		if f.Then == "" || !strings.HasPrefix(f.Source, "https://") {
			t.Errorf("%s: no source, or not what happens", f.Name)
		}
	}
	for text, want := range map[string]string{"azure": "aws-nlb, azure-lb, gcp, or the idle time", "0s": "more than 0", "-1s": "more than 0", "": "or the idle time"} {
		if _, err := ParseFirewall(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	// Of two beats in a row one may be lost, and the other as late as can be.
	f := Firewall{Idle: 10 * time.Second}
	if d := f.Interval(time.Second); 2*d+time.Second > f.Idle || 2*d+time.Second < f.Idle-time.Millisecond {
		t.Errorf("interval %v", d)
	}
}

// By hand, with headers of 52: a beat of 16 bytes, its echo, and the
// acknowledgement of that.
func TestOverheadByHand(t *testing.T) {
	o := overhead(heartbeat.ProbeEcho, 2*time.Second, 1000)
	if o.BeatsPerHour != 1800 || o.BytesPerBeat != 68+68+52 || o.BytesPerHour != 1800*188 || o.BytesPerDay != 24*1800*188*1000 {
		t.Errorf("%+v", o)
	}
	for probe, want := range map[heartbeat.Probe]int{heartbeat.ProbeKeepalive: 52 + 52, heartbeat.ProbeUserTimeout: 53 + 52} {
		if got := bytesPerBeat(probe); got != want {
			t.Errorf("%s: %d bytes, want %d", probe, got, want)
		}
	}
}

// By hand, for a loss of 1 % each way: a probe fails with 1 - 0.99^2 = 0.0199; seven in a
// row, once a second.
func TestKeepaliveIsComputed(t *testing.T) {
	r := demands().keepalive()
	if !r.Fits() || r.By != Computed || r.Check != nil || r.Policy.Keepalive != (heartbeat.Keepalive{Idle: time.Second, Interval: time.Second, Count: 7}) {
		t.Fatalf("%+v", r)
	}
	if want := math.Pow(0.0199, 7) * 86400; math.Abs(*r.Predicted/want-1) > 1e-9 {
		t.Errorf("%v per day, want %v", *r.Predicted, want)
	}
	if err := r.Policy.Validate(); err != nil {
		t.Error(err)
	}
}

// By hand: retransmissions leave 0.3 s, 0.9 s, 2.1 s and 4.5 s after the first sending, and
// no later one within 6.25 s of the first of them: five transmissions, each or its
// acknowledgement lost.
func TestUserTimeoutIsComputed(t *testing.T) {
	r := demands().userTimeout()
	if !r.Fits() || r.Policy.UserTimeout != 6250*time.Millisecond || r.Policy.Interval != 2*time.Second {
		t.Fatalf("%+v", r)
	}
	if want := math.Pow(0.0199, 5) * 43200; math.Abs(*r.Predicted/want-1) > 1e-9 {
		t.Errorf("%v per day, want %v", *r.Predicted, want)
	}
}

func TestTheKernelIsRefusedWhereItMakesTooManyMistakes(t *testing.T) {
	d := demands()
	d.Loss, d.Mistakes = 0.3, Rate{1, 365 * day}
	for _, r := range []Recommendation{d.keepalive(), d.userTimeout()} {
		if r.Fits() || !strings.Contains(r.Why, "and 1/y are demanded") {
			t.Errorf("%s: %q", r.Family, r.Why)
		}
	}
}

func TestDigitsAndUnits(t *testing.T) {
	for _, row := range []struct {
		d    time.Duration
		n    int
		want time.Duration
	}{{2637 * time.Millisecond, 2, 2600 * time.Millisecond}, {999 * time.Microsecond, 2, 990 * time.Microsecond}, {8800 * time.Millisecond, 4, 8800 * time.Millisecond}, {-time.Second, 2, -time.Second}, {0, 2, 0}} {
		if got := digits(row.d, row.n); got != row.want {
			t.Errorf("digits(%v, %d) is %v, want %v", row.d, row.n, got, row.want)
		}
	}
}
