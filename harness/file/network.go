package file

import (
	_ "embed"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/harness/sim"
)

// Networks reads network models from r; name is the file's, for errors. The
// names of the built-in ones are taken.
func Networks(r io.Reader, name string) ([]sim.Model, error) {
	return source(name).networks(r, BuiltInNetworks())
}

//go:embed networks.yaml
var builtIn string

// BuiltInNetworks are the models that everybody has: networks.yaml.
func BuiltInNetworks() []sim.Model {
	models, err := source("networks.yaml").networks(strings.NewReader(builtIn), nil)
	if err != nil {
		panic(err) // it is ours, and there is a test
	}
	return models
}

func (s source) networks(r io.Reader, beside []sim.Model) ([]sim.Model, error) {
	list, err := s.load(r, "networks")
	if err != nil {
		return nil, err
	}
	var read []sim.Model
	for _, n := range list {
		m, err := s.network(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(slices.Concat(beside, read), func(t sim.Model) bool { return t.Name == m.Name }) {
			return nil, s.errorf(value(n, "name"), "name: there is a network model %s already, want another name", m.Name)
		}
		read = append(read, m)
	}
	return read, nil
}

func (s source) network(n *yaml.Node) (m sim.Model, err error) {
	if err := s.into("networks", n, &m); err != nil {
		return m, err
	}
	if err := s.checkName(n, m.Name); err != nil {
		return m, err
	}
	if m.Delivery == sim.Proxied {
		return m, s.errorf(n, "network model %s: want a delivery: %s or %s", m.Name, sim.TCP, sim.UDP)
	}
	if err := m.Validate(); err != nil {
		return m, s.errorf(n, "%w", err)
	}
	return m, nil
}
