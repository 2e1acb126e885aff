package file

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/heartbeat"
)

// Policies reads policies from r; name is the file's, for errors. Each has a
// profile of its own: a built-in one ("profile: strict"), or one that is made
// of its window as heartbeat.Custom does ("window: 12s..15s"), whose delay,
// jitter and margin it may change. A side without a detector never suspects its
// peer.
//
// The names of built-in policies are taken. Two policies of the file may have
// one name, in two profiles.
func Policies(r io.Reader, name string) ([]heartbeat.Policy, error) {
	s := source(name)
	list, err := s.load(r, "policies")
	if err != nil {
		return nil, err
	}
	var policies []heartbeat.Policy
	taken, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		p, err := s.policy(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(taken, func(t heartbeat.Policy) bool { return t.Name == p.Name }) {
			return nil, s.errorf(value(n, "name"), "name: %s is a built-in policy, want another name", p.Name)
		}
		if slices.ContainsFunc(policies, func(t heartbeat.Policy) bool { return t.Key() == p.Key() }) {
			return nil, s.errorf(value(n, "name"), "name: %s is there already, want another name or profile", p.Key())
		}
		policies = append(policies, p)
	}
	return policies, nil
}

// policyItem is a heartbeat.Policy, its interval and so on by their JSON names,
// with the keys that are not as in JSON in place of its own.
type policyItem struct {
	heartbeat.Policy
	Profile string         `json:"profile"`
	Window  window         `json:"window"`
	Delay   *time.Duration `json:"delay_ns"`
	Jitter  *time.Duration `json:"jitter_ns"`
	Margin  *time.Duration `json:"margin_ns"`
	Client  detector       `json:"client"`
	Server  detector       `json:"server"`
}

func (s source) policy(n *yaml.Node) (p heartbeat.Policy, err error) {
	var item policyItem
	if err := s.into("policies", n, &item); err != nil {
		return p, err
	}
	p = item.Policy
	if err := s.checkName(n, p.Name); err != nil {
		return p, err
	}
	if p.Profile, err = s.profile(n, item); err != nil {
		return p, err
	}
	if p.Client, err = item.Client.config(s, p.Interval); err != nil {
		return p, err
	}
	if p.Server, err = item.Server.config(s, p.Interval); err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, s.errorf(n, "%w", err)
	}
	return p, nil
}

// profile is the one that an item names or makes.
func (s source) profile(n *yaml.Node, item policyItem) (heartbeat.Profile, error) {
	own := item.Window != window{}
	if own == (item.Profile != "") {
		return heartbeat.Profile{}, s.errorf(n, "policy %s: want either a window, such as 6s..9s, or a profile: %s", item.Name, profileNames())
	}
	if !own {
		if item.Delay != nil || item.Jitter != nil || item.Margin != nil {
			return heartbeat.Profile{}, s.errorf(n, "policy %s: the profile %s has a delay, a jitter and a margin; want a window in its place to have others", item.Name, item.Profile)
		}
		for _, p := range heartbeat.Profiles() {
			if p.Name == item.Profile {
				return p, nil
			}
		}
		return heartbeat.Profile{}, s.errorf(value(n, "profile"), "profile: unknown %q, known: %s", item.Profile, profileNames())
	}
	p := heartbeat.Custom(heartbeat.Window(item.Window))
	p.Delay = *cmp.Or(item.Delay, &p.Delay)
	p.Jitter = *cmp.Or(item.Jitter, &p.Jitter)
	p.Margin = *cmp.Or(item.Margin, &p.Margin)
	if _, err := p.Timing(); err != nil { // scenarios' times rest on it
		return p, s.errorf(value(n, "window"), "%w", err)
	}
	return p, nil
}

func profileNames() string {
	var names []string
	for _, p := range heartbeat.Profiles() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// window reads what heartbeat.ParseWindow does.
type window heartbeat.Window

func (w *window) decode(s source, key string, n *yaml.Node) error {
	if !plain(n, "!!str") {
		return s.wrong(key, n, "two durations with .. between them, as in 6s..9s or ..9s")
	}
	parsed, err := heartbeat.ParseWindow(n.Value)
	if err != nil {
		return s.errorf(n, "%w", err)
	}
	*w = window(parsed)
	return nil
}
