package file

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// detector is a side's: one of detect.Configs by its name, with parameters.
type detector struct {
	node *yaml.Node
	read detect.Config // nil: none
}

// decode finds the Config that "detector" names, and reads the other keys into
// a copy of it: a detector that the registry knows needs no code here.
func (d *detector) decode(s source, key string, n *yaml.Node) error {
	known := detect.Configs()
	var names []string
	for _, c := range known {
		names = append(names, c.Name())
	}
	name := value(n, "detector")
	if n.Kind != yaml.MappingNode || name == n {
		return s.errorf(n, "%s: want {detector: NAME, and its parameters}, or no %s for a side that never suspects; detectors: %s", key, key, strings.Join(names, ", "))
	}
	at := slices.Index(names, name.Value)
	if at < 0 || !plain(name, "!!str") {
		return s.wrong("detector", name, "one of "+strings.Join(names, ", "))
	}
	c := reflect.New(reflect.TypeOf(known[at])).Elem()
	fields := append([]field{{"detector", reflect.ValueOf(&names[at]).Elem()}}, fieldsOf(c)...)
	if err := s.mapping(key, n, fields); err != nil {
		return err
	}
	d.node, d.read = n, c.Interface().(detect.Config)
	return nil
}

// config is the detector's Config, with the policy's interval where it wants
// one and has none of its own; nil: no detector.
func (d detector) config(s source, interval time.Duration) (detect.Config, error) {
	if d.read == nil {
		return nil, nil
	}
	c := d.read
	if w, ok := c.(detect.Paced); ok && value(d.node, "interval") == d.node {
		c = w.WithInterval(interval)
	}
	if err := c.Validate(); err != nil {
		return nil, s.errorf(d.node, "%w", err)
	}
	return c, nil
}
