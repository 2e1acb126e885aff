package scenarios_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// judgedAgain is an error if a record does not follow from the trace that it names:
// if that is another trial's, or no whole one.
func judgedAgain(dir string, r judge.Record) error {
	if r.Trace == "" || r.Failure != "" {
		return nil // the verdict rests on more than the trace
	}
	t, err := trace.ReadFile(filepath.Join(dir, filepath.FromSlash(r.Trace)))
	if err == nil && r.Shares != "" {
		t, err = as(t, r.Policy)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.Trial, err)
	}
	was, err := measured(r)
	if err != nil {
		return err
	}
	is, err := measured(judge.Judge(t))
	if err != nil {
		return err
	}
	if !bytes.Equal(was, is) {
		at := max(0, firstDifference(was, is)-40)
		return fmt.Errorf("%s: its record says\n…%.400s\nand its trace\n…%.400s", r.Trial, was[at:], is[at:])
	}
	return nil
}

// firstDifference is where two texts begin to differ.
func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// as is a shared trial's trace, as that of a built-in policy of that key.
func as(t trace.Trace, key string) (trace.Trace, error) {
	name, profile, _ := strings.Cut(key, "/")
	for _, p := range heartbeat.Profiles() {
		if p.Name == profile {
			return judge.As(t, policiesIn(p, []string{name})[0])
		}
	}
	return t, fmt.Errorf("policy %q, want a built-in one", key)
}

// measured is what a record has of its trace.
func measured(r judge.Record) ([]byte, error) {
	return json.Marshal(struct {
		Started        any
		Mode           heartbeat.Mode
		Verdict        judge.Verdict
		Client, Server *judge.Measures
		Checks         []judge.Check
	}{r.Started.UTC(), r.Mode, r.Verdict, r.Of(heartbeat.ClientSide), r.Of(heartbeat.ServerSide), r.Checks})
}
