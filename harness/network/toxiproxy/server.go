package toxiproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	stock "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/collectors"
	stocktoxics "github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
)

// version is that of the Toxiproxy module, which doesn't know it itself.
const version = "2.12.0"

func init() { stock.Version = version } // what the API says; it is "git" otherwise

// closing bounds how long a server waits for the requests that it is answering.
const closing = 5 * time.Second

// Server is a Toxiproxy server in this process, with Toxiproxy's own toxics and
// Flatline's.
type Server struct {
	listener net.Listener
	http     *http.Server
	proxies  *stock.ProxyCollection
	served   chan error
}

// Serve starts a server, whose API listens on addr, host:port. It has
// Toxiproxy's metrics, in the format of Prometheus, under /metrics.
func Serve(addr string) (*Server, error) {
	return serve(addr, func(s *stock.ApiServer) {
		s.Metrics.ProxyMetrics = collectors.NewProxyMetricCollectors()
		s.Metrics.RuntimeMetrics = collectors.NewRuntimeMetricCollectors()
	})
}

func serve(addr string, configure func(*stock.ApiServer)) (*Server, error) {
	toxics.Register()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("toxiproxy: listen for the API: %w", err)
	}
	api := stock.NewServer(stock.NewMetricsContainer(nil), zerolog.Nop())
	configure(api)
	s := &Server{
		listener: listener,
		http:     &http.Server{Handler: handler(api), ReadHeaderTimeout: 15 * time.Second},
		proxies:  api.Collection,
		served:   make(chan error, 1),
	}
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

// Addr is where the API listens, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close answers what was asked, then deletes all proxies and closes their
// connections.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if serve := <-s.served; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	for name, proxy := range s.proxies.Proxies() {
		endCables(proxy)
		err = errors.Join(err, s.proxies.Remove(name))
	}
	return err
}

// endCables makes a proxy's cables let go of its connections: Toxiproxy doesn't
// tell toxics that a proxy is deleted.
func endCables(proxy *stock.Proxy) {
	for _, t := range proxy.Toxics.GetToxicArray() {
		wrapper, _ := t.(*stocktoxics.ToxicWrapper)
		if cable, ours := wrapper.Toxic.(*toxics.CablePull); ours {
			_ = cable.UnmarshalJSON([]byte(`{"end":true}`))
		}
	}
}

// handler is Toxiproxy's API. Toxiproxy writes a toxic's toxicity on each
// update and reads it for each answer, and guards neither against the other; and it
// creates toxics without attributes, see withAttributes.
func handler(api *stock.ApiServer) http.Handler {
	routes := api.Routes()
	var mu sync.RWMutex
	routes.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPatch:
				mu.Lock()
				defer mu.Unlock()
			case http.MethodGet:
				mu.RLock()
				defer mu.RUnlock()
			}
			if creates(r) {
				r.Body = withAttributes(r.Body)
			}
			next.ServeHTTP(w, r)
		})
	})
	return routes
}
