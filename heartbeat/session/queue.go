package session

import "errors"

// ErrQueueFull means that the peer takes data more slowly than we send it.
// The session goes on; the payload was not queued.
var ErrQueueFull = errors.New("queue is full: the peer reads more slowly than we send")

// queue holds payloads in order. An empty queue keeps no memory.
type queue struct {
	payloads [][]byte
	bytes    int // with a header for each, so that empty payloads count too
}

// push adds p, unless that would make the queue larger than limit.
func (q *queue) push(p []byte, limit int) bool {
	size := len(p) + HeaderSize
	if size > limit-q.bytes {
		return false
	}
	q.payloads = append(q.payloads, p)
	q.bytes += size
	return true
}

func (q *queue) pop() ([]byte, bool) {
	if len(q.payloads) == 0 {
		return nil, false
	}
	p := q.payloads[0]
	q.payloads[0] = nil
	q.payloads = q.payloads[1:]
	q.bytes -= len(p) + HeaderSize
	if len(q.payloads) == 0 {
		q.payloads = nil
	}
	return p, true
}
