package expect

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

// Hold matches a record of which every expectation of its scenario held.
func Hold() types.GomegaMatcher { return hold{} }

type hold struct{}

func (hold) Match(actual any) (bool, error) {
	r, err := record(actual)
	return err == nil && r.Verdict == judge.Held, err
}

func (hold) FailureMessage(actual any) string {
	r, _ := record(actual)
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", r.Trial, r.Verdict)
	if r.Verdict != judge.Broken {
		fmt.Fprintf(&out, ": %s", r.Reason)
	}
	for _, c := range r.Checks {
		if !c.Broken() {
			continue
		}
		if c.Side == heartbeat.ClientSide || c.Side == heartbeat.ServerSide {
			fmt.Fprintf(&out, "\n%s", describe(r, c.Side, c.Expected, c.Actual))
		} else {
			fmt.Fprintf(&out, "\n%s, %s\n  expected: %s\n  actual:   %s", r.Scenario, r.Policy, c.Expected, c.Actual)
		}
	}
	return out.String() + where(r)
}

func (hold) NegatedFailureMessage(actual any) string {
	r, _ := record(actual)
	return fmt.Sprintf("%s held, which was not wanted", r.Trial) + where(r)
}
