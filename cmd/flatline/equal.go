package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// equal is what all detectors are tuned to, as a flag.
type equal struct{ tune.Equal }

// UnmarshalText reads mistakes=1/day or detection=9s.
func (e *equal) UnmarshalText(text []byte) error {
	what, value, _ := strings.Cut(string(text), "=")
	switch what {
	case "mistakes":
		rate, err := tune.ParseRate(value)
		e.Mistakes = rate
		return err
	case "detection":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q, want a time of more than 0, such as detection=9s", text)
		}
		e.Detection = d
		return nil
	default:
		return fmt.Errorf("%q, want mistakes=1/day or detection=9s", text)
	}
}

// equals is flatline sim --equal: detectors that are tuned to the same, on the
// same arrivals.
func (c *simCmd) equals(ctx context.Context, s streams, model sim.Model, given *kong.Context) (err error) {
	if err := c.refuseBesideEqual(given); err != nil {
		return err
	}
	c.draw()
	families, err := c.families()
	if err != nil {
		return err
	}
	interval, err := c.interval()
	if err != nil {
		return err
	}
	beats, err := c.beats(interval)
	if err != nil {
		return err
	}
	if c.Out != "" {
		unlock, err := c.prepare()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	var w io.Writer = newTerminal(s.out)
	if c.JSON {
		w = io.Discard
	}
	printProse(w, fmt.Sprintf("%s beats, one every %v, and their echoes, seed %d, on %s", words.Count(beats), interval, *c.Seed, model))
	compared, err := tuned(ctx, model, c.Equal.Equal, families, interval, beats, *c.Seed)
	if err != nil && ctx.Err() == nil {
		return usage("--equal: %w", err)
	}
	if c.JSON {
		err = printJSON(s.out, compared)
	} else {
		printCompared(w, compared)
	}
	if ctx.Err() != nil {
		return exit{exitInterrupted, fmt.Errorf("interrupted: %d of %d families were tuned", len(compared.Tuned), len(families))}
	}
	if err != nil || c.Out == "" {
		return err
	}
	if err := report.WriteComparison(c.Out, compared); err != nil {
		return err
	}
	gathered, err := report.Gather(c.Out)
	if err != nil {
		return err
	}
	if err := gathered.Write(c.Out); err != nil {
		return err
	}
	fmt.Fprintf(w, "Report: %s\n", filepath.Join(c.Out, report.HTMLFile))
	return nil
}

// refuseBesideEqual refuses the flags that a comparison has no use for.
func (c *simCmd) refuseBesideEqual(given *kong.Context) error {
	for _, step := range given.Path {
		if f := step.Flag; f != nil && slices.Contains([]string{"scenario", "scenarios", "policies", "set", "phases", "mode", "trials"}, f.Name) {
			return usage("--equal with --%s: want one of them; the comparison is of the detectors themselves, after a crash of the peer at any phase", f.Name)
		}
	}
	if len(c.Profile) > 1 {
		return usage("--equal with --profile %s: want one; all detectors hear the same beats", strings.Join(c.Profile, ","))
	}
	return nil
}

// mostBeats bounds the memory of a comparison: 24 bytes for each.
const mostBeats = 50_000_000

// beats are as many as the comparison needs, and at least a life.
func (c *simCmd) beats(interval time.Duration) (int, error) {
	beats := max(c.Equal.BeatsFor(interval), int(c.Life/interval))
	if beats > mostBeats {
		return 0, usage("--equal: %v every %v is %d beats, want at most %d: a longer interval, or more mistakes", c.Equal, interval, beats, mostBeats)
	}
	if time.Duration(beats) <= tune.Longest/interval {
		return beats, nil
	}
	if beats > tune.Usual {
		return 0, usage("--equal: %v take more than a century to compare, want more mistakes: 1/y or so", c.Equal)
	}
	apart := (tune.Longest / tune.Usual).Truncate(time.Minute) // more than the interval that they leave room for
	return 0, usage("--window: %v has a beat every %v, and %d of them are more than a century: want bounds that are %v apart or less, such as ..%v",
		c.Window, interval, beats, apart, 3*apart)
}

// tuned holds families against each other on one history.
func tuned(ctx context.Context, model sim.Model, e tune.Equal, families []tune.Family, interval time.Duration, beats int, seed uint64) (tune.Comparison, error) {
	history, err := tune.Record(ctx, model, heartbeat.ClientSide, interval, beats, seed)
	if err != nil {
		return tune.Comparison{Equal: e, History: history}, err
	}
	return history.Compare(ctx, e, families)
}

// families are the detectors that were asked for, by the names of policies.
func (c *simCmd) families() ([]tune.Family, error) {
	wanted := c.Policy
	if slices.Equal(wanted, []string{"all"}) {
		wanted = nil
	}
	return choose("policy", "detector", tune.Families(), func(f tune.Family) string { return f.Name }, wanted)
}

// interval is that of the profile that was asked for; of strict, if none was.
func (c *simCmd) interval() (time.Duration, error) {
	profiles, err := c.profiles()
	if err != nil {
		return 0, err
	}
	t, err := profiles[0].Timing()
	if err != nil {
		return 0, usage("--window: %w", err)
	}
	return t.Interval, nil
}

// printCompared prints a comparison, and what may be concluded from it.
func printCompared(w io.Writer, c tune.Comparison) {
	fmt.Fprintf(w, "\nTuned to %v\n\n", c.Equal)
	tab := newTable(w, "detector", "with", "mistakes/d", "95 %", "T_D median", "95 %", "p99", "largest", against(c))
	tab.SetColumnConfigs(rightAligned(3, 4, 5, 6, 7, 8))
	for _, t := range c.Tuned {
		if t.Why != "" {
			tab.AppendRow(table.Row{t.Family, "-"})
			continue
		}
		d := t.Detection
		band := "-"
		if d.Most > 0 {
			band = fmt.Sprintf("%.3f-%.3f", d.Least.Seconds(), d.Most.Seconds())
		}
		tab.AppendRow(table.Row{
			t.Family, detectorWith(t, c.History.Interval), words.Number(t.Rate.PerDay),
			words.Number(t.Rate.Least) + "-" + words.Number(t.Rate.Most),
			inSeconds(d.Median), band, inSeconds(d.P99), inSeconds(d.Max), difference(c.Equal, t),
		})
	}
	tab.Render()
	fmt.Fprintln(w)
	for _, line := range tune.Conclude(c) {
		printProse(w, line)
	}
}

// against is the last column's head: what the others are held against.
func against(c tune.Comparison) string {
	for _, t := range c.Tuned {
		if t.Against != nil {
			return "against " + t.Against.To
		}
	}
	return ""
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// detectorWith is a detector's parameters, without what all of them have.
func detectorWith(t tune.Tuned, interval time.Duration) string {
	out := strings.TrimPrefix(report.Detector(t.Detector.Config), t.Family+" ")
	return strings.ReplaceAll(out, fmt.Sprintf("interval %v ", interval), "")
}

// difference is a tuned family's to the best one.
func difference(e tune.Equal, t tune.Tuned) string {
	d := t.Against
	switch {
	case d == nil:
		return ""
	case !d.Shown:
		return "no difference shown"
	case e.Detection > 0:
		more := "more"
		if d.Ratio > 0 {
			more = words.Number(d.Ratio) + " times as many"
		}
		if d.P == 0 { // less than a number can be
			return more + " (p<1e-300)"
		}
		return fmt.Sprintf("%s (p=%.2g)", more, d.P)
	default:
		return fmt.Sprintf("%+.3fs (%+.3f to %+.3f)", d.Later.Seconds(), d.Least.Seconds(), d.Most.Seconds())
	}
}
