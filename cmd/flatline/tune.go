package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/heartbeat"
)

// tuneCmd says which interval and which timeout to use.
type tuneCmd struct {
	Window      window         `required:"" placeholder:"LO..HI" help:"When a dead peer is to be noticed: 6s..9s, or ..9s."`
	Delay       *time.Duration `placeholder:"TIME" help:"The network's largest one-way delay. Default: 300ms."`
	Jitter      *time.Duration `placeholder:"TIME" help:"Most that round trips differ by. Default: 400ms."`
	Loss        *share         `placeholder:"SHARE" help:"Share of packets that are lost: 1%, 0.01. Default: 1%."`
	Margin      *time.Duration `placeholder:"TIME" help:"Kept free at both ends of the window. Default: 5 % of it."`
	Mistakes    tune.Rate      `default:"1/30d" placeholder:"N/TIME" help:"How many mistakes each side may make. Default: 1/30d."`
	Delivery    string         `enum:"udp,tcp" default:"udp" placeholder:"udp|tcp" help:"A lost beat is lost (udp, default) or late (tcp)."`
	Firewall    *firewall      `placeholder:"NAME" help:"That forgets the idle: aws-nlb, azure-lb, gcp, 240s."`
	Trace       string         `placeholder:"FILE" help:"Measure jitter and loss in a capture (CSV) instead."`
	Interval    *time.Duration `placeholder:"TIME" help:"This beat interval. Default: the largest that will do."`
	Family      []string       `placeholder:"NAME" help:"Families of detectors. Default: all."`
	Connections int            `default:"1" placeholder:"N" help:"How many connections to count the overhead of."`
	Beats       *int           `placeholder:"N" help:"How many to simulate for a family. Default: 10 million at most."`
	Seed        uint64         `default:"1" placeholder:"N" help:"Seed of the simulation."`
	Print       string         `placeholder:"SYSTEM" help:"Print settings for sysctl, go, grpc, nats or yaml only."`
	Out         string         `placeholder:"FILE" help:"Write the policies there, for run, sim and judge."`
	JSON        bool           `name:"json" help:"Print JSON, with the settings of --print."`
}

// share is a share as a flag.
type share float64

// UnmarshalText reads what tune.ParseLoss does.
func (s *share) UnmarshalText(text []byte) error {
	f, err := tune.ParseLoss(string(text))
	*s = share(f)
	return err
}

// firewall is a tune.Firewall as a flag.
type firewall struct{ tune.Firewall }

// UnmarshalText reads what tune.ParseFirewall does.
func (f *firewall) UnmarshalText(text []byte) (err error) {
	f.Firewall, err = tune.ParseFirewall(string(text))
	return err
}

// Help is shown below the command's summary.
func (*tuneCmd) Help() string {
	return `Example: flatline tune --window 6s..9s --delay 50ms --jitter 20ms --loss 1% --mistakes 1/week`
}

// advice is all that the command has to say.
type advice struct {
	Demands         tune.Demands          `json:"demands"`
	Measured        *tune.Measured        `json:"measured,omitempty"`
	Recommendations []tune.Recommendation `json:"recommendations"`
	// Warnings are what must be known of the recommendations before they are used.
	Warnings []string `json:"warnings,omitempty"`
	// Relaxations are by family that keeps not all of the demands.
	Relaxations map[string][]tune.Relaxation `json:"relaxations,omitempty"`
	Settings    *tune.Settings               `json:"settings,omitempty"`
	Counted     string                       `json:"counted"`

	took time.Duration // to recommend
}

// Run is called by Kong.
func (c *tuneCmd) Run(ctx context.Context, s streams) error {
	of, err := c.demands()
	if err != nil {
		return err
	}
	families, err := c.families()
	if err != nil {
		return err
	}
	systems := append(tune.Systems(), "yaml")
	if _, err := choose("print", "system", systems, func(s string) string { return s }, wish(c.Print)); err != nil {
		return err
	}
	if err := mayWrite(c.Out); err != nil {
		return err
	}
	of.Counted = tune.Counted
	interrupted := ""
	if c.needsRecommendations() {
		began := time.Now()
		of.Recommendations, err = tune.Recommend(ctx, of.Demands, families, c.options())
		of.took = time.Since(began)
		if err != nil && ctx.Err() == nil {
			return usage("%w", err)
		}
		switch looked, wanting := of.relax(ctx); {
		case len(of.Recommendations) < len(families):
			interrupted = fmt.Sprintf("%d of %d families were tuned", len(of.Recommendations), len(families))
		case looked < wanting:
			interrupted = fmt.Sprintf("all families were tuned; what to relax was looked for, for %d of the %d that keep not all demands", looked, wanting)
		case wanting == len(of.Recommendations):
			return of.contradiction()
		}
	}
	of.Warnings = of.warnings(c.Trace)
	if err := c.print(s, of); err != nil {
		return err
	}
	if interrupted != "" {
		return exit{exitInterrupted, errors.New("interrupted: " + interrupted)}
	}
	return c.write(s, of)
}

// options are those of the simulation.
func (c *tuneCmd) options() tune.Options {
	o := tune.Options{Seed: c.Seed}
	if c.Beats != nil {
		o.Beats = *c.Beats
	}
	return o
}

// needsRecommendations says whether what is printed rests on them: what other
// systems are told follows from the window alone.
func (c *tuneCmd) needsRecommendations() bool {
	return c.Print == "" || c.Print == "go" || c.Print == "yaml" || c.Out != ""
}

// wish is a list of what was asked for.
func wish(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

func (c *tuneCmd) families() ([]string, error) {
	if slices.Equal(c.Family, []string{"all"}) {
		return tune.FamilyNames(), nil
	}
	return choose("family", "family", tune.FamilyNames(), func(name string) string { return name }, c.Family)
}

// demands are what the flags say, and the capture.
func (c *tuneCmd) demands() (advice, error) {
	profile := heartbeat.Custom(c.Window.Window)
	d := tune.Demands{Loss: 0.01, Mistakes: c.Mistakes, Connections: c.Connections, Delivery: sim.Delivery(c.Delivery)}
	for _, given := range []struct{ from, to *time.Duration }{
		{c.Delay, &profile.Delay}, {c.Jitter, &profile.Jitter}, {c.Margin, &profile.Margin},
	} {
		if given.from != nil {
			*given.to = *given.from
		}
	}
	if c.Loss != nil {
		d.Loss = float64(*c.Loss)
	}
	if c.Firewall != nil {
		d.Firewall = c.Firewall.Firewall
	}
	if c.Interval != nil {
		if *c.Interval <= 0 {
			return advice{}, usage("--interval: %v, want more than 0, such as 2s: without a beat nothing is noticed", *c.Interval)
		}
		if *c.Interval < heartbeat.LeastInterval {
			return advice{}, usage("--interval: %v, want %v or more", *c.Interval, heartbeat.LeastInterval)
		}
		d.Interval = *c.Interval
	}
	if c.Beats != nil && *c.Beats < tune.FewestBeats {
		return advice{}, usage("--beats: %d, want %d or more: fewer tell nothing of rare mistakes", *c.Beats, tune.FewestBeats)
	}
	d.Profile = profile
	of := advice{Demands: d}
	if c.Trace != "" {
		if c.Jitter != nil || c.Loss != nil {
			return advice{}, usage("--trace with --jitter or --loss: want one of them; the capture tells of both")
		}
		measured, err := measure(c.Trace)
		if err != nil {
			return advice{}, usage("--trace: %s: %w", c.Trace, err)
		}
		known := time.Duration(0)
		if c.Delay != nil {
			known = *c.Delay
		}
		of.Measured, of.Demands = &measured, measured.Apply(d, known)
	}
	if err := c.besideDefaults(of.Demands.Profile); err != nil {
		return advice{}, err
	}
	if err := of.Demands.Validate(); err != nil {
		if m := of.Measured; m != nil { // it is the capture that cannot be
			return advice{}, usage("--trace: %s: %w (its delays differ by up to %v; its longest silence is %s)", c.Trace, err, m.Spread, silenceWords(m.Silence))
		}
		return advice{}, usage("%w", err)
	}
	return of, nil
}

// besideDefaults refuses a delay without a jitter that fits it, and the other way
// round, where the one that was not given is its default.
func (c *tuneCmd) besideDefaults(p heartbeat.Profile) error {
	if c.Trace != "" || p.Delay < 0 || p.Jitter <= 2*p.Delay {
		return nil
	}
	switch {
	case c.Jitter == nil:
		return usage("--delay: %v, and by default the jitter is %v: give --jitter as well, 0s to %v, for two round trips cannot differ by more", p.Delay, p.Jitter, 2*p.Delay)
	case c.Delay == nil:
		return usage("--jitter: %v, and by default the delay is %v: give --delay as well, %v or more, for two round trips cannot differ by more than one takes", p.Jitter, p.Delay, (p.Jitter+1)/2)
	}
	return nil
}

// measure reads a capture.
func measure(path string) (m tune.Measured, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r, err := capture.NewReader(f, capture.Options{})
	if err != nil {
		return m, err
	}
	return tune.Measure(r)
}

// relax looks for what would help the families that keep not all of the demands:
// wanting of them, of which it has looked at so many when ctx ends.
func (of *advice) relax(ctx context.Context) (looked, wanting int) {
	of.Relaxations = map[string][]tune.Relaxation{}
	for _, r := range of.Recommendations {
		if r.Fits() {
			continue
		}
		wanting++
		if options, err := of.options(ctx, r); err == nil {
			of.Relaxations[r.Family] = options
			looked++
		}
	}
	return looked, wanting
}

// options are the demands that could be relaxed for a family.
func (of *advice) options(ctx context.Context, r tune.Recommendation) ([]tune.Relaxation, error) {
	for _, f := range tune.Families() {
		if f.Name == r.Family {
			return tune.Relax(ctx, of.Demands, f)
		}
	}
	if r.Predicted == nil { // of the kernel, which has no whole seconds that fit
		return nil, nil
	}
	return tune.RelaxMistakes(of.Demands, *r.Predicted), nil
}

// contradiction is the error of demands that no family keeps.
func (of advice) contradiction() error {
	help := "to relax one of them is not enough"
	for _, r := range of.Recommendations { // the first that can be helped
		if options := of.Relaxations[r.Family]; len(options) > 0 {
			help = "for " + r.Family + " relax one: " + choices(options)
			break
		}
	}
	return usage("the demands contradict each other: %s; %s", help, strings.Join(of.reasons(), "; "))
}

// reasons say why families have nothing to recommend; those with the same reason
// share a sentence.
func (of advice) reasons() []string {
	var order []string
	families := map[string][]string{}
	for _, r := range of.Recommendations {
		if r.Fits() {
			continue
		}
		if families[r.Why] == nil {
			order = append(order, r.Why)
		}
		families[r.Why] = append(families[r.Why], r.Family)
	}
	for i, why := range order {
		order[i] = strings.Join(families[why], ", ") + ": " + why
	}
	return order
}

func choices(of []tune.Relaxation) string {
	var out []string
	for _, r := range of {
		out = append(out, r.String())
	}
	return strings.Join(out, ", or ")
}

// print prints the advice, or the settings alone.
func (c *tuneCmd) print(s streams, of advice) error {
	if c.Print == "yaml" {
		text, err := of.policyFile()
		if err != nil {
			return err
		}
		of.Settings = &tune.Settings{System: c.Print, Text: text}
	} else if c.Print != "" {
		settings, err := tune.Print(c.Print, of.Demands, of.Recommendations)
		if err != nil {
			return usage("--print: %w", err)
		}
		settings.Text = comments(c.Print, of.Warnings) + settings.Text
		of.Settings = &settings
	}
	if c.Print != "" || c.Out != "" || c.JSON { // else they stand below the table
		for _, line := range of.Warnings {
			printProse(s.err, "flatline: "+line)
		}
	}
	switch {
	case c.JSON:
		return printJSON(s.out, of)
	case of.Settings != nil:
		_, err := io.WriteString(s.out, of.Settings.Text)
		for _, line := range of.Settings.Outside {
			printProse(s.err, "flatline: "+line)
		}
		return err
	default:
		of.print(newTerminal(s.out))
		return nil
	}
}

// policies are those that were found.
func (of advice) policies() []heartbeat.Policy {
	var out []heartbeat.Policy
	for _, r := range of.Recommendations {
		if r.Fits() {
			out = append(out, r.Policy)
		}
	}
	return out
}

// write writes the policy file, if it is wanted.
func (c *tuneCmd) write(s streams, of advice) error {
	if c.Out == "" {
		return nil
	}
	text, err := of.policyFile()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, []byte(text), 0o644); err != nil {
		return usage("--out: %w", err)
	}
	if !c.JSON && c.Print == "" {
		fmt.Fprintf(s.out, "Policies: %s; flatline run --policies %s --policy %s\n", c.Out, c.Out, of.policies()[0].Name)
	}
	return nil
}
