package file

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// WritePolicies writes policies as a file that Policies reads. Each has its
// profile's window, delay, jitter and margin; names of built-in policies, which
// Policies refuses, are the caller's affair.
func WritePolicies(w io.Writer, policies []heartbeat.Policy) error {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range policies {
		item := &yaml.Node{Kind: yaml.MappingNode}
		add(item, "name", text(p.Name))
		add(item, "window", text(p.Profile.Window.String()))
		add(item, "delay", text(p.Profile.Delay.String()))
		add(item, "jitter", text(p.Profile.Jitter.String()))
		add(item, "margin", text(p.Profile.Margin.String()))
		name, profile := p.Name, p.Profile
		p.Name, p.Profile = "", heartbeat.Profile{}
		if err := addFields(item, reflect.ValueOf(&p).Elem()); err != nil {
			return fmt.Errorf("write policy %s: %w", name, err)
		}
		p.Profile = profile
		for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
			c := p.Detector(side)
			if c == nil {
				continue
			}
			n, err := detectorNode(c, p.Interval)
			if err != nil {
				return fmt.Errorf("write policy %s: %w", name, err)
			}
			add(item, string(side), n)
		}
		list.Content = append(list.Content, item)
	}
	doc := &yaml.Node{Kind: yaml.MappingNode}
	add(doc, "policies", list)
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	if err := out.Encode(doc); err != nil {
		return fmt.Errorf("write policies: %w", err)
	}
	return out.Close()
}

// detectorNode is a detector as "{detector: NAME, ...}", without an interval that
// is the policy's.
func detectorNode(c detect.Config, interval time.Duration) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	add(n, "detector", text(c.Name()))
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	for _, f := range fieldsOf(v) {
		if f.key == "interval" && f.value.Int() == int64(interval) {
			f.value.SetInt(0)
		}
	}
	return n, addFields(n, v)
}

// addFields adds the fields of a struct that are not zero, by the keys that
// reading knows.
func addFields(to *yaml.Node, v reflect.Value) error {
	for _, f := range fieldsOf(v) {
		if f.value.IsZero() {
			continue
		}
		n, err := node(f.value)
		if err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		add(to, f.key, n)
	}
	return nil
}

// node is what decode reads into v.
func node(v reflect.Value) (*yaml.Node, error) {
	if d, ok := v.Interface().(time.Duration); ok {
		return text(d.String()), nil
	}
	switch v.Kind() {
	case reflect.String:
		return text(v.String()), nil
	case reflect.Int:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Float64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(v.Float(), 'g', -1, 64)}, nil
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		return n, addFields(n, v)
	default:
		return nil, fmt.Errorf("a %v cannot be written", v.Type())
	}
}

func text(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

func add(to *yaml.Node, key string, value *yaml.Node) {
	to.Content = append(to.Content, text(key), value)
}
