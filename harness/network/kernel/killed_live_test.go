//go:build kernel

package kernel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// victimOf makes this binary a victim: it builds a path with a connection, and
// waits to be killed; with "cut", while the cable is out and bytes are under way.
// With "cut and given up" its hosts' kernels try once only to bring those over,
// and not for about 100 s.
const victimOf = "FLATLINE_KERNEL_VICTIM"

func victim() {
	n, err := New()
	if err != nil {
		panic(err)
	}
	p, err := n.Open(context.Background(), network.Setup{Name: "victim", Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}}})
	if err != nil {
		panic(err)
	}
	ctx := network.WithPath(context.Background(), p)
	var ln net.Listener
	if err := network.On(ctx, heartbeat.ServerSide, func() (err error) {
		ln, err = net.Listen("tcp", p.Addr())
		return err
	}); err != nil {
		panic(err)
	}
	c, err := network.Dial(ctx, p.Addr())
	if err != nil {
		panic(err)
	}
	s, err := ln.Accept()
	if err != nil {
		panic(err)
	}
	own := p.(*path)
	switch how := os.Getenv(victimOf); how {
	case "cut", "cut and given up":
		if err := p.Apply(ctx, 0); err != nil {
			panic(err)
		}
		fmt.Fprint(c, "x")
		for _, host := range []space{own.client, own.topology.server} {
			if how != "cut" {
				if err := host.set(map[string]string{"ipv4/tcp_orphan_retries": "1"}); err != nil {
					panic(err)
				}
			}
		}
	}
	for _, space := range own.spaces() {
		fmt.Println(int(space.ns))
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	runtime.KeepAlive([]any{c, s})
}

func (t *topology) spaces() []space { return []space{t.router, t.client, t.server} }

// A process that is killed in the middle of a run leaves nothing, and nor does the
// next run: the kernel itself says that their namespaces are gone, and with them
// links and tables. A host whose socket has bytes under way is kept until the
// kernel gives up on them.
func TestAKilledProcessLeavesNothing(t *testing.T) {
	named := names(t)
	for name, gone := range map[string]int{"idle": 3, "cut": 1, "cut and given up": 3} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), victimOf+"="+name)
			cmd.Stderr = os.Stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			defer cmd.Process.Kill()
			var spaces []int
			lines := bufio.NewScanner(out)
			for lines.Scan() && lines.Text() != "ready" {
				spaces = append(spaces, number(t, fmt.Sprintf("/proc/%d/fd/%s", cmd.Process.Pid, lines.Text())))
			}
			if got := alive(t, spaces); len(spaces) != 3 || got != 3 {
				t.Fatalf("of %d namespaces %d are alive, want 3", len(spaces), got)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			limit := time.Now().Add(patience)
			for alive(t, spaces) > 3-gone {
				if time.Now().After(limit) {
					t.Fatalf("of its 3 namespaces %d are alive", alive(t, spaces))
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	n := newNetwork(t)
	p, err := n.Open(t.Context(), network.Setup{Name: "next", Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}}})
	if err != nil {
		t.Fatal(err)
	}
	var spaces []int
	for _, space := range p.(*path).spaces() {
		spaces = append(spaces, number(t, fmt.Sprintf("/proc/self/fd/%d", space.ns)))
	}
	if err := errors.Join(p.Apply(t.Context(), 0), p.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(patience); alive(t, spaces) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("of the next run's namespaces %d are alive", alive(t, spaces))
		}
	}
	nothingHere(t)
	if now := names(t); !slices.Equal(now, named) {
		t.Errorf("namespaces with a name: %q, before %q", now, named)
	}
}

// nothingHere looks at this process's own network, where the system's tools would
// see what is left of a path.
func nothingHere(t *testing.T) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Type() == "veth" && slices.Contains([]string{"client", "server"}, l.Attrs().Name) {
			t.Errorf("link %s is left here", l.Attrs().Name)
		}
	}
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := conn.ListTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Name == "flatline" {
			t.Error("a table is left here")
		}
	}
}

// names are those of the system's network namespaces: none is ours.
func names(t *testing.T) (named []string) {
	t.Helper()
	entries, err := os.ReadDir("/run/netns")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		named = append(named, e.Name())
	}
	return named
}

// number gives a process's namespace a number in this one, for as long as it
// lives: that holds nothing.
func number(t *testing.T, path string) int {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	n := int(rand.Int32()) // a victim of an earlier run may still have a lower one
	if err := netlink.SetNetNsIdByFd(fd, n); err != nil {
		t.Fatal(err)
	}
	return n
}

// alive is how many of the namespaces with these numbers there are.
func alive(t *testing.T, numbers []int) (n int) {
	t.Helper()
	req := nl.NewNetlinkRequest(unix.RTM_GETNSID, unix.NLM_F_DUMP)
	req.AddData(nl.NewRtGenMsg())
	answers, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNSID)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		attrs, err := nl.ParseRouteAttr(a[unix.NLMSG_ALIGNTO:])
		if err != nil {
			t.Fatal(err)
		}
		for _, attr := range attrs {
			if attr.Attr.Type == unix.NETNSA_NSID && slices.Contains(numbers, int(int32(nl.NativeEndian().Uint32(attr.Value)))) {
				n++
			}
		}
	}
	return n
}
