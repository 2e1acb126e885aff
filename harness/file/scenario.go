package file

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Scenarios reads scenarios from r; name is the file's, for errors. They will
// stand beside others, whose names are taken, and meet the policies, which are
// all that they may name. A scenario that makes sense under none of those that
// it applies to is an error; harness.Plan says which of the rest it doesn't fit.
func Scenarios(r io.Reader, name string, beside []scenario.Scenario, policies []heartbeat.Policy) ([]scenario.Scenario, error) {
	s := source(name)
	list, err := s.load(r, "scenarios")
	if err != nil {
		return nil, err
	}
	var read []scenario.Scenario
	for _, n := range list {
		sc, err := s.scenario(n, policies)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(slices.Concat(beside, read), func(t scenario.Scenario) bool { return t.Name == sc.Name }) {
			return nil, s.errorf(value(n, "name"), "name: there is a scenario %s already, want another name", sc.Name)
		}
		read = append(read, sc)
	}
	return read, nil
}

func (s source) scenario(n *yaml.Node, policies []heartbeat.Policy) (scenario.Scenario, error) {
	var sc scenario.Scenario
	if err := s.into("scenarios", n, &sc); err != nil {
		return sc, err
	}
	if err := s.checkName(n, sc.Name); err != nil {
		return sc, err
	}
	if err := s.checkParams(n, sc.Params); err != nil {
		return sc, err
	}
	if err := s.checkPolicies(n, sc.Policies, policies); err != nil {
		return sc, err
	}
	for i, e := range sc.Expect {
		if err := s.checkPolicies(value(n, "expect").Content[i], e.Policies, policies); err != nil {
			return sc, err
		}
	}
	return sc, s.checkSense(n, sc, policies)
}

// checkSense holds the scenario's times and faults against all policies that it
// applies to.
func (s source) checkSense(n *yaml.Node, sc scenario.Scenario, policies []heartbeat.Policy) error {
	var first error
	for _, p := range policies {
		if !sc.AppliesTo(p) {
			continue
		}
		scope, err := sc.NewScope(p, nil)
		if err == nil {
			err = sc.Under(p.Name).Validate(scope)
		}
		if err == nil {
			return nil
		}
		if first == nil {
			first = s.errorf(n, "%w", err)
		}
	}
	return first
}

// paramNames can stand in a span, where a hyphen is a minus.
var paramNames = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (s source) checkParams(n *yaml.Node, params []scenario.Param) error {
	for i, p := range params {
		at := value(n, "params").Content[i]
		if !paramNames.MatchString(p.Name) {
			return s.errorf(value(at, "name"), "name: it is %.80q, want lower case letters, digits and _", p.Name)
		}
		if slices.ContainsFunc(params[:i], func(t scenario.Param) bool { return t.Name == p.Name }) {
			return s.errorf(value(at, "name"), "name: there is a parameter %s already, want another name", p.Name)
		}
	}
	return nil
}

// checkPolicies refuses the names of policies that there are not, in the list
// that the mapping at has.
func (s source) checkPolicies(at *yaml.Node, wanted []string, policies []heartbeat.Policy) error {
	var known []string
	for _, p := range policies {
		if !slices.Contains(known, p.Name) {
			known = append(known, p.Name)
		}
	}
	for i, name := range wanted {
		if !slices.Contains(known, name) {
			return s.errorf(value(at, "policies").Content[i], "policies: unknown %q, known: %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}
