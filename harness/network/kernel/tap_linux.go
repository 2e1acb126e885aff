package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/heartbeat"
)

// tap sees every packet of IPv4 that comes into the router or goes out of it, in
// order, stamped by the kernel.
type tap struct {
	file  *os.File
	raw   syscall.RawConn
	sides map[int]heartbeat.Side // by the index of the router's device
	epoch time.Time
	done  chan struct{}

	mu  sync.Mutex // held while a packet is taken and handed over
	see func(packet)
}

// room is for the packets that this process is too late to read. More than the
// system's limit takes root; what is lost is known, and an error.
const room = 8 << 20

// newTap opens one, and hands each packet to see, one at a time.
func newTap(t *topology, epoch time.Time, see func(packet)) (*tap, error) {
	p := &tap{sides: map[int]heartbeat.Side{}, epoch: epoch, done: make(chan struct{}), see: see}
	for side, device := range t.devices {
		p.sides[device.Attrs().Index] = side
	}
	err := t.router.on(func() error {
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // who asks for one protocol sees only what comes
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, all)
		if err != nil {
			return err
		}
		p.file = os.NewFile(uintptr(fd), "flatline's tap")
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room) != nil {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, room)
		}
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	if err == nil {
		p.raw, err = p.file.SyscallConn()
	}
	if err != nil {
		err = fmt.Errorf("open a packet socket: %w", err)
		if p.file != nil {
			err = errors.Join(err, p.file.Close())
		}
		return nil, err
	}
	go p.read()
	return p, nil
}

func (t *tap) read() {
	defer close(t.done)
	for {
		err := t.raw.Read(func(fd uintptr) bool {
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.next(int(fd))
		})
		if err != nil {
			return // it was closed
		}
	}
}

// drain hands over everything that the router has seen so far.
func (t *tap) drain() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.raw.Control(func(fd uintptr) {
		for t.next(int(fd)) { // until there is no more
		}
	})
}

// next hands over a packet; false: there is none.
func (t *tap) next(fd int) bool {
	var headers [128]byte // of IP and TCP, with all their options
	var control [64]byte
	n, nc, _, from, err := unix.Recvmsg(fd, headers[:], control[:], unix.MSG_DONTWAIT)
	if err != nil { // one of a device that went down is said once, and means nothing
		return err != unix.EAGAIN && err != unix.EBADF
	}
	link, ok := from.(*unix.SockaddrLinklayer)
	if !ok {
		return true
	}
	side, known := t.sides[link.Ifindex]
	p, isTCP := parse(headers[:n])
	if known && isTCP {
		p.side, p.goes, p.at = side, link.Pkttype == unix.PACKET_OUTGOING, t.stamp(control[:nc])
		t.see(p)
	}
	return true
}

// stamp is the kernel's, on our clock. It is the wall clock's, which somebody
// may set: only its age counts, which is measured at once.
func (t *tap) stamp(control []byte) int64 {
	now := time.Now()
	at := int64(now.Sub(t.epoch))
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return at
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			var ts unix.Timespec
			if _, err := binary.Decode(m.Data, binary.NativeEndian, &ts); err != nil {
				break
			}
			return at - max(0, now.UnixNano()-ts.Nano())
		}
	}
	return at
}

// lost is an error if packets came faster than they were read.
func (t *tap) lost() error {
	var stats *unix.TpacketStats
	var failed error
	if err := t.raw.Control(func(fd uintptr) {
		stats, failed = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	}); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("ask the packet socket what it lost: %w", failed)
	}
	if stats.Drops > 0 {
		return fmt.Errorf("%d packets came faster than they could be counted", stats.Drops)
	}
	return nil
}

func (t *tap) close() error {
	if t == nil {
		return nil
	}
	err := t.file.Close()
	<-t.done
	return err
}
