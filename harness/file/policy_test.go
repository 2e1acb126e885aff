package file

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestPolicies(t *testing.T) {
	text := read(t, "policies.yaml") + `
  - {name: patient, profile: standard, probe: push, beats: server, interval: 7s, sender_jitter: 0.25, client: {detector: fixed, timeout: 38.7s}}
  - {name: rare, profile: strict, probe: push, beats: both, interval: 1s, client: {detector: missed, count: 5}, server: {detector: missed, count: 5, interval: 1500ms}}
  - name: far
    window: ..9s
    delay: 1s
    jitter: 0s
    margin: 100ms
    probe: none
    beats: none
`
	got, err := Policies(strings.NewReader(text), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []heartbeat.Policy{
		{
			Name: "patient", Probe: heartbeat.ProbeEcho, Beats: heartbeat.FromClient, Interval: 2 * time.Second,
			Profile: heartbeat.Custom(heartbeat.Window{Lo: 12 * time.Second, Hi: 15 * time.Second}),
			Client:  detect.EchoTimer{Timeout: 12750 * time.Millisecond}, Server: detect.Fixed{Timeout: 14550 * time.Millisecond},
		},
		{
			Name: "patient", Profile: heartbeat.Standard(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromServer,
			Interval: 7 * time.Second, SenderJitter: 0.25, Client: detect.Fixed{Timeout: 38700 * time.Millisecond},
		},
		{ // the interval is the policy's where the file has none
			Name: "rare", Profile: heartbeat.Strict(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromBoth, Interval: time.Second,
			Client: detect.Missed{Count: 5, Interval: time.Second}, Server: detect.Missed{Count: 5, Interval: 1500 * time.Millisecond},
		},
		{
			Name: "far", Probe: heartbeat.ProbeNone, Beats: heartbeat.FromNobody,
			Profile: heartbeat.Profile{
				Name: "..9s", Window: heartbeat.Window{Hi: 9 * time.Second},
				Delay: time.Second, Margin: 100 * time.Millisecond,
			},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestPoliciesRefuses(t *testing.T) {
	const good = "{name: a, profile: strict, probe: echo, beats: client, interval: 2s, server: {detector: fixed, timeout: 8s}}"
	for _, row := range []struct{ name, item, want string }{
		{name: "unknown key", item: "{name: a, prob: echo}", want: `p.yaml:2:15: policies: unknown key "prob", known: name, `},
		{name: "key twice", item: "{name: a, probe: echo,\n    name: b}", want: `p.yaml:3:5: policies: key "name" was there already, on line 2`},
		{name: "merge key", item: "{<<: {name: a}}", want: `p.yaml:2:6: policies: unknown key << (merge), known`},
		{name: "key that is a list", item: "{[a]: b}", want: `p.yaml:2:6: policies: unknown key a list`},
		{name: "no mapping", item: "fixed", want: `p.yaml:2:5: policies: it is "fixed", want a mapping with some of name, `},
		{name: "nothing", item: "", want: `policies: it is nothing, want a mapping`},
		{name: "a number as name", item: "{name: 7}", want: `p.yaml:2:12: name: it is 7 (int), want one line of text`},
		{name: "two lines", item: `{name: "a\nb"}`, want: `p.yaml:2:12: name: it is "a\nb", want one line of text`},
		{name: "colours", item: `{name: "a\e[31m"}`, want: `want one line of text`},
		{name: "no name", item: "{probe: echo}", want: `p.yaml:2:5: name: it is "", want lower case words with hyphens`},
		{name: "capitals", item: "{name: Mine}", want: `p.yaml:2:12: name: it is "Mine", want lower case words with hyphens`},
		{name: "comma", item: `{name: "a,b"}`, want: `name: it is "a,b", want`},
		{name: "long name", item: "{name: " + strings.Repeat("a", 61) + "}", want: `at most 60 letters`},
		{name: "built-in name", item: strings.Replace(good, "name: a", "name: fixed", 1), want: `p.yaml:2:12: name: fixed is a built-in policy, want another name`},
		{name: "name twice", item: good + "\n  - " + good, want: `p.yaml:3:12: name: a/strict is there already, want another name or profile`},
		{name: "bare number", item: "{interval: 2}", want: `p.yaml:2:16: interval: it is 2 (int), want a duration such as 8.55s, 1m30s or 500ms`},
		{name: "no duration", item: "{interval: soon}", want: `interval: it is "soon", want a duration`},
		{name: "below 0", item: "{interval: -2s}", want: `interval: it is "-2s", want 0s to 24h`},
		{name: "beyond a day", item: "{interval: 24h0m1s}", want: `interval: it is "24h0m1s", want 0s to 24h`},
		{name: "text as number", item: `{sender_jitter: "0.25"}`, want: `sender_jitter: it is "0.25", want a number`},
		{name: "no number", item: "{sender_jitter: .nan}", want: `sender_jitter: it is .nan (float), want a number`},
		{name: "endless", item: "{sender_jitter: 1e999}", want: `want a number`},
		{name: "half a window", item: "{window: 9s}", want: `p.yaml:2:14: window "9s": want two durations with .. between them`},
		{name: "list of windows", item: "{window: [9s]}", want: `p.yaml:2:14: window: it is a list, want two durations`},
		{name: "too wide", item: "{window: 9s..25h}", want: `p.yaml:2:14: window 9s..25h0m0s: want an upper bound of at most 24h0m0s`},
		{name: "too narrow", item: "{name: a, window: 6s..6.1s}", want: `p.yaml:2:23: window 6s..6.1s is too narrow`},
		{name: "window and profile", item: "{name: a, window: 6s..9s, profile: strict}", want: `p.yaml:2:5: policy a: want either a window, such as 6s..9s, or a profile: strict, standard`},
		{name: "neither", item: "{name: a}", want: `p.yaml:2:5: policy a: want either a window`},
		{name: "unknown profile", item: "{name: a, profile: lax}", want: `p.yaml:2:24: profile: unknown "lax", known: strict, standard`},
		{name: "network of a profile", item: "{name: a, profile: strict, delay: 1s}", want: `p.yaml:2:5: policy a: the profile strict has a delay`},
		{name: "unknown probe", item: "{name: a, profile: strict, probe: eco, beats: client}", want: `p.yaml:2:5: policy a: probe "eco": want one of ["echo" "push"`},
		{name: "a tiny interval", item: "{name: a, profile: strict, probe: echo, beats: client, interval: 1us}", want: `p.yaml:2:5: policy a: interval is 1µs, want 1ms or more`},
		{name: "no interval", item: "{name: a, profile: strict, probe: echo, beats: client}", want: `p.yaml:2:5: policy a: interval is 0s, want more than 0`},
		{name: "detector as word", item: "{client: fixed}", want: `p.yaml:2:14: client: want {detector: NAME, and its parameters}, or no client for a side that never suspects; detectors: fixed, echo-timer`},
		{name: "detector without name", item: "{server: {timeout: 8s}}", want: `p.yaml:2:14: server: want {detector: NAME`},
		{name: "unknown detector", item: "{client: {detector: psi}}", want: `p.yaml:2:25: detector: it is "psi", want one of fixed, echo-timer`},
		{name: "unknown parameter", item: "{client: {detector: fixed, limit: 8s}}", want: `p.yaml:2:32: client: unknown key "limit", known: detector, timeout`},
		{name: "nanoseconds", item: "{client: {detector: fixed, timeout_ns: 8}}", want: `unknown key "timeout_ns"`},
		{name: "parameter twice", item: "{client: {detector: fixed, timeout: 8s, timeout: 8s}}", want: `client: key "timeout" was there already`},
		{name: "no timeout", item: "{name: a, profile: strict, probe: echo, beats: client, interval: 2s, server: {detector: fixed}}", want: `p.yaml:2:82: detector fixed: timeout is 0s, want 1ns to 24h0m0s`},
		{name: "alias", item: "{name: &a x, probe: *a}", want: `p.yaml:2:25: probe: alias *a, want the value itself`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Policies(strings.NewReader("policies:\n  - "+row.item+"\n"), "p.yaml")
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, error %v; want %q", got, err, row.want)
			}
		})
	}
}

func TestFilesThatAreNoList(t *testing.T) {
	bomb := "policies: [&a [x, x]"
	for name := 'b'; name <= 'z'; name++ {
		bomb += fmt.Sprintf(", &%c [*%c, *%c]", name, name-1, name-1)
	}
	for _, row := range []struct{ name, text, want string }{
		{name: "empty", text: "", want: "p.yaml: it is empty, want a list under policies"},
		{name: "comment", text: "# later\n", want: "p.yaml: it is empty, want a list under policies"},
		{name: "null document", text: "---\n", want: "p.yaml:2:1: the file: it is nothing, want a mapping with the key policies"},
		{name: "text", text: "policies", want: `p.yaml:1:1: the file: it is "policies", want a mapping with the key policies`},
		{name: "other list", text: "scenarios: []", want: `p.yaml:1:1: the file: unknown key "scenarios", known: policies`},
		{name: "no list", text: "policies: 7", want: "p.yaml:1:11: policies: it is 7 (int), want a list of at least one"},
		{name: "empty list", text: "policies: []", want: "p.yaml:1:11: policies: it is a list, want a list of at least one"},
		{name: "no key", text: "{}", want: "p.yaml:1:1: the file: want a list under policies"},
		{name: "two documents", text: "policies: []\n---\npolicies: []\n", want: "p.yaml:2:1: a second document begins, want one"},
		{name: "second broken", text: "policies: []\n---\n[", want: "p.yaml:4:"},
		{name: "tab", text: "policies:\n\t- a", want: "p.yaml:2:1: while scanning for the next token: found character that cannot start any token"},
		{name: "open", text: "policies: [\n", want: "p.yaml:2:1: "},
		{name: "binary", text: "\x00", want: "p.yaml: control characters are not allowed"},
		{name: "no UTF-8", text: "a: \xff", want: "p.yaml: invalid leading UTF-8 octet"},
		{name: "huge", text: strings.Repeat("#", largest+1), want: "p.yaml: want at most 1048576 bytes, it has more"},
		{name: "deep", text: strings.Repeat("[", largest), want: "exceeded max depth"},
		{name: "bomb", text: bomb + "]", want: "it is a list, want a mapping"},
		{name: "loop", text: "policies: &a [*a]", want: "alias *a, want the value itself"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := Policies(strings.NewReader(row.text), "p.yaml"); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, error %.200v; want %q", got, err, row.want)
			}
		})
	}
}

// A new detector needs no code here as long as its parameters are of the types
// that a file can have.
func TestEveryParameterOfEveryDetectorCanBeGiven(t *testing.T) {
	for _, c := range detect.Configs() {
		v := reflect.New(reflect.TypeOf(c)).Elem()
		fields := fieldsOf(v)
		if len(fields) == 0 {
			t.Errorf("%s: no parameters", c.Name())
		}
		for _, f := range fields {
			var err error
			for _, text := range []string{"1s", "1", "text"} {
				if err = source("f").decode(f.key, item(t, text), f.value); err == nil {
					break
				}
			}
			if err != nil {
				t.Errorf("%s: %v", c.Name(), err)
			}
		}
	}
}

// item is the node of a text.
func item(t *testing.T, text string) *yaml.Node {
	t.Helper()
	list, err := source("f").load(strings.NewReader("items: ["+text+"]"), "items")
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
