package sockets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// As a kernel on a little-endian machine prints it; the timers are hexadecimal
// hundredths of a second: 0x576 = 1398.
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:8000 01 00000000:00000000 02:00000576 00000000     0        0 12 2 0 20 4 0 10 -1
   2: 0100007F:8000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 13 2 0 20 4 0 10 -1
   3: 0100007F:8001 0100007F:1F90 01 00000010:00000000 01:00000014 00000000     0        0 14 2 0 20 4 0 10 -1
   4: 0100007F:8002 0100007F:1F90 05 00000000:00000000 02:00000576 00000000     0        0 15 2 0 20 4 0 10 -1
`

func TestParse(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the table is another machine's")
	}
	got, err := parse(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	server, client := netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("127.0.0.1:32768")
	want := []Socket{
		{Local: server, Remote: netip.MustParseAddrPort("0.0.0.0:0"), Listens: true, Inode: "11"},
		{Local: server, Remote: client, Established: true, Keepalive: true, Next: 13980 * time.Millisecond, Inode: "12"},
		{Local: client, Remote: server, Established: true, Inode: "13"},
		{Local: netip.MustParseAddrPort("127.0.0.1:32769"), Remote: server, Established: true, Inode: "14"},
		{Local: netip.MustParseAddrPort("127.0.0.1:32770"), Remote: server, Inode: "15"}, // FIN_WAIT2 has that timer for itself
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"half a line", "0: 0100007F:1F90", "columns"},
		{"half an address", strings.Replace(strings.Split(table, "\n")[2], "0100007F:1F90", "0100:1F90", 1), "0100:1F90"},
		{"no timer", strings.Replace(strings.Split(table, "\n")[2], "00000576", "soon", 1), "02:soon"},
	} {
		if _, err := parse(strings.NewReader("heading\n" + row.line)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", row.name, err, row.want)
		}
	}
}

// The kernel's own table has both ends of a connection of this process's, and
// the timer of the one that has a keepalive.
func TestAllOfTheKernel(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6"} {
		ln, err := net.Listen(network, "localhost:0")
		if err != nil {
			t.Logf("%s: %v", network, err)
			continue
		}
		defer ln.Close()
		d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Hour}}
		c, err := d.Dial(network, ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close() // until then: a connection that nobody holds is closed
		all, err := All()
		if err != nil {
			t.Fatal(err)
		}
		own, err := Own()
		if err != nil {
			t.Fatal(err)
		}
		if its, err := Of(os.Getpid()); err != nil || !maps.Equal(its, own) {
			t.Errorf("of this process: %v, %v, want %v", its, err, own)
		}
		local := netip.MustParseAddrPort(c.LocalAddr().String())
		remote := netip.MustParseAddrPort(c.RemoteAddr().String())
		i := slices.IndexFunc(all, func(s Socket) bool { return s.Local == local && s.Remote == remote })
		if i < 0 {
			t.Fatalf("%s: %v is not among %d sockets", network, local, len(all))
		}
		if s := all[i]; !s.Keepalive || s.Next < 59*time.Minute || s.Next > time.Hour || !own[s.Inode] || !s.Established {
			t.Errorf("%s: %+v, want a keepalive within the hour, of our own", network, s)
		}
		if got, want := Holder(all[i].Inode), fmt.Sprintf("(process %d)", os.Getpid()); !strings.HasSuffix(got, want) || got == want {
			t.Errorf("%s: it is held by %q, want NAME %s", network, got, want)
		}
		listens := func(s Socket) bool { return s.Listens && s.Local.String() == ln.Addr().String() }
		if !slices.ContainsFunc(all, listens) {
			t.Errorf("%s: nobody listens at %v", network, ln.Addr())
		}
	}
}

func TestWhatIsNotThereHasNoSockets(t *testing.T) {
	if who := Holder("-1"); who != "" {
		t.Errorf("no socket is held by %q", who)
	}
	if its, err := Of(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process has %v, %v", its, err)
	}
}
