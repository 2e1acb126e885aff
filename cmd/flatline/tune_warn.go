package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/harness/words"
)

// warnings are what must be known of the advice wherever it goes: what the capture,
// or the simulation, has against it.
func (of advice) warnings(trace string) []string {
	var out []string
	if m := of.Measured; m != nil {
		if unbearable := of.Demands.Unbearable(); len(unbearable) > 0 {
			out = append(out, of.unbearable(filepath.Base(trace), unbearable))
		}
		if m.Bursts {
			out = append(out, fmt.Sprintf("Losses come in bursts, of up to %d beats: formulas and the simulation are of losses one by one, and too good for this network. What counts is the replay of the capture.", m.Longest))
		}
	}
	if names := of.families(tune.Broken); len(names) > 0 {
		out = append(out, fmt.Sprintf("Broken: at most %v mistakes, by %s.", of.Demands.Mistakes, strings.Join(names, ", ")))
	}
	if of.Measured != nil {
		if names := of.families(tune.Unsure); len(names) > 0 {
			out = append(out, of.tooShort(names))
		}
	}
	return out
}

// families are those of which that is the verdict.
func (of advice) families(v tune.Verdict) (out []string) {
	for _, r := range of.Recommendations {
		if r.Fits() && r.Verdict(of.Demands.Mistakes) == v {
			out = append(out, r.Family)
		}
	}
	return out
}

// unbearable says which silences no policy bears; the first is the longest.
func (of advice) unbearable(file string, all []tune.Silence) string {
	is := "a silence"
	if len(all) > 1 {
		is = words.Count(len(all)) + " silences"
	}
	d := of.Demands
	leaves := d.Profile.Window.Hi - d.Profile.Margin - d.Profile.Delay
	return fmt.Sprintf("%s has %s that no policy bears which keeps the window %v: it leaves a detector %v, whatever the interval. The longest is of %s. If the peer lived then, want a window whose upper bound is well above that, or more mistakes.",
		file, is, d.Profile.Window, words.Milli(leaves), silenceWords(all[0]))
}

// silenceWords is one in words: how long, and where in the capture.
func silenceWords(s tune.Silence) string {
	return fmt.Sprintf("%v after beat %d (%v after the first arrival)", words.Milli(s.Long), s.After, s.Began.Round(time.Second))
}

// tooShort says what the capture is too short for.
func (of advice) tooShort(names []string) string {
	d, m := of.Demands, of.Measured
	out := fmt.Sprintf("Not shown: at most %v mistakes, by %s.", d.Mistakes, strings.Join(names, ", "))
	if needs := d.Mistakes.Shows(); needs > m.Long {
		out += fmt.Sprintf(" The capture is of %s; to show it takes one of %s without a mistake.", days(m.Long), days(needs))
	}
	return out
}

// days is a time in days, or in hours where it is short.
func days(d time.Duration) string {
	if d < 24*time.Hour {
		return words.Number(d.Hours()) + " hours"
	}
	return words.Number(d.Hours()/24) + " days"
}
