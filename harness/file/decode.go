package file

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// custom is a value that reads itself; key is where it stands.
type custom interface {
	decode(s source, key string, n *yaml.Node) error
}

// decode reads n, which stands under key, into v.
func (s source) decode(key string, n *yaml.Node, v reflect.Value) error {
	if n.Kind == yaml.AliasNode {
		return s.errorf(n, "%s: alias *%s, want the value itself", key, n.Value)
	}
	if c, ok := v.Addr().Interface().(custom); ok {
		return c.decode(s, key, n)
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if n.Kind != yaml.ScalarNode {
			return s.wrong(key, n, "a word")
		}
		if err := t.UnmarshalText([]byte(n.Value)); err != nil {
			return s.errorf(n, "%s: %v", key, err)
		}
		return nil
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return s.duration(key, n, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return s.decode(key, n, v.Elem())
	case reflect.Struct:
		return s.mapping(key, n, fieldsOf(v))
	case reflect.Slice:
		return s.list(key, n, v)
	case reflect.String:
		return s.text(key, n, v)
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.Value, 64)
		if !plain(n, "!!int", "!!float") || err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return s.wrong(key, n, "a number")
		}
		v.SetFloat(f)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if !plain(n, "!!int") || err != nil {
			return s.wrong(key, n, "a whole number")
		}
		v.SetInt(int64(i))
	default:
		return s.errorf(n, "%s: cannot be set in a file", key)
	}
	return nil
}

// duration takes what a policy can wait for: up to a day.
func (s source) duration(key string, n *yaml.Node, v reflect.Value) error {
	d, err := time.ParseDuration(n.Value)
	if !plain(n, "!!str") || err != nil {
		return s.wrong(key, n, "a duration such as 8.55s, 1m30s or 500ms")
	}
	if d < 0 || d > 24*time.Hour {
		return s.wrong(key, n, "0s to 24h")
	}
	v.SetInt(int64(d))
	return nil
}

// text takes one line, and of the types that have words only these.
func (s source) text(key string, n *yaml.Node, v reflect.Value) error {
	text := strings.TrimSpace(n.Value)
	if !plain(n, "!!str") || strings.ContainsFunc(text, unicode.IsControl) {
		return s.wrong(key, n, "one line of text")
	}
	if known, ok := words[v.Type()]; ok && !slices.Contains(known, text) {
		return s.wrong(key, n, "one of "+strings.Join(known, ", "))
	}
	v.SetString(text)
	return nil
}

func (s source) list(key string, n *yaml.Node, v reflect.Value) error {
	if n.Kind != yaml.SequenceNode {
		return s.wrong(key, n, "a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		if err := s.decode(key, item, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// mapping reads each key of n into the field of that name.
func (s source) mapping(key string, n *yaml.Node, fields []field) error {
	if n.Kind != yaml.MappingNode {
		want := "a mapping with some of "
		if len(fields) == 1 {
			want = "a mapping with the key "
		}
		return s.wrong(key, n, want+keys(fields))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(fields, func(f field) bool { return k.Kind == yaml.ScalarNode && f.key == k.Value })
		if at < 0 {
			return s.errorf(k, "%s: unknown key %s, known: %s", key, describe(k), keys(fields))
		}
		if line, twice := seen[k.Value]; twice {
			return s.errorf(k, "%s: key %q was there already, on line %d", key, k.Value, line)
		}
		seen[k.Value] = k.Line
		if err := s.decode(k.Value, value, fields[at].value); err != nil {
			return err
		}
	}
	return nil
}

// field is where a key's value goes.
type field struct {
	key   string
	value reflect.Value
}

// fieldsOf are the fields of a struct, those of embedded ones included, by their
// JSON names without _ns. A field that JSON doesn't know has no key.
func fieldsOf(v reflect.Value) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, field{strings.TrimSuffix(name, "_ns"), v.FieldByIndex(f.Index)})
		}
	}
	return fields
}

func keys(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	return strings.Join(names, ", ")
}

// plain says whether n is a scalar of one of these tags.
func plain(n *yaml.Node, tags ...string) bool {
	return n.Kind == yaml.ScalarNode && slices.Contains(tags, n.ShortTag())
}

// wrong is the error of a value that is not what its key wants.
func (s source) wrong(key string, n *yaml.Node, want string) error {
	return s.errorf(n, "%s: it is %s, want %s", key, describe(n), want)
}

// describe is a node in words, cut short: it may be all of the file.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias"
	case n.ShortTag() == "!!null":
		return "nothing"
	case n.ShortTag() == "!!str":
		return fmt.Sprintf("%.60q", n.Value)
	default:
		return fmt.Sprintf("%.60s (%s)", n.Value, strings.TrimLeft(n.ShortTag(), "!"))
	}
}
