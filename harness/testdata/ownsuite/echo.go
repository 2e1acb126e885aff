// Package ownsuite is somebody's client and server, with a heartbeat of their
// own: a line every 100 ms, answered by the same line. Either side hangs up
// when it has read nothing for 1.5 s.
package ownsuite

import (
	"bufio"
	"context"
	"net"
	"time"
)

const (
	every   = 100 * time.Millisecond
	timeout = 1500 * time.Millisecond
)

// Serve answers lines until ln is closed.
func Serve(ln net.Listener) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			lines := bufio.NewReader(c)
			for {
				c.SetReadDeadline(time.Now().Add(timeout))
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if _, err := c.Write([]byte(line)); err != nil {
					return
				}
			}
		}()
	}
}

// Dial keeps a connection up until ctx ends.
func Dial(ctx context.Context, addr string) error {
	for ctx.Err() == nil {
		ping(ctx, addr)
		time.Sleep(every)
	}
	return ctx.Err()
}

func ping(ctx context.Context, addr string) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	lines := bufio.NewReader(c)
	for {
		if _, err := c.Write([]byte("ping\n")); err != nil {
			return
		}
		c.SetReadDeadline(time.Now().Add(timeout))
		if _, err := lines.ReadString('\n'); err != nil {
			return
		}
		time.Sleep(every)
	}
}
