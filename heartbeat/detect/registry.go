package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// known are the detectors that JSON can name; a new one is one more line.
var known = []entry{
	entryOf[Fixed](),
	entryOf[EchoTimer](),
	entryOf[Missed](),
	entryOf[Chen](),
	entryOf[Bertier](),
	entryOf[Phi](),
	entryOf[PhiLogistic](),
	entryOf[Exponential](),
}

// entry is a detector's Config with zero parameters, and how to read others.
type entry struct {
	zero   Config
	decode func(params []byte) (Config, error)
}

func entryOf[C Config]() entry {
	var zero C
	return entry{zero, func(params []byte) (Config, error) {
		c := zero
		d := json.NewDecoder(bytes.NewReader(params))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return nil, fmt.Errorf("read detector %s: %w", zero.Name(), err)
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return c, nil
	}}
}

// Configs are the known detectors, one Config of each, with zero parameters.
func Configs() []Config {
	var configs []Config
	for _, e := range known {
		configs = append(configs, e.zero)
	}
	return configs
}

// Named wraps a Config for JSON: {"name": "fixed", "params": {...}}, or null
// for no detector.
type Named struct{ Config }

type namedJSON struct {
	Name   string          `json:"name"`
	Params json.RawMessage `json:"params"`
}

// MarshalJSON writes the name beside the parameters.
func (n Named) MarshalJSON() ([]byte, error) {
	if n.Config == nil {
		return []byte("null"), nil
	}
	params, err := json.Marshal(n.Config)
	if err != nil {
		return nil, fmt.Errorf("write detector %s: %w", n.Name(), err)
	}
	return json.Marshal(namedJSON{n.Name(), params})
}

// UnmarshalJSON reads what MarshalJSON wrote. An unknown name or parameter and
// an invalid value are errors that name what is known or wanted.
func (n *Named) UnmarshalJSON(b []byte) error {
	n.Config = nil
	var j *namedJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read detector: %w", err)
	}
	if j == nil {
		return nil
	}
	if j.Params == nil {
		j.Params = json.RawMessage("{}")
	}
	var names []string
	for _, e := range known {
		if e.zero.Name() == j.Name {
			var err error
			n.Config, err = e.decode(j.Params)
			return err
		}
		names = append(names, e.zero.Name())
	}
	return fmt.Errorf("read detector: unknown name %q, known: %s", j.Name, strings.Join(names, ", "))
}
