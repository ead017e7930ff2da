package linear

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// memory answers what it was answered a moment ago, as a program would that doesn't
// want to ask its database for each call.
type memory struct {
	next http.Handler
	life time.Duration
	mu   sync.Mutex
	kept map[string]remembered
}

type remembered struct {
	body  []byte
	until time.Time
}

// ServeHTTP implements http.Handler. It remembers the yes to a GET, by what it rested on.
func (m *memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Path + "\n" + r.Header.Get("Authorization") + "\n" + r.Header.Get("Cookie")
	m.mu.Lock()
	known, hit := m.kept[key]
	m.mu.Unlock()
	if r.Method != http.MethodGet {
		m.next.ServeHTTP(w, r)
		return
	}
	if hit && time.Now().Before(known.until) {
		_, _ = w.Write(known.body) // the client may be gone
		return
	}
	copied := &listener{ResponseWriter: w, status: http.StatusOK}
	m.next.ServeHTTP(copied, r)
	if copied.status == http.StatusOK {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.kept[key] = remembered{copied.body.Bytes(), time.Now().Add(m.life)}
	}
}

// listener hears what is answered.
type listener struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (l *listener) WriteHeader(status int) {
	l.status = status
	l.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (l *listener) Write(p []byte) (int, error) {
	return io.MultiWriter(&l.body, l.ResponseWriter).Write(p)
}

// TestAMemoryOfOneSecondIsFound tests the test: a proxy that remembers each yes for a
// second stands before the instance, and both judges must say so.
func TestAMemoryOfOneSecondIsFound(t *testing.T) {
	r, _ := play(t, plan{database: "sqlite", instances: 1, ops: 1500, clients: 12}, func(address string) string {
		next := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
		front := httptest.NewServer(&memory{next: next, life: time.Second, kept: map[string]remembered{}})
		t.Cleanup(front.Close)
		return front.URL
	})
	broken := judgeAll(r.users)
	var direct, order int
	for _, v := range broken {
		if v.taken != nil {
			direct++
		}
		if v.result == porcupine.Illegal {
			order++
		}
	}
	if direct == 0 || order == 0 {
		t.Fatalf("of %d histories the direct rule found %d broken and the model %d, want some of both", len(r.users), direct, order)
	}
	t.Logf("of %d histories the direct rule found %d broken, the model %d", len(r.users), direct, order)
	dir := t.TempDir()
	if err := broken[0].keep(dir); err != nil {
		t.Error(err)
	}
	for _, ending := range []string{"txt", "json", "html"} {
		if found, err := filepath.Glob(filepath.Join(dir, "user-*."+ending)); err != nil || len(found) != 1 {
			t.Errorf("a broken history is kept in %d files of the kind %s, want 1", len(found), ending)
		}
	}
}
