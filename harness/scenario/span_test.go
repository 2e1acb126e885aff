package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
)

func TestSpanEval(t *testing.T) {
	scope := scenario.Scope{"lo": 6 * time.Second, "hi": 9 * time.Second, "T": 8550 * time.Millisecond, "D": 2 * time.Second}
	for _, row := range []struct {
		span scenario.Span
		want time.Duration
	}{
		{span: "", want: 0},
		{span: "0s", want: 0},
		{span: "10s", want: 10 * time.Second},
		{span: "lo", want: 6 * time.Second},
		{span: "-lo", want: -6 * time.Second},
		{span: " hi + 2s ", want: 11 * time.Second},
		{span: "0.4*lo", want: 2400 * time.Millisecond},
		{span: "0.4 * lo", want: 2400 * time.Millisecond},
		{span: "T - D + 1s", want: 7550 * time.Millisecond},
		{span: "0.5*T - 0.5*D", want: 3275 * time.Millisecond},
		{span: "-500ms + 2*1s", want: 1500 * time.Millisecond},
	} {
		got, err := row.span.Eval(scope)
		if err != nil || got != row.want {
			t.Errorf("%q: got %v, %v; want %v", row.span, got, err, row.want)
		}
	}
}

func TestSpanEvalRefuses(t *testing.T) {
	scope := scenario.Scope{"lo": time.Second, "D": time.Second}
	for _, row := range []struct{ span, wantIn scenario.Span }{
		{span: "10", wantIn: `"10" is neither a duration such as 1.5s nor one of D, lo`},
		{span: "high", wantIn: `"high"`},
		{span: "lo +", wantIn: `""`},
		{span: "lo + + D", wantIn: `""`},
		{span: "x*lo", wantIn: `"x" is no number`},
		{span: "inf*lo", wantIn: `"inf" is no number`},
		{span: "1e300*lo", wantIn: "longer than a century"},
		{span: "99999999999h", wantIn: `"99999999999h" is longer than a century`},
		{span: "lo + 1h99999999999999999999.5s", wantIn: `"1h99999999999999999999.5s" is longer than a century`},
		{span: "9999999999999999999999", wantIn: "is neither a duration"},
		{span: "lo D", wantIn: `"lo D"`},
		{span: "-", wantIn: `""`},
	} {
		_, err := row.span.Eval(scope)
		if err == nil || !strings.Contains(err.Error(), string(row.wantIn)) {
			t.Errorf("%q: got %v, want an error with %s", row.span, err, row.wantIn)
		}
	}
}

func FuzzSpanEval(f *testing.F) {
	f.Add("0.4*lo + 1s")
	f.Add("--")
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = scenario.Span(s).Eval(scenario.Scope{"lo": time.Second}) // ends, without a panic
	})
}
