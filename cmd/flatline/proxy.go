package main

import (
	"context"
	"fmt"
	"net"

	"github.com/flatline-go/flatline/harness/network/toxiproxy"
)

// proxyCmd is a Toxiproxy server.
type proxyCmd struct {
	Listen string `default:"127.0.0.1:8474" placeholder:"HOST:PORT" help:"Where the API listens. Default: 127.0.0.1:8474."`
}

// Help is shown below the command's summary.
func (*proxyCmd) Help() string {
	return `For any Toxiproxy client: all of Toxiproxy's toxics, and cable_pull, idle_drop, delay (go doc ./harness/network/toxiproxy/toxics); /metrics is for Prometheus. It ends after SIGINT or SIGTERM. Example:

	flatline proxy &
	flatline run --toxiproxy http://127.0.0.1:8474 --scenario cable-pull

A run on another machine is told by --advertise HOST where this one reaches it. With flatline peer server and client elsewhere: --upstream HOST:PORT is the server, --listen HOST:FIRST-LAST is where the client dials, as in docker-compose.yml.`
}

// Run is called by Kong.
func (p *proxyCmd) Run(ctx context.Context, s streams) error {
	if _, _, err := net.SplitHostPort(p.Listen); err != nil {
		return usage("--listen: %q, want host:port, such as 127.0.0.1:8474", p.Listen)
	}
	server, err := toxiproxy.Serve(p.Listen)
	if err != nil {
		return usage("--listen: %w", err)
	}
	if at, _ := net.ResolveTCPAddr("tcp", server.Addr()); at == nil || !at.IP.IsLoopback() {
		fmt.Fprintf(s.err, "flatline: warning: whoever reaches %s can open ports here, and reach whatever this machine reaches\n", server.Addr())
	}
	fmt.Fprintf(s.out, "Toxiproxy's API is at http://%s\n", server.Addr())
	<-ctx.Done()
	if err := server.Close(); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
