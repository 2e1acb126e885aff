package session

import (
	"testing"
	"time"
)

// Every interval lies between 75 and 100 % of the configured one, none is
// longer, and the next session of that id has the same.
func TestSenderJitterShortensIntervals(t *testing.T) {
	var first []int64
	for run := range 2 {
		s := beginUp(t, Config{Side: Client, Interval: ms(2000), SenderJitter: 0.25})
		s.sent(Beat, 0)
		shortest, longest := int64(ms(2000)), int64(0)
		for n := range 1000 {
			at, ok := s.m.WakeAt()
			if !ok {
				t.Fatal("wants not to be woken")
			}
			took := at - int64(s.now)
			if took < int64(ms(1500)) || took > int64(ms(2000)) {
				t.Fatalf("interval %d is %v, want 1.5s to 2s", n, took)
			}
			shortest, longest = min(shortest, took), max(longest, took)
			s.wake(time.Duration(at))
			s.sent(Beat, uint64(n)+1)
			if run == 0 {
				first = append(first, took)
			} else if first[n] != took {
				t.Fatalf("interval %d is %d in one session, %d in the next", n, first[n], took)
			}
		}
		if shortest > int64(ms(1510)) || longest < int64(ms(1990)) {
			t.Errorf("intervals from %d to %d, want about all of 1.5s to 2s", shortest, longest)
		}
	}
}

// Who was late goes on from now: there are no bursts.
func TestSenderJitterAfterAStall(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), SenderJitter: 0.25})
	s.sent(Beat, 0)
	s.now = ms(60_000)
	s.m.Wake(int64(s.now))
	s.sent(Beat, 1)
	if at, _ := s.m.WakeAt(); at < int64(ms(61_500)) || at > int64(ms(62_000)) {
		t.Errorf("the next beat is due at %d, want 61.5s to 62s", at)
	}
}
