package main

import (
	"slices"
	"strings"

	"github.com/flatline-go/flatline/heartbeat"
)

// profileFlags choose the profiles, for any command that shows policies or runs
// them.
type profileFlags struct {
	Profile []string `placeholder:"NAME" help:"Profiles of the policies. Default: all."`
	Window  *window  `placeholder:"LO..HI" help:"A window instead: 12s..15s, or ..9s."`
}

// window is a heartbeat.Window as a flag.
type window struct{ heartbeat.Window }

// UnmarshalText reads what heartbeat.ParseWindow does.
func (w *window) UnmarshalText(text []byte) (err error) {
	w.Window, err = heartbeat.ParseWindow(string(text))
	return err
}

// profiles are those to make the built-in policies in.
func (p profileFlags) profiles() ([]heartbeat.Profile, error) {
	if p.Window == nil {
		return choose("profile", "profile", heartbeat.Profiles(), func(p heartbeat.Profile) string { return p.Name }, p.Profile)
	}
	if len(p.Profile) > 0 {
		return nil, usage("--window and --profile: want one of them; a window makes a profile of its own")
	}
	return []heartbeat.Profile{heartbeat.Custom(p.Window.Window)}, nil
}

// policies are the wanted ones, or all, profile by profile: the built-in ones,
// and those of own whose profile is of a chosen name or, where no window is chosen,
// that have a window of their own.
func (p profileFlags) policies(own []heartbeat.Policy, wanted []string) ([]heartbeat.Policy, error) {
	profiles, err := p.profiles()
	if err != nil {
		return nil, err
	}
	builtIn, err := heartbeat.Policies(heartbeat.Strict()) // in any profile: what counts is their names
	if err != nil {
		return nil, err
	}
	if _, err := choose("policy", "policy", slices.Concat(builtIn, own), policyName, wanted); err != nil {
		return nil, err
	}
	chosen := func(policy heartbeat.Policy) bool {
		return len(wanted) == 0 || slices.Contains(wanted, policy.Name)
	}

	var all []heartbeat.Policy
	if slices.ContainsFunc(builtIn, chosen) { // else a window needs no room for them
		for _, profile := range profiles {
			policies, err := heartbeat.Policies(profile)
			if err != nil {
				return nil, usage("--window: %w", err) // the built-in profiles have room
			}
			all = append(all, policies...)
		}
	}
	for _, policy := range own {
		of := func(p heartbeat.Profile) bool { return p.Name == policy.Profile.Name }
		itsOwn := p.Window == nil && (len(p.Profile) == 0 || !slices.ContainsFunc(heartbeat.Profiles(), of))
		if itsOwn || slices.ContainsFunc(profiles, of) {
			all = append(all, policy)
		}
	}
	all = slices.DeleteFunc(all, func(policy heartbeat.Policy) bool { return !chosen(policy) })
	if err := missing(own, all, wanted); err != nil {
		return nil, err
	}
	return byProfile(all), nil
}

// missing is the error of own policies that the chosen profiles leave out: of a
// wanted one, or of all.
func missing(own, chosen []heartbeat.Policy, wanted []string) error {
	var left, profiles []string
	for _, p := range own {
		switch {
		case slices.ContainsFunc(chosen, func(c heartbeat.Policy) bool { return c.Name == p.Name }):
			if len(wanted) == 0 {
				return nil
			}
		case len(wanted) == 0 || slices.Contains(wanted, p.Name):
			left, profiles = append(left, p.Name), append(profiles, p.Profile.Name)
		}
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(profiles)
	return usage("the profiles leave out %s: want --profile or --window with %s, or neither", strings.Join(left, ", "), strings.Join(slices.Compact(profiles), ", "))
}

// byProfile puts policies of the same profile together, in the order in which
// the profiles first come.
func byProfile(policies []heartbeat.Policy) []heartbeat.Policy {
	var profiles []heartbeat.Profile
	for _, p := range policies {
		if !slices.Contains(profiles, p.Profile) {
			profiles = append(profiles, p.Profile)
		}
	}
	slices.SortStableFunc(policies, func(a, b heartbeat.Policy) int {
		return slices.Index(profiles, a.Profile) - slices.Index(profiles, b.Profile)
	})
	return policies
}

func policyName(p heartbeat.Policy) string { return p.Name }
