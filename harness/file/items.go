package file

import (
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v4"
)

// items are the nodes of a list, each to be read by itself, so that an error
// that is found later can name its place.
type items []*yaml.Node

func (i *items) decode(s source, key string, n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return s.wrong(key, n, "a list of at least one")
	}
	*i = n.Content
	return nil
}

// into reads an item into the struct that to points to.
func (s source) into(key string, n *yaml.Node, to any) error {
	return s.decode(key, n, reflect.ValueOf(to).Elem())
}

// value is what a mapping has under key, or else the mapping itself: a place
// for errors about it.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return mapping
}

// names fit flags, which have commas between them, and files.
var names = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// longestName keeps the name of a trial's file within what file systems take.
const longestName = 60

// checkName refuses the name of an item that is unfit.
func (s source) checkName(item *yaml.Node, name string) error {
	if len(name) > longestName || !names.MatchString(name) {
		return s.errorf(value(item, "name"), "name: it is %.80q, want lower case words with hyphens, at most %d letters", name, longestName)
	}
	return nil
}
