package wild

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// serveHTTP runs handle for each request until ln is closed, and waits for the
// handlers, whose contexts end then: also those that took over a connection.
func serveHTTP(ln net.Listener, handle http.HandlerFunc) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	s := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			// A connection that was taken over outlives its request's context.
			handle(w, r.WithContext(ctx))
		}),
	}
	err := s.Serve(ln)
	cancel()
	_ = s.Close()
	running.Wait()
	return err
}
