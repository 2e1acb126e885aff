package kernel

// stretch are the bytes of a stream that were seen, by their number: all below
// top but those in holes. Numbers are TCP's, which count modulo 2^32 from a
// start of their own.
type stretch struct {
	begun bool
	top   uint32
	holes []gap
}

type gap struct{ from, to uint32 } // to is not in it

// begin says which byte is the first.
func (s *stretch) begin(first uint32) { *s = stretch{begun: true, top: first} }

// add sees n bytes from one on, and returns how many of them are new.
func (s *stretch) add(from uint32, n int) (fresh int64) {
	if n <= 0 {
		return 0
	}
	if !s.begun { // its beginning was not seen
		s.begin(from)
	}
	to := from + uint32(n)
	if after(to, s.top) {
		if after(from, s.top) {
			s.holes = append(s.holes, gap{s.top, from})
			fresh += int64(to - from)
		} else {
			fresh += int64(to - s.top)
		}
		s.top = to
	}
	var left []gap
	for _, h := range s.holes {
		lo, hi := later(h.from, from), earlier(h.to, to)
		if !after(hi, lo) {
			left = append(left, h)
			continue
		}
		fresh += int64(hi - lo)
		for _, rest := range []gap{{h.from, lo}, {hi, h.to}} {
			if after(rest.to, rest.from) {
				left = append(left, rest)
			}
		}
	}
	s.holes = left
	return fresh
}

// after says whether a comes after b, less than half the numbers away.
func after(a, b uint32) bool { return int32(a-b) > 0 }

func later(a, b uint32) uint32 {
	if after(a, b) {
		return a
	}
	return b
}

func earlier(a, b uint32) uint32 {
	if after(a, b) {
		return b
	}
	return a
}
