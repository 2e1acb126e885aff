package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/subject"
)

func TestOverloaded(t *testing.T) {
	up := subject.LateError{What: "the two sides did not hear each other", Limit: 10 * time.Second}
	closed := fmt.Errorf("close path: %w", context.DeadlineExceeded)
	for _, row := range []struct {
		name  string
		err   error
		stood time.Duration
		want  string
	}{
		{"a limit", up, 5 * time.Second, "the machine stood still for 5s of 20s, which may be why the two sides did not hear each other within 10s"},
		{"limits only", errors.Join(up, closed), 8 * time.Second, "the machine stood still for 8s of 20s"},
		{"a calm machine", up, 4900 * time.Millisecond, ""},
		{"something else, too", errors.Join(up, errors.New("exit status 2")), 8 * time.Second, ""},
		{"something else", fmt.Errorf("start: %w", errors.New("exit status 2")), 8 * time.Second, ""},
		{"an interrupt", context.Canceled, 8 * time.Second, ""},
		{"nothing", nil, 8 * time.Second, ""},
	} {
		got := overloaded(row.err, []judge.Stall{{For: row.stood / 2}, {For: row.stood / 2}}, 20*time.Second)
		if !strings.HasPrefix(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
