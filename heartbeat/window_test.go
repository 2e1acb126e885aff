package heartbeat

import (
	"strings"
	"testing"
	"time"
)

func TestParseWindow(t *testing.T) {
	tests := []struct {
		text string
		want Window
	}{
		{text: "6s..9s", want: Window{Lo: 6 * time.Second, Hi: 9 * time.Second}},
		{text: "..9s", want: Window{Hi: 9 * time.Second}},
		{text: "6s..24h", want: Window{Lo: 6 * time.Second, Hi: 24 * time.Hour}},
		{text: "0s..500ms", want: Window{Hi: 500 * time.Millisecond}},
		{text: " 1m30s .. 2m ", want: Window{Lo: 90 * time.Second, Hi: 2 * time.Minute}},
	}
	for _, tt := range tests {
		got, err := ParseWindow(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%q: got %v (%v), want %v", tt.text, got, err, tt.want)
		}
		if again, err := ParseWindow(got.String()); err != nil || again != got {
			t.Errorf("%q: %v reads as %v (%v)", tt.text, got, again, err)
		}
	}
}

func TestParseWindowRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{text: "", want: `window "": want two durations with .. between them, as in 6s..9s or ..9s`},
		{text: "9s", want: `window "9s": want two durations`},
		{text: "6..9", want: `window "6..9": lower bound "6": want a duration such as 9s, 1m30s or 500ms`},
		{text: "6s..", want: `window "6s..": upper bound "": want a duration`},
		{text: "6s...9s", want: "window 6s..900ms: want"},
		{text: "9s..6s", want: "window 9s..6s: want 0s <= lower bound < upper bound"},
		{text: "6s..6s", want: "window 6s..6s: want 0s <= lower bound < upper bound"},
		{text: "-1s..6s", want: "window -1s..6s: want 0s <= lower bound < upper bound"},
		{text: "6s..24h0m0.000000001s", want: "window 6s..24h0m0.000000001s: want an upper bound of at most 24h0m0s"},
		{text: "6s..99999999h", want: `window "6s..99999999h": upper bound "99999999h": want 0s to 24h0m0s`},
		{text: "99999999h30m..9s", want: `lower bound "99999999h30m": want 0s to 24h0m0s`},
		{text: "6s..99999999", want: `upper bound "99999999": want a duration such as`},
		{text: "..0s", want: "window ..0s: want 0s <= lower bound < upper bound"},
	}
	for _, tt := range tests {
		w, err := ParseWindow(tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: read %v, error %v; want %q", tt.text, w, err, tt.want)
		}
	}
}

func TestWindowContainsItsBounds(t *testing.T) {
	w := Window{Lo: 6 * time.Second, Hi: 9 * time.Second}
	for d, want := range map[time.Duration]bool{
		w.Lo - 1: false, w.Lo: true, w.Hi: true, w.Hi + 1: false,
	} {
		if got := w.Contains(d); got != want {
			t.Errorf("%v contains %v: %v, want %v", w, d, got, want)
		}
	}
}
