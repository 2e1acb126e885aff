package toxiproxy

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
)

// creates says whether a request is to create a toxic.
func creates(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/toxics")
}

// withAttributes gives a toxic that is to be created without attributes, or with
// null ones, an empty set. Toxiproxy asks no toxic about null: one of ours would be
// there without its cable, and do nothing. Its own take null for their defaults, as
// they take an empty set.
func withAttributes(body io.Reader) io.ReadCloser {
	read, _ := io.ReadAll(body) // what could not be read is no JSON, which Toxiproxy says
	var toxic map[string]json.RawMessage
	var given struct{ Attributes *json.RawMessage } // null and nothing are both nil; keys have any case
	if decode(read, &toxic) && toxic != nil && decode(read, &given) && given.Attributes == nil {
		maps.DeleteFunc(toxic, func(key string, _ json.RawMessage) bool { return strings.EqualFold(key, "attributes") })
		toxic["attributes"] = json.RawMessage("{}")
		read, _ = json.Marshal(toxic) // raw messages that were decoded
	}
	return io.NopCloser(bytes.NewReader(read))
}

// decode decodes the first value, as Toxiproxy does, whatever follows it.
func decode(body []byte, to any) bool {
	return json.NewDecoder(bytes.NewReader(body)).Decode(to) == nil
}
