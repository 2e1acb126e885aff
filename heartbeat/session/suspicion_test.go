package session

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestSilenceIsSuspectedAtTheDeadline(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Echoes: true, Detector: fixed})
	s.advance(ms(2000))
	s.hears(Frame{Type: Beat, Seq: 0})
	s.sent(Echo, 0)
	s.advance(ms(3000))
	s.hears(Frame{Type: Data, Seq: 0})
	s.wake(ms(11_550))
	detail := "nothing heard for 8.55s since data 0 at 3.000s; deadline 11.550s: fixed: silent since 3.000s, timeout 8.55s"
	s.told(Event{What: Suspect, Detail: detail})
	s.ended(Down, &SilentError{Peer: Client, Detail: detail})
	s.sent(Bye, uint64(ReasonGaveUp))
	s.afterTheEnd()
}

func TestSilenceCountsFromUp(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Detector: fixed})
	s.wake(ms(8550))
	detail := "nothing heard for 8.55s since hello at 0.000s; deadline 8.550s: fixed: silent since 0.000s, timeout 8.55s"
	s.told(Event{What: Suspect, Detail: detail})
	s.ended(Down, &SilentError{Peer: Client, Detail: detail})
	s.sent(Bye, uint64(ReasonGaveUp))
}

func TestUnansweredBeatIsSuspectedAtTheDeadline(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), Detector: echoTimer})
	s.sent(Beat, 0)
	s.advance(ms(100))
	s.hears(Frame{Type: Echo, Seq: 0})
	s.wake(ms(2000))
	s.now += ms(1) // the writer stamps: it is the sending that counts
	s.sent(Beat, 1)
	s.wake(ms(4000))
	s.sent(Beat, 2)
	s.advance(ms(5000))
	s.hears(Frame{Type: Data, Seq: 0}) // a sign of life, but no answer
	s.wake(ms(6000))
	s.sent(Beat, 3)
	s.wake(ms(8000))
	s.sent(Beat, 4)
	s.wake(ms(8751))
	detail := "nothing heard for 3.751s since data 0 at 5.000s; deadline 8.751s: echo-timer: beat 1 unanswered since 2.001s, timeout 6.75s"
	s.told(Event{What: Suspect, Detail: detail})
	s.ended(Down, &SilentError{Peer: Server, Detail: detail})
	s.sent(Bye, uint64(ReasonGaveUp))
	s.afterTheEnd()
}

// A beat that falls due at the very instant of the verdict is not sent: the
// bye is.
func TestVerdictComesBeforeABeat(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), Detector: detect.Fixed{Timeout: ms(2000)}})
	s.sent(Beat, 0)
	s.wake(ms(2000))
	s.told(Event{What: Suspect, Detail: s.events[0].Detail})
	s.ended(Down, s.m.Err())
	s.sent(Bye, uint64(ReasonGaveUp))
}

func TestWithoutDetectorNobodyIsSuspected(t *testing.T) {
	s := beginUp(t, Config{Side: Server})
	s.noWake()
	if s.m.Overdue(int64(1000 * time.Hour)) {
		t.Error("overdue without a detector")
	}
}

func TestObserverSuspectsTrustsAndBeatsOn(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Mode: Observe, Interval: ms(2000), Detector: detect.Fixed{Timeout: ms(3000)}})
	s.sent(Beat, 0)
	s.wake(ms(2000))
	s.sent(Beat, 1)
	s.wake(ms(3000))
	s.told(Event{
		What:   Suspect,
		Detail: "nothing heard for 3s since hello at 0.000s; deadline 3.000s: fixed: silent since 0.000s, timeout 3s",
	})
	s.wake(ms(4000)) // the deadline that has passed wakes nobody any more
	s.sent(Beat, 2)
	s.advance(ms(4100))
	s.hears(Frame{Type: Echo, Seq: 0})
	s.told(Event{What: Trust})
	s.wake(ms(6000))
	s.sent(Beat, 3)
	s.wake(ms(7100))
	s.told(Event{
		What:   Suspect,
		Detail: "nothing heard for 3s since echo 0 at 4.100s; deadline 7.100s: fixed: silent since 4.100s, timeout 3s",
	})
	s.wake(ms(8000))
	s.sent(Beat, 4)
}

// An echo that leaves the next beat overdue as well is no reason to trust.
func TestObserverTrustsOnceTheDeadlineIsToCome(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Mode: Observe, Interval: ms(2000), Detector: detect.EchoTimer{Timeout: ms(5000)}})
	s.sent(Beat, 0)
	s.wake(ms(2000))
	s.sent(Beat, 1)
	s.wake(ms(4000))
	s.sent(Beat, 2)
	s.wake(ms(5000))
	s.told(Event{
		What:   Suspect,
		Detail: "nothing heard for 5s since hello at 0.000s; deadline 5.000s: echo-timer: beat 0 unanswered since 0.000s, timeout 5s",
	})
	s.wake(ms(6000))
	s.sent(Beat, 3)
	s.advance(ms(7000))
	s.hears(Frame{Type: Echo, Seq: 0}) // beat 1 was due at 7 s
	s.hears(Frame{Type: Echo, Seq: 1}) // beat 2 is at 9 s
	s.told(Event{What: Trust})
	s.wake(ms(8000))
	s.sent(Beat, 4)
	s.wake(ms(9000))
	s.told(Event{
		What:   Suspect,
		Detail: "nothing heard for 2s since echo 1 at 7.000s; deadline 9.000s: echo-timer: beat 2 unanswered since 4.000s, timeout 5s",
	})
	s.hears(Frame{Type: Echo, Seq: 4}) // answers all: no deadline is left
	s.told(Event{What: Trust})
}

func TestStallIsNotThePeersSilence(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Detector: fixed})
	s.advance(ms(8550))
	s.now = ms(9000)
	s.m.Stalled(int64(ms(8550)), int64(s.now))
	s.told(Event{At: int64(ms(8550)), What: Stalled, To: int64(ms(9000))})
	// Nothing had arrived meanwhile: all of the stall was added, no more.
	s.m.Wake(int64(s.now))
	s.told(Event{What: Suspect, Detail: s.events[0].Detail})
	s.ended(Down, s.m.Err())
	s.sent(Bye, uint64(ReasonGaveUp))
}

func TestStallExtendsTheDeadline(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Detector: fixed})
	s.advance(ms(2000))
	s.now = ms(5000)
	s.m.Stalled(int64(ms(2000)), int64(s.now))
	s.told(Event{At: int64(ms(2000)), What: Stalled, To: int64(ms(5000))})
	s.advance(ms(11_549))
	if at, ok := s.m.WakeAt(); !ok || at != int64(ms(11_550)) {
		t.Errorf("wants to be woken at %v, want 11.55s", time.Duration(at))
	}
}

func TestStallExtendsTheHandshake(t *testing.T) {
	s := begin(t, Config{Side: Client})
	s.sent(Hello, id)
	s.now = ms(2500)
	s.m.Stalled(int64(ms(2000)), int64(s.now))
	s.told(Event{At: int64(ms(2000)), What: Stalled, To: int64(ms(2500))})
	if at, ok := s.m.WakeAt(); !ok || at != int64(ms(2500)) {
		t.Errorf("wants to be woken at %v, want 2.5s", time.Duration(at))
	}
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
}

func TestInstantsDoNotGoBackwards(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Detector: fixed})
	s.advance(ms(5000))
	s.hears(Frame{Type: Data, Seq: 0})
	s.m.Hear(Frame{Type: Data, Seq: 1}, int64(ms(3000)))
	s.told(Event{What: Heard, Type: Data, Seq: 1}) // at 5 s
	s.m.Wake(0)
	s.advance(ms(13_549))
}

// A reader that took its stamp before a writer did asks at an instant that has
// passed: what counts is the latest, for Overdue as for Wake.
func TestOverdueAtAnInstantThatHasPassed(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Detector: detect.Fixed{Timeout: time.Second}})
	if err := s.m.Queue([]byte("x")); err != nil {
		t.Fatal(err)
	}
	s.now = 3 * time.Second // a process that was stopped
	if _, ok := s.m.Next(int64(s.now)); !ok {
		t.Fatal("nothing to send")
	}
	s.told(Event{What: Sent, Type: Data})
	earlier := int64(s.now) - 1
	s.m.Stalled(int64(time.Second), earlier) // counts to the latest instant: the deadline is now
	s.told(Event{What: Stalled, At: int64(time.Second), To: int64(s.now)})
	if !s.m.Overdue(earlier) {
		t.Error("it is not overdue, and would be suspected")
	}
}
