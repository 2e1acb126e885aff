package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// addresses are one or more of a host: its flag is HOST:PORT or HOST:FIRST-LAST.
type addresses []string

// maxAddresses bounds a range of ports: a typing error should not fill the memory.
const maxAddresses = 1000

// UnmarshalText reads HOST:PORT or HOST:FIRST-LAST.
func (a *addresses) UnmarshalText(text []byte) error {
	host, ports, err := net.SplitHostPort(string(text))
	first, last, isRange := strings.Cut(ports, "-")
	if !isRange {
		last = first
	}
	from, bad := strconv.Atoi(first)
	to, worse := strconv.Atoi(last)
	if err != nil || bad != nil || worse != nil || from < 1 || to > 65535 || to < from || to-from >= maxAddresses {
		return fmt.Errorf("%q, want host:port, or host:first-last for at most %d ports, such as localhost:4001-4008", text, maxAddresses)
	}
	*a = nil
	for port := from; port <= to; port++ {
		*a = append(*a, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	return nil
}

// String is what UnmarshalText reads; "" of none.
func (a addresses) String() string {
	if len(a) == 0 {
		return ""
	}
	_, last, _ := net.SplitHostPort(a[len(a)-1])
	if len(a) == 1 {
		return a[0]
	}
	return a[0] + "-" + last
}
