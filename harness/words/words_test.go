package words

import (
	"math"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{Plural(0, "trial"), "0 trials"},
		{Plural(1, "trial"), "1 trial"},
		{Plural(2, "bad line"), "2 bad lines"},
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1000), "1,000"},
		{Count(-123456), "-123,456"},
		{Count(10_000_000), "10,000,000"},
		{Number(0), "0"},
		{Number(3056.4), "3,060"},
		{Number(-1234567), "-1,230,000"},
		{Number(999.6), "1,000"},
		{Number(12.36), "12.4"},
		{Number(0.02134), "0.0213"},
		{Number(0.0000213), "0.0000213"},
		{Number(2e-9), "<0.000001"},
		{Percent(0.01), "1%"},
		{Percent(0.12345678), "12.35%"},
		{Percent(7.55e-05), "0.00755%"},
		{Percent(1e-8), "0.000001%"},
		{Percent(0), "0%"},
		{Percent(1e-300), "<0.000000001%"},
		{Number(math.NaN()), "NaN"},
		{Seconds(7*time.Second + 550_600*time.Microsecond), "7.551 s"},
		{Seconds(-time.Second), "-1.000 s"},
		{Milli(1_499_999 * time.Nanosecond).String(), "1ms"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}
