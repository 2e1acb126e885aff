package relay

import (
	"errors"
	"net"
	"time"
)

// port is a client's place on the server's side of the network. The path's lock
// guards it.
type port struct {
	path     *path
	link     *link
	client   net.Addr
	up, down queue
	socket   *net.UDPConn   // nil: there is none, until the next datagram needs one
	moves    *strike        // then: why; nil: there was none yet
	all      []*net.UDPConn // those that were forgotten too: what still comes there is counted
}

// send sends to the server what has come through the network.
func (o *port) send(d []byte) {
	if o.socket == nil && !o.open() {
		return // as good as lost
	}
	_, _ = o.socket.Write(d) // what the kernel doesn't take is lost
}

// open gives the client an address at the server's side.
func (o *port) open() bool {
	socket, err := net.DialUDP("udp", nil, o.path.upstream)
	if err != nil {
		return false
	}
	if o.moves != nil {
		o.moves.Rebound++
	}
	o.socket, o.all = socket, append(o.all, socket)
	p, w := o.path, o.link.down()
	p.reading.Go(func() {
		p.read(socket, func(d []byte, _ net.Addr) {
			if o.socket != socket {
				lost(o.moves, w, len(d))
				return
			}
			o.down.put(p, p.channel.delay(w, p.now()), func() {
				for _, d := range p.channel.pass(o.link, w, d, p.now()) {
					_, _ = p.socket.WriteTo(d, o.client)
				}
			})
		})
	})
	return true
}

// forget takes the client's address away; its next datagram makes a new one.
func (o *port) forget(s *strike) { o.socket, o.moves = nil, s }

func (o *port) close() error {
	o.up.stop()
	o.down.stop()
	var errs []error
	for _, socket := range o.all {
		errs = append(errs, socket.Close())
	}
	return errors.Join(errs...)
}

// queue is what is under way in one direction, first in, first out.
type queue struct {
	items []item
	timer *time.Timer // of the first item; nil: nothing ever had to wait
}

type item struct {
	due int64
	do  func()
}

// put does something at an instant, which is not before that of the item before.
func (q *queue) put(p *path, due int64, do func()) {
	if len(q.items) == 0 && due <= p.now() {
		do()
		return
	}
	q.items = append(q.items, item{due, do})
	if len(q.items) == 1 {
		q.wait(p)
	}
}

func (q *queue) wait(p *path) {
	d := time.Duration(q.items[0].due - p.now())
	if q.timer != nil {
		q.timer.Reset(d)
		return
	}
	q.timer = time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for len(q.items) > 0 && q.items[0].due <= p.now() {
			q.items[0].do()
			q.items = q.items[1:]
		}
		if len(q.items) > 0 {
			q.wait(p)
		}
	})
}

func (q *queue) stop() {
	q.items = nil
	if q.timer != nil {
		q.timer.Stop()
	}
}
