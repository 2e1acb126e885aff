// Package file reads users' own policies, scenarios and network models from YAML.
//
// A policy file has a list under "policies", a scenario file one under
// "scenarios", one of network models under "networks". The keys are the JSON
// names of heartbeat.Policy, scenario.Scenario, sim.Model and the detectors'
// Configs; where such a name ends in _ns,
// the key does not, and its value is a duration such as 8.55s:
//
//	policies:
//	  - name: patient
//	    window: 12s..15s
//	    probe: echo
//	    beats: client
//	    interval: 2s
//	    client: {detector: echo-timer, timeout: 12.75s}
//	    server: {detector: fixed, timeout: 14.55s}
//
// Reading is strict: a key, a type or a word that is not known is an error, as
// are a key that is there twice, an alias, a second document and a file of more
// than 1 MiB. An error begins with file:line:column and says what would be
// right; the first one ends the reading.
package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// largest is the largest file that is read, in bytes.
const largest = 1 << 20

// source is a file, by the name that its errors begin with.
type source string

// load reads the one document that r holds: a list under key, and nothing else.
func (s source) load(r io.Reader, key string) ([]*yaml.Node, error) {
	text, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s, err)
	}
	if len(text) > largest {
		return nil, fmt.Errorf("%s: want at most %d bytes, it has more", s, largest)
	}
	yamls, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s, err)
	}
	var doc, second yaml.Node
	switch err := yamls.Load(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: it is empty, want a list under %s", s, key)
	case err != nil:
		return nil, s.syntax(err)
	}
	switch err := yamls.Load(&second); {
	case err == nil:
		return nil, s.errorf(&second, "a second document begins, want one")
	case !errors.Is(err, io.EOF):
		return nil, s.syntax(err)
	}
	var list items
	if err := s.mapping("the file", doc.Content[0], []field{{key, reflect.ValueOf(&list).Elem()}}); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, s.errorf(&doc, "the file: want a list under %s", key)
	}
	return list, nil
}

// syntax is an error of the YAML library, in our words where it has a place.
func (s source) syntax(err error) error {
	var e *yaml.LoadError
	switch {
	case !errors.As(err, &e):
		return fmt.Errorf("%s: %w", s, err)
	case e.Mark.Line == 0:
		return fmt.Errorf("%s: %s", s, e.Message)
	case e.ContextMsg != "":
		return fmt.Errorf("%s:%d:%d: %s: %s", s, e.Mark.Line, e.Mark.Column, e.ContextMsg, e.Message)
	default:
		return fmt.Errorf("%s:%d:%d: %s", s, e.Mark.Line, e.Mark.Column, e.Message)
	}
}

// errorf is an error at n.
func (s source) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", s, n.Line, n.Column, fmt.Errorf(format, args...))
}
