package processes

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// The quickest answers say most: of a clock that is 100 ahead, asked three times.
func TestReadingsTellHowFarAClockIsAhead(t *testing.T) {
	got := anyhow
	for _, reading := range []struct{ asked, stamp, back int64 }{{0, 600, 900}, {1000, 1110, 1020}, {2000, 2180, 2090}} {
		got = got.and(ahead{reading.stamp - reading.back, reading.stamp - reading.asked})
	}
	if want := (ahead{90, 110}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestALikelyClockIsOurs(t *testing.T) {
	for _, row := range []struct {
		readings        ahead
		by, uncertainty int64
	}{
		{readings: ahead{-20, 5}, by: 0, uncertainty: 20},
		{readings: ahead{-5, 20}, by: 0, uncertainty: 20},
		{readings: ahead{90, 110}, by: 90, uncertainty: 20},
		{readings: ahead{-110, -90}, by: -90, uncertainty: 20},
	} {
		if by, uncertainty := row.readings.likely(); by != row.by || uncertainty != row.uncertainty {
			t.Errorf("%+v: %d ahead, give or take %d; want %d and %d", row.readings, by, uncertainty, row.by, row.uncertainty)
		}
	}
}

// A child's stamps are told on our clock, with what is not known of its own.
func TestAChildsStampsAreOnOurClock(t *testing.T) {
	var got trace.Event
	told := newTold(subject.Setup{Epoch: time.Now().Add(-time.Second), Record: func(e trace.Event) { got = e }}, heartbeat.ClientSide, func() {})
	told.ahead.Store(100)
	told.uncertainty.Store(10)
	_, _ = told.Write([]byte(`{"t_ns":1100,"side":"client","event":"up"}` + "\n"))
	if err := told.bad(); err != nil || got.T != 1000 || got.Uncertainty != 10 {
		t.Errorf("%+v (%v), want it at 1000, give or take 10", got, err)
	}
}
