package judge

import "time"

// Quality is what one detector is worth on what one side heard, in the measures
// of Chen, Toueg and Aguilera, "On the quality of service of failure
// detectors", IEEE Transactions on Computers 51(5), 2002, section 2.
//
// A suspicion begins at the detector's deadline, and ends when its deadline
// lies in the future again. Begun while the peer was alive it is a mistake,
// which ends at the latest when a fault silences the peer: from then on the
// suspicion is right. A mistake that made a side hang up lasts until its next
// session is up; one whose session closes in order ends with it.
//
// Their measures are of runs without a failure. Here the time alive stands for
// those: that of all sessions, but for what a fault excuses (see Truth).
type Quality struct {
	// Alive is the time alive.
	Alive time.Duration `json:"alive_ns"`
	// Mistakes is their number, PerHour their number per hour of the time
	// alive: lambda_M = mistakes / alive. PerHour is nil without time alive.
	Mistakes int      `json:"mistakes"`
	PerHour  *float64 `json:"mistakes_per_hour,omitempty"`
	// MistakeTime is T_M, the mean duration of a mistake; Longest is the
	// largest. nil, and 0: there was none.
	MistakeTime *time.Duration `json:"mistake_time_ns,omitempty"`
	Longest     time.Duration  `json:"longest_mistake_ns"`
	// Recurrence is T_MR, the mean time between the beginnings of consecutive
	// mistakes, without what a fault excuses, and without the time in which there
	// was no session: (last - first) / (mistakes - 1). nil: there were fewer than
	// two.
	Recurrence *time.Duration `json:"mistake_recurrence_ns,omitempty"`
	// Accuracy is P_A, the share of the time alive in which the peer was
	// trusted, 0 to 1: 1 - sum of the mistakes' durations / alive. nil without
	// time alive.
	Accuracy *float64 `json:"query_accuracy,omitempty"`
	// Closest is the closest call: the least time that was left until a
	// deadline when something moved it or the session ended, while the peer
	// was alive. 0 after a mistake; nil: there never was a deadline.
	Closest *time.Duration `json:"closest_call_ns,omitempty"`
	// Detection is T_D: from the truth's origin to the suspicion that was in
	// force when the first cut ended that one outlasted, or to the end of the
	// session, in the newest session that was up when the first cut struck. 0: it
	// was in force already. nil: there was no cut, or none was detected.
	Detection *time.Duration `json:"detection_ns,omitempty"`
	// Left is from the end of the observation until the peer would be
	// suspected if nothing more came, less than 0 where it was already. nil:
	// no session was left, or none with a deadline.
	Left *time.Duration `json:"left_ns,omitempty"`
}

// tally sums up what a Quality is made of, in constant memory.
type tally struct {
	truth  Truth
	excuse []Span // truth's, computed once
	struck int64  // truth's

	alive, mistaken, longest int64
	mistakes                 int
	first, last              int64 // beginnings of mistakes, on clock
	dead                     int64 // time without a session, but for what is excused
	resting                  bool  // there is none, since
	since                    int64
	closest                  *int64
	detection                *int64
	left                     *int64
}

func newTally(truth Truth) tally {
	return tally{truth: truth, excuse: truth.excuse(), struck: truth.struck()}
}

// rest and revive take note of when there is no session any more, and one again.
func (t *tally) rest(now int64) { t.resting, t.since = true, now }

func (t *tally) revive(now int64) {
	if t.resting {
		t.dead += beside(t.excuse, t.since, now)
	}
	t.resting = false
}

// clock is an instant as time alive since any fixed one, while there is a session.
func (t *tally) clock(at int64) int64 { return beside(t.excuse, 0, at) - t.dead }

// call takes note of what was left until a deadline at an instant.
func (t *tally) call(left, now int64) {
	if (t.closest == nil || left < *t.closest) && !in(t.excuse, now) {
		t.closest = new(left)
	}
}

// session takes note of the time of a session.
func (t *tally) session(from, to int64) { t.alive += beside(t.excuse, from, to) }

// detect takes note of a suspicion that is over, in the session that the first cut
// struck; lasted: the session ended with it.
func (t *tally) detect(s Span, lasted bool) {
	if t.truth.Origin == nil || t.detection != nil || !t.truth.detected(s, lasted) {
		return
	}
	t.detection = new(max(0, s.From-*t.truth.Origin))
}

// mistake takes note of a suspicion that is over, if it was one.
func (t *tally) mistake(s Span) {
	if in(t.excuse, s.From) {
		return
	}
	long := min(s.To, next(t.excuse, s.From)) - s.From
	t.mistaken += long
	t.longest = max(t.longest, long)
	begun := t.clock(s.From)
	if t.mistakes == 0 {
		t.first, t.last = begun, begun
	}
	t.mistakes++
	t.first, t.last = min(t.first, begun), max(t.last, begun)
	t.closest = new(int64(0))
}

// wrong says whether a suspicion that began then is a mistake, and has not
// become right since.
func (t *tally) wrong(since, now int64) bool {
	return !in(t.excuse, since) && next(t.excuse, since) > now
}

// quality is what it all comes to.
func (t *tally) quality() Quality {
	q := Quality{
		Alive: time.Duration(t.alive), Mistakes: t.mistakes, Longest: time.Duration(t.longest),
		Closest: duration(t.closest), Detection: duration(t.detection), Left: duration(t.left),
	}
	if t.alive > 0 {
		q.PerHour = new(float64(t.mistakes) / q.Alive.Hours())
		q.Accuracy = new(1 - float64(t.mistaken)/float64(t.alive))
	}
	if t.mistakes > 0 {
		q.MistakeTime = new(time.Duration(t.mistaken / int64(t.mistakes)))
	}
	if t.mistakes > 1 {
		q.Recurrence = new(time.Duration((t.last - t.first) / int64(t.mistakes-1)))
	}
	return q
}

func duration(ns *int64) *time.Duration {
	if ns == nil {
		return nil
	}
	return new(time.Duration(*ns))
}
