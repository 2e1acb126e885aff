package wild

import (
	"context"
	"net"
	"sync"
	"time"
)

// accept serves each connection of ln by handle until ln is closed. Then it
// ends the handlers' context, closes their connections and waits for them.
// A connection is closed when its handler returns.
func accept(ln net.Listener, handle func(context.Context, net.Conn)) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		running.Go(func() {
			defer c.Close()
			defer context.AfterFunc(ctx, func() { c.Close() })()
			handle(ctx, c)
		})
	}
}

// dial connects once and lets use have the connection until it returns or ctx
// ends.
func dial(ctx context.Context, addr string, use func(context.Context, net.Conn) error) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	return use(ctx, c)
}

// repeat calls do now and then every interval, until ctx ends or do fails.
func repeat(ctx context.Context, interval time.Duration, do func() error) error {
	if err := do(); err != nil {
		return err
	}
	return later(ctx, interval, do)
}

// later is repeat but for the first time, now.
func later(ctx context.Context, interval time.Duration, do func() error) error {
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := do(); err != nil {
			return err
		}
	}
}

// bridge carries bytes both ways until either end closes, and closes both.
func bridge(a, b net.Conn) {
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			defer a.Close()
			defer b.Close()
			pump(way[0], way[1])
		})
	}
	both.Wait()
}

func pump(to, from net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
