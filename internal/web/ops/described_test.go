package ops

import (
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"matricula/api/apitest"
	"matricula/internal/web"
)

// TestThePublicListenerIsAsDescribed plays all that the description says of it.
func TestThePublicListenerIsAsDescribed(t *testing.T) {
	book, p := apitest.Open(t, "health"), newProgram()
	logged := web.Log(slog.New(slog.DiscardHandler), func() time.Time { return p.now }, nil, p.door().Public())
	h := book.Hold(t, logged)
	both := func(path string, status int) {
		t.Helper()
		for _, method := range []string{"GET", "HEAD"} {
			if w := ask(h, method, path); w.Code != status {
				t.Errorf("%s %s: got %d, want %d", method, path, w.Code, status)
			}
		}
	}
	both("/healthz", http.StatusOK)
	both("/readyz", http.StatusOK)
	both("/readyz/more", http.StatusNotFound)
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := ask(h, "POST", path); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: got %d, want 405", path, w.Code)
		}
	}
	p.err = errors.New("the disk is full")
	p.now = p.now.Add(2 * maxAge)
	both("/healthz", http.StatusOK)
	both("/readyz", http.StatusServiceUnavailable)
	close(p.stopping)
	both("/readyz", http.StatusServiceUnavailable)
	book.Complete(t)
}
