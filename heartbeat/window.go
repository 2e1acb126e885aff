package heartbeat

import (
	"fmt"
	"strings"
	"time"
)

// Window is the closed range [Lo, Hi] that a detection time must fall in.
type Window struct {
	Lo time.Duration `json:"lo_ns"` // 0: no lower bound
	Hi time.Duration `json:"hi_ns"` // must be more than Lo, and at most 24 h
}

// longestWindow is the largest upper bound: what takes longer is no liveness.
const longestWindow = 24 * time.Hour

// ParseWindow reads what String writes: "6s..9s", or "..9s" for a window
// without lower bound, the bounds as time.ParseDuration takes them.
func ParseWindow(s string) (Window, error) {
	lo, hi, ok := strings.Cut(s, "..")
	if !ok {
		return Window{}, fmt.Errorf("window %q: want two durations with .. between them, as in 6s..9s or ..9s", s)
	}
	var w Window
	for _, bound := range []struct {
		name, text string
		to         *time.Duration
	}{{"lower", lo, &w.Lo}, {"upper", hi, &w.Hi}} {
		text := strings.TrimSpace(bound.text)
		if text == "" && bound.to == &w.Lo {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil && overflows(text) {
			return Window{}, fmt.Errorf("window %q: %s bound %q: want 0s to %v", s, bound.name, text, longestWindow)
		}
		if err != nil {
			return Window{}, fmt.Errorf("window %q: %s bound %q: want a duration such as 9s, 1m30s or 500ms", s, bound.name, text)
		}
		*bound.to = d
	}
	if err := w.Validate(); err != nil {
		return Window{}, err
	}
	return w, nil
}

// overflows says whether a text that is no duration would be one with smaller
// numbers: package time has one error for both.
func overflows(text string) bool {
	small := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, strings.TrimLeft(text, "+-"))
	_, err := time.ParseDuration("0s" + small) // "0" alone needs no unit
	return err == nil && small != ""
}

// Validate says what is wrong with the window, if anything.
func (w Window) Validate() error {
	if w.Lo < 0 || w.Lo >= w.Hi {
		return fmt.Errorf("window %v: want 0s <= lower bound < upper bound", w.bounds())
	}
	if w.Hi > longestWindow {
		return fmt.Errorf("window %v: want an upper bound of at most %v", w, longestWindow)
	}
	return nil
}

// Contains says whether d lies in the window, bounds included.
func (w Window) Contains(d time.Duration) bool { return d >= w.Lo && d <= w.Hi }

// String is "6s..9s", or "..9s" without a lower bound; ParseWindow reads it. The
// zero Window is "no window", which it doesn't.
func (w Window) String() string {
	if w == (Window{}) {
		return "no window"
	}
	return w.bounds()
}

func (w Window) bounds() string {
	if w.Lo == 0 {
		return ".." + w.Hi.String()
	}
	return w.Lo.String() + ".." + w.Hi.String()
}
