// Package detecttest is the conformance suite that every detector passes: what
// detect.Detector promises, whatever the formula. A detector's own tests add
// the exact deadlines.
package detecttest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Suite is a detector under test and what is special about it.
type Suite struct {
	Config detect.Config
	// Interval is that of the beats; with a peer that answers at once, the
	// detector must never suspect.
	Interval time.Duration
	// Signs are the kinds that move the deadline when heard; the others must
	// leave it alone.
	Signs []detect.Kind
	// FromBeats says that there is no deadline while no beat of ours waits.
	// Other detectors have one from the start.
	FromBeats bool
	// Threshold is the level that a detect.Leveler reaches at its deadline.
	Threshold float64
}

// Run runs the suite. Only of sensible parameters can all of it be true; any
// valid ones must pass Histories, a part of it.
func (s Suite) Run(t *testing.T) {
	tests := []struct {
		name string
		run  func(*testing.T, Suite)
	}{
		{"the configuration is valid and has a name", validConfig},
		{"the configuration survives JSON", survivesJSON},
		{"another interval changes nothing else", otherInterval},
		{"nothing counts before the start", nothingBeforeStart},
		{"a live peer is never suspected", livePeer},
		{"silence has a deadline that waiting does not move", silentPeer},
		{"signs of life move the deadline, other things don't", signs},
		{"data is no sample", dataIsNoSample},
		{"an instant may stand still", standingStill},
		{"an instant that goes back counts as the latest", goingBack},
		{"lost, repeated and late frames do no harm", disorder},
		{"a stall adds its silent part, exactly", stall},
		{"only differences of instants count", anyEpoch},
		{"every promise holds through any history", func(t *testing.T, s Suite) { s.Histories(t) }},
		{"detectors of one configuration share nothing", independence},
		{"a beat does not allocate", allocations},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, s) })
	}
}

// warm is how many beats a detector hears before the tests that need it to
// have settled.
const warm = 20

// rtt is how long a peer takes to answer.
const rtt = int64(10 * time.Millisecond)

// live runs a detector through warm beats of a live peer, from epoch on. Both
// sides beat and echo; at the returned instant the last echo was heard and the
// next beat left, both.
func (s Suite) live(epoch int64) (d detect.Detector, seq uint64, now int64) {
	d = s.Config.New()
	d.Start(epoch)
	d.Sent(0, epoch)
	now = epoch
	for seq = range uint64(warm) {
		now = epoch + int64(seq)*int64(s.Interval) + rtt
		d.Heard(detect.Beat, seq, now)
		d.Heard(detect.Echo, seq, now)
		if seq+1 < warm {
			d.Sent(seq+1, now-rtt+int64(s.Interval))
		}
	}
	seq++
	d.Sent(seq, now)
	return d, seq, now
}

// deadline is d's, which must have one.
func deadline(t *testing.T, d detect.Detector) int64 {
	t.Helper()
	at, ok := d.Deadline()
	if !ok {
		t.Fatal("no deadline, want one")
	}
	return at
}

func validConfig(t *testing.T, s Suite) {
	if err := s.Config.Validate(); err != nil {
		t.Error(err)
	}
	if s.Config.Name() == "" {
		t.Error("no name")
	}
}

func survivesJSON(t *testing.T, s Suite) {
	b, err := json.Marshal(detect.Named{Config: s.Config})
	if err != nil {
		t.Fatal(err)
	}
	var got detect.Named
	if err := json.Unmarshal(b, &got); err != nil || got.Config != s.Config {
		t.Errorf("%s: read %+v (%v), want %+v", b, got.Config, err, s.Config)
	}
}

func otherInterval(t *testing.T, s Suite) {
	paced, ok := s.Config.(detect.Paced)
	if !ok {
		t.Skip("no interval among the parameters")
	}
	other := paced.WithInterval(s.Interval + 1)
	if err := other.Validate(); err != nil || other == s.Config {
		t.Errorf("with another interval: %+v (%v), want that and valid", other, err)
	}
	if back := other.(detect.Paced).WithInterval(s.Interval); back != s.Config {
		t.Errorf("there and back: %+v, want %+v", back, s.Config)
	}
}

func nothingBeforeStart(t *testing.T, s Suite) {
	early, fresh := s.Config.New(), s.Config.New()
	early.Sent(0, 10)
	early.Heard(detect.Beat, 0, 20)
	early.Heard(detect.Echo, 0, 20)
	early.Heard(detect.Data, 0, 30)
	early.Stalled(30, 40)
	if l, ok := early.(detect.Leveler); ok && l.Level(40) != 0 {
		t.Errorf("level %v before the start, want 0", l.Level(40))
	}
	if at, ok := early.Deadline(); ok {
		t.Errorf("deadline %d before the start, want none", at)
	}
	for _, d := range []detect.Detector{early, fresh} {
		d.Start(15)
		if _, ok := d.Deadline(); ok == s.FromBeats {
			t.Errorf("deadline after the start: %v, want %v", ok, !s.FromBeats)
		}
		d.Sent(0, 16)
	}
	for seq := range uint64(3) {
		if got, want := deadline(t, early), deadline(t, fresh); got != want {
			t.Errorf("deadline %d is %d after calls before the start, %d without", seq, got, want)
		}
		for _, d := range []detect.Detector{early, fresh} {
			now := 20 + int64(seq*seq)*int64(s.Interval)/2 // irregular
			d.Heard(detect.Beat, seq, now)
			d.Heard(detect.Echo, seq, now)
			d.Sent(seq+1, now)
		}
	}
}

func livePeer(t *testing.T, s Suite) {
	d := s.Config.New()
	d.Start(0)
	check := func(now int64) {
		t.Helper()
		if at, ok := d.Deadline(); ok && at <= now {
			t.Fatalf("at %d: suspects a live peer from %d on", now, at)
		}
	}
	for seq := range uint64(200) {
		now := int64(seq) * int64(s.Interval)
		check(now)
		d.Sent(seq, now)
		check(now + rtt)
		d.Heard(detect.Echo, seq, now+rtt)
		d.Heard(detect.Beat, seq, now+rtt)
		check(now + rtt)
	}
}

func silentPeer(t *testing.T, s Suite) {
	d, seq, now := s.live(0)
	want := deadline(t, d)
	for range 5 {
		now += int64(s.Interval)
		seq++
		d.Sent(seq, now)
		if got := deadline(t, d); got != want {
			t.Fatalf("our own beat %d moved the deadline from %d to %d", seq, want, got)
		}
	}
	if !strings.Contains(d.Explain(), s.Config.Name()) {
		t.Errorf("explains itself by %q, want its name in it", d.Explain())
	}
}

func signs(t *testing.T, s Suite) {
	moves := map[detect.Kind]bool{}
	for _, kind := range s.Signs {
		moves[kind] = true
	}
	for _, kind := range []detect.Kind{0, detect.Beat, detect.Echo, detect.Data, detect.Data + 1} {
		d, seq, now := s.live(0)
		d.Sent(seq+1, now+2) // so that one still waits when seq is answered
		before := deadline(t, d)
		d.Heard(kind, seq, now+int64(s.Interval))
		after := deadline(t, d)
		if moves[kind] && after <= before {
			t.Errorf("%v moved the deadline from %d to %d, want later", kind, before, after)
		}
		if !moves[kind] && after != before {
			t.Errorf("%v moved the deadline from %d to %d, want it left alone", kind, before, after)
		}
	}
}

func dataIsNoSample(t *testing.T, s Suite) {
	with, seq, now := s.live(0)
	without, _, _ := s.live(0)
	for i := range int64(50) {
		with.Heard(detect.Data, uint64(i), now+i)
	}
	now += int64(s.Interval)
	for _, d := range []detect.Detector{with, without} {
		d.Sent(seq+1, now)
		d.Heard(detect.Beat, seq, now)
		d.Heard(detect.Echo, seq, now)
	}
	if got, want := deadline(t, with), deadline(t, without); got != want {
		t.Errorf("deadline is %d after data, %d without", got, want)
	}
}

func standingStill(t *testing.T, s Suite) {
	d, seq, now := s.live(0)
	d.Sent(seq+1, now)
	d.Heard(detect.Echo, seq, now)
	want := deadline(t, d)
	d.Heard(detect.Echo, seq, now)
	d.Heard(0, 0, now)
	d.Sent(seq+1, now)
	d.Stalled(now, now)
	if got := deadline(t, d); got != want {
		t.Errorf("the same again, at the same instant, moved the deadline from %d to %d", want, got)
	}
}

func goingBack(t *testing.T, s Suite) {
	back, seq, now := s.live(0)
	still, _, _ := s.live(0)
	back.Sent(seq+1, now-5)
	still.Sent(seq+1, now)
	for i, kind := range []detect.Kind{detect.Data, detect.Beat, detect.Echo} {
		back.Heard(kind, seq, now-int64(i)-1)
		still.Heard(kind, seq, now)
		if got, want := deadline(t, back), deadline(t, still); got != want {
			t.Errorf("%v from before: deadline %d, want %d", kind, got, want)
		}
	}
}

func disorder(t *testing.T, s Suite) {
	tests := []struct {
		name  string
		heard []uint64 // numbers after the last one heard
	}{
		{name: "a gap", heard: []uint64{3}},
		{name: "a repetition", heard: []uint64{0, 0, 1, 1}},
		{name: "an exchange of places", heard: []uint64{1, 0, 3, 2}},
		{name: "an old one", heard: []uint64{2, 0}},
		{name: "one never sent", heard: []uint64{1 << 40}},
	}
	for _, tt := range tests {
		d, seq, now := s.live(0)
		for i, n := range tt.heard {
			now++
			d.Sent(seq+1+uint64(i), now)
			d.Heard(detect.Beat, seq+n, now)
			d.Heard(detect.Echo, seq+n, now)
			if at, ok := d.Deadline(); ok && at <= now {
				t.Errorf("%s: suspects from %d on, at %d", tt.name, at, now)
			}
		}
		// The next beat after it must have a deadline, as ever.
		now += int64(s.Interval)
		d.Sent(seq+1<<20, now)
		if at := deadline(t, d); at > now+int64(time.Hour) {
			t.Errorf("%s: deadline %d is out of reach at %d", tt.name, at, now)
		}
	}
}

func stall(t *testing.T, s Suite) {
	tests := []struct {
		name     string
		from, to int64 // after the last sign of life
		want     int64 // how far the deadline moves
	}{
		{name: "in the silence", from: 100, to: 150, want: 50},
		{name: "from the last sign on", from: 0, to: 70, want: 70},
		{name: "that began before the last sign", from: -30, to: 70, want: 70},
		{name: "that was over before the last sign", from: -30, to: -10, want: 0},
		{name: "of no length", from: 100, to: 100, want: 0},
		{name: "that ends before it begins", from: 100, to: 50, want: 0},
	}
	for _, tt := range tests {
		d, _, now := s.live(0)
		before := deadline(t, d)
		d.Stalled(now+tt.from, now+tt.to)
		if got := deadline(t, d) - before; got != tt.want {
			t.Errorf("a stall %s moved the deadline by %d, want %d", tt.name, got, tt.want)
		}
	}
}

func anyEpoch(t *testing.T, s Suite) {
	d, _, _ := s.live(0)
	want := deadline(t, d)
	for _, epoch := range []int64{-int64(24 * time.Hour), 1, int64(1e6 * time.Hour)} {
		d, _, _ := s.live(epoch)
		if got := deadline(t, d) - epoch; got != want {
			t.Errorf("from %d on: deadline after %d, want %d", epoch, got, want)
		}
	}
}

func independence(t *testing.T, s Suite) {
	d, _, _ := s.live(0)
	want := deadline(t, d)
	s.live(int64(time.Hour))
	if got := deadline(t, d); got != want {
		t.Errorf("another detector moved the deadline from %d to %d", want, got)
	}
}

func allocations(t *testing.T, s Suite) {
	d, seq, now := s.live(0)
	if n := testing.AllocsPerRun(1000, func() {
		d.Heard(detect.Beat, seq, now)
		d.Heard(detect.Echo, seq, now)
		d.Heard(detect.Data, seq, now)
		seq++
		now += int64(s.Interval)
		d.Sent(seq, now)
		d.Deadline()
	}); n != 0 {
		t.Errorf("%v allocations per beat, want 0", n)
	}
}
