package judge_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Where no detection was expected, and a live peer was suspected, nobody knows which
// suspicion the time is of.
func TestASuspicionOfALivePeerIsNoNotice(t *testing.T) {
	for _, row := range []struct {
		that     scenario.Outcome
		mistakes int
		want     bool
	}{
		{scenario.Detects, 1, true}, {scenario.Ends, 0, true}, {scenario.Ends, 1, false},
	} {
		r := judge.Record{
			Client: judge.Measures{Detection: new(7 * time.Second), Mistakes: row.mistakes},
			Checks: []judge.Check{{That: row.that, Side: heartbeat.ClientSide}},
		}
		if got := r.Noticed(heartbeat.ClientSide); (got != nil) != row.want {
			t.Errorf("%s, %d mistakes: noticed after %v, want a time: %t", row.that, row.mistakes, got, row.want)
		}
	}
}
