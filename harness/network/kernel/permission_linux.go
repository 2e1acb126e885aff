package kernel

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// explain says why this process cannot build a path, and what would help.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return fmt.Errorf("kernel: %w: it takes root, or CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_RAW, or a user namespace: %s", err, userNamespaces())
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("kernel: %w: /proc/sys is read-only here, as in a container: it takes one that is privileged, or has its own /proc/sys", err)
	case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("kernel: %w: it takes a kernel with veth, nf_tables (with conntrack, numgen, reject, masquerade) and packet sockets", err)
	default:
		return fmt.Errorf("kernel: %w", err)
	}
}

// refused is set once Enter was not given a user namespace.
var refused atomic.Bool

// userNamespaces says what keeps an ordinary user from having one.
func userNamespaces() string {
	if inside() {
		return "this is one, and yet it is not allowed: does a container's seccomp or AppArmor profile forbid it?"
	}
	for _, s := range []struct{ name, off, how string }{
		{"kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with userns for this program"},
		{"user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"},
		{"user/max_net_namespaces", "0", "sysctl user.max_net_namespaces=10000"},
	} {
		value, err := os.ReadFile("/proc/sys/" + s.name)
		if err == nil && strings.TrimSpace(string(value)) == s.off {
			return fmt.Sprintf("%s is %s; as root: %s", strings.ReplaceAll(s.name, "/", "."), s.off, s.how)
		}
	}
	if refused.Load() {
		return "none is to be had, perhaps for a container's seccomp or AppArmor profile; in a container it takes --privileged"
	}
	return "call kernel.Enter first, as flatline does"
}
