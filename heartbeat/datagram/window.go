package datagram

// window knows which numbers were taken, of the newest 64. The zero window has
// taken none.
type window struct {
	next  uint64 // the newest number and 1
	taken uint64 // bit i: next-1-i was
}

const windowSize = 64

// fresh says whether n may be taken: it is newer than all that were, or it is one
// of the newest 64 and was not.
func (w *window) fresh(n uint64) bool {
	if n >= w.next {
		return n+1 != 0
	}
	age := w.next - 1 - n
	return age < windowSize && w.taken&(1<<age) == 0
}

// mark takes n, which is fresh, and says whether it is the newest.
func (w *window) mark(n uint64) (newest bool) {
	if n < w.next {
		w.taken |= 1 << (w.next - 1 - n)
		return false
	}
	w.taken = w.taken<<(n+1-w.next) | 1 // a shift by 64 or more leaves nothing
	w.next = n + 1
	return true
}
