package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// MaxHeaders is how many bytes a request's line and headers may have together.
const MaxHeaders = 16 << 10

// NewServer returns a server for h that no slow or talkative client can hold on
// to: 5 seconds for the headers, 15 for the whole request, 30 for the answer, 60
// between requests. It speaks HTTP/1, for a reverse proxy to speak more. What it
// has to say itself goes to log.
//
// Headers are read up to twice [MaxHeaders] and the 4 KiB that net/http adds, so
// that the router can refuse most of those that are too large in the words of a
// contract. What net/http refuses by itself, because it is larger or no HTTP, it
// answers with a fixed plain text, and tells nobody.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           oneFraming(h),
		Protocols:         &protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    2 * MaxHeaders,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// OPTIONS * is answered by h like any other path that is not there.
		DisableGeneralOptionsHandler: true,
	}
}

// headerSize is the size of r's line and headers, as near as can be told once they
// have been read.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(": \r\n") + len(value)
		}
	}
	return size
}

// oneFraming ends the connection after a request whose end another program might
// see elsewhere. net/http takes a chunked body and drops a Content-Length beside it
// without a trace; RFC 9112 section 6.1 wants the connection closed after such a
// request, so that what follows is never read as a request of its own.
// Browsers send no chunked bodies over HTTP/1, so this costs them nothing.
func oneFraming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers connections from ln until ctx is done, 1,024 at once or as many as the
// limit of open files leaves room for: when there is one more, the one that has kept
// waiting longest, for a request or to take its answer, is closed. Then it takes no more of them, lets the requests in flight finish within grace, cuts off those that
// don't, tells so in the log, and returns nil. Any other end is an error. It
// closes ln. The server is one of [NewServer]'s.
func Serve(ctx context.Context, srv *http.Server, ln net.Listener, grace time.Duration) error {
	return serveCrowd(ctx, srv, newCrowd(ln, allowance()), grace)
}

func serveCrowd(ctx context.Context, srv *http.Server, crowd *crowd, grace time.Duration) error {
	ended := make(chan error, 1)
	go func() { ended <- crowd.serve(srv) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(patience); err != nil {
		srv.ErrorLog.Printf("stop: cut off the requests still running after %v", grace)
		_ = srv.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
