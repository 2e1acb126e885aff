package detect

// silence is what the detectors have in common that wait for any sign of life:
// when the last one was, and how much silence is allowed after it.
//
// One stream of numbered frames is learned: of beats and echoes, the kind that
// is heard first. The other kind and data are signs of life that are not
// learned: they move the deadline on, and the allowed silence stays as it is.
type silence struct {
	clock
	interval int64 // between two arrivals, as configured
	alive    int64 // the last sign of life, moved on by our own stalls since
	allowed  int64 // how much silence after it is no suspicion

	learned       Kind // whose arrivals are learned; 0: none was heard yet
	beats, echoes numbers
	stalled       int64 // how long we stood still since the last arrival
	late          int64 // how many more arrivals a stall may have kept waiting
	ended         bool  // a suspicion ended since the last arrival
}

// arrival is a frame of the stream that is learned.
type arrival struct {
	seq   uint64
	at    int64
	late  bool // it may have lain in the buffer while we stood still
	ended bool // it, or a sign of life since the arrival before, ended a suspicion
}

// Start is Detector's.
func (s *silence) Start(now int64) {
	s.start(now)
	s.alive = now
}

// Sent is Detector's: our own beats are no sign of life.
func (s *silence) Sent(_ uint64, now int64) { s.at(now) }

// Stalled is Detector's.
func (s *silence) Stalled(from, to int64) {
	s.at(to)
	if !s.started {
		return
	}
	// Only the part of the stall after the last sign of life was silence.
	if silent := to - max(from, s.alive); silent > 0 {
		s.alive += silent
		s.stalled += silent
	}
}

// Deadline is Detector's.
func (s *silence) Deadline() (int64, bool) { return s.alive + s.allowed, s.started }

// hear takes what a Detector is told by Heard; ok says whether it is an arrival
// of the stream that is learned.
func (s *silence) hear(kind Kind, seq uint64, now int64) (a arrival, ok bool) {
	now = s.at(now)
	if !s.started || kind == 0 || !s.isNews(kind, seq) {
		return arrival{}, false
	}
	s.ended = s.ended || now >= s.alive+s.allowed
	s.alive = now
	if kind != s.learned {
		return arrival{}, false
	}
	if s.stalled > 0 {
		// One may have waited since the stall began, and one more for each
		// interval that it went on.
		s.late = max(s.late, 1+s.stalled/s.interval)
	}
	a = arrival{seq: seq, at: now, late: s.late > 0, ended: s.ended}
	s.stalled, s.late, s.ended = 0, max(0, s.late-1), false
	return a, true
}

// isNews says whether the peer can have sent a frame only now: a repeated or
// overtaken one says nothing of the time since.
func (s *silence) isNews(kind Kind, seq uint64) bool {
	var n *numbers
	switch kind {
	case Beat:
		n = &s.beats
	case Echo:
		n = &s.echoes
	default:
		return true
	}
	if !n.rise(seq) {
		return false
	}
	if s.learned == 0 {
		s.learned = kind
	}
	return true
}

// numbers are the numbers heard of one kind.
type numbers struct {
	any     bool
	highest uint64
	jump    uint64 // a number far above it that was heard since; 0: none
}

// longestGap is the most by which a number can be above the highest one heard:
// hardly anybody loses a million beats and lives.
const longestGap = 1 << 20

// rise takes a number, unless it is not above the highest one, or far above it:
// one such may be a lie, another that follows it can't be.
func (n *numbers) rise(seq uint64) bool {
	switch {
	case n.any && seq <= n.highest:
		return false
	case n.any && seq-n.highest > longestGap && (seq <= n.jump || seq-n.jump > longestGap || n.jump == 0):
		n.jump = seq
		return false
	}
	n.any, n.highest, n.jump = true, seq, 0
	return true
}
