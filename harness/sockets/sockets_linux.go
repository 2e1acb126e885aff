package sockets

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// All are the sockets of /proc/net/tcp and tcp6, as the calling thread sees them:
// those of its network namespace. Elsewhere than on Linux the
// error is errors.ErrUnsupported.
func All() ([]Socket, error) {
	var all []Socket
	for _, path := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		read, err := parse(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, read...)
	}
	return all, nil
}

// Own are the inodes of this process's sockets.
func Own() (map[string]bool, error) { return of("/proc/self") }

// Of are the inodes of a process's sockets. The error is fs.ErrPermission for one
// that is not ours to look into.
func Of(pid int) (map[string]bool, error) { return of(fmt.Sprintf("/proc/%d", pid)) }

func of(process string) (map[string]bool, error) {
	dir := filepath.Join(process, "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed since
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			all[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return all, nil
}

// Holder is who has the socket of that inode open, for people, such as "python3
// (process 123)"; "": nobody that is ours to look into.
func Holder(inode string) string {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		if all, err := of(process); err != nil || !all[inode] {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm"))
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), filepath.Base(process))
	}
	return ""
}

// The columns of the table, and what they say (net/ipv4/tcp_ipv4.c,
// get_tcp4_sock; Documentation/networking/proc_net_tcp.rst).
const (
	local, remote, state, timer, inode = 1, 2, 3, 5, 9

	established = "01"
	listening   = "0A"
	keepalive   = "02:" // on an established connection the only other timer
	perSecond   = 100   // USER_HZ
)

func parse(r io.Reader) ([]Socket, error) {
	var all []Socket
	lines := bufio.NewScanner(r)
	lines.Scan() // the heading
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) <= inode {
			return nil, fmt.Errorf("%q: want at least %d columns", lines.Text(), inode+1)
		}
		s := Socket{Listens: words[state] == listening, Established: words[state] == established, Inode: words[inode]}
		var err error
		if s.Local, err = addrPort(words[local]); err != nil {
			return nil, err
		}
		if s.Remote, err = addrPort(words[remote]); err != nil {
			return nil, err
		}
		if when, ok := strings.CutPrefix(words[timer], keepalive); ok && s.Established {
			ticks, err := strconv.ParseInt(when, 16, 64)
			if err != nil {
				return nil, fmt.Errorf("timer %q: %w", words[timer], err)
			}
			s.Keepalive, s.Next = true, time.Duration(ticks)*time.Second/perSecond
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

// addrPort reads 0100007F:1F90: the address in words of 32 bits, each in the
// machine's order of bytes; the port is a number.
func addrPort(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	if err != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("address %q: want words of 32 bits", text)
	}
	for i := 0; i < len(b); i += 4 {
		inOrder(b[i : i+4])
	}
	addr, ok := netip.AddrFromSlice(b)
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("address %q: want IPv4 or IPv6, and a port", text)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}

// inOrder turns a word that the kernel printed as a number into bytes as they
// were in memory, which are in the network's order.
func inOrder(word []byte) {
	binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
}
