package ops

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"matricula/internal/web"
)

// program is a program whose state the test turns.
type program struct {
	err   error
	asked int

	stopping chan struct{}
	now      time.Time
}

func newProgram() *program {
	return &program{stopping: make(chan struct{}), now: time.Date(2026, time.September, 1, 8, 0, 0, 0, time.UTC)}
}

func (p *program) door() *Door {
	return New(Config{Ready: p.ready, Stopping: p.stopping, Now: func() time.Time { return p.now }})
}

func (p *program) ready(context.Context) error {
	p.asked++
	return p.err
}

func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

// listeners are the two handlers of a door.
func listeners(d *Door) map[string]http.Handler {
	return map[string]http.Handler{"public": d.Public(), "private": d.Private()}
}

func TestTheWire(t *testing.T) {
	tests := []struct {
		name         string
		set          func(*program)
		method, path string
		status       int
		body         string
		headers      map[string]string
	}{
		{"up", nil, "GET", "/healthz", 200, `{"status":"up"}`, nil},
		{"up, by HEAD", nil, "HEAD", "/healthz", 200, `{"status":"up"}`, nil},
		{"up without a database", func(p *program) { p.err = errors.New("gone") }, "GET", "/healthz", 200, `{"status":"up"}`, nil},
		{"up while stopping", func(p *program) { close(p.stopping) }, "GET", "/healthz", 200, `{"status":"up"}`, nil},
		{"ready", nil, "GET", "/readyz", 200, `{"status":"ready"}`, nil},
		{"ready, by HEAD", nil, "HEAD", "/readyz", 200, `{"status":"ready"}`, nil},
		{
			"no database", func(p *program) { p.err = errors.New("/srv/matricula.db is gone") }, "GET", "/readyz", 503,
			`{"title":"Service Unavailable","status":503,"detail":"The database does not answer, or can't be written."}`,
			map[string]string{"Retry-After": "1"},
		},
		{
			"stopping", func(p *program) { close(p.stopping) }, "GET", "/readyz", 503,
			`{"title":"Service Unavailable","status":503,"detail":"The program is stopping."}`,
			map[string]string{"Retry-After": "1"},
		},
		{
			"another method", nil, "POST", "/readyz", 405,
			`{"title":"Method Not Allowed","status":405}`, map[string]string{"Allow": "GET, HEAD"},
		},
		{"another path", nil, "GET", "/readyz/", 404, `{"title":"Not Found","status":404}`, nil},
		{"a path below", nil, "GET", "/healthz/x", 404, `{"title":"Not Found","status":404}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newProgram()
			if test.set != nil {
				test.set(p)
			}
			for name, h := range listeners(p.door()) {
				w := ask(h, test.method, test.path)
				if w.Code != test.status || w.Body.String() != test.body {
					t.Errorf("%s: got %d %s, want %d %s", name, w.Code, w.Body, test.status, test.body)
				}
				mediaType := "application/problem+json"
				if test.status == http.StatusOK {
					mediaType = "application/json; charset=utf-8"
				}
				owed := map[string]string{
					"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": mediaType,
				}
				for _, headers := range []map[string]string{owed, test.headers} {
					for header, want := range headers {
						if got := w.Header().Get(header); got != want {
							t.Errorf("%s: %s: got %q, want %q", name, header, got, want)
						}
					}
				}
			}
		})
	}
}

func TestReadyIsAskedOnceASecond(t *testing.T) {
	p := newProgram()
	h := p.door().Public()
	steps := []struct {
		after  time.Duration
		err    error
		status int
		asked  int
	}{
		{0, nil, 200, 1},
		{0, errors.New("gone"), 200, 1},
		{999 * time.Millisecond, errors.New("gone"), 200, 1},
		{time.Millisecond, errors.New("gone"), 503, 2},
		{time.Millisecond, nil, 503, 2},
		{time.Second, nil, 200, 3},
		{-time.Hour, nil, 200, 4}, // a clock that was set back must not hold an old answer
	}
	for i, step := range steps {
		p.now, p.err = p.now.Add(step.after), step.err
		if w := ask(h, "GET", "/readyz"); w.Code != step.status || p.asked != step.asked {
			t.Errorf("step %d: got %d after %d questions, want %d after %d", i, w.Code, p.asked, step.status, step.asked)
		}
	}
}

func TestManyAskOnce(t *testing.T) {
	var asked atomic.Int64
	h := New(Config{Now: time.Now, Ready: func(context.Context) error {
		asked.Add(1)
		for range 100 {
			runtime.Gosched() // to the others who ask
		}
		return nil
	}}).Public()
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if w := ask(h, "GET", "/readyz"); w.Code != http.StatusOK {
				t.Errorf("got %d, want 200", w.Code)
			}
		})
	}
	wait.Wait()
	if got := asked.Load(); got != 1 {
		t.Errorf("got %d questions, want 1", got)
	}
}

func TestReadyIsGivenTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := New(Config{Now: time.Now, Ready: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		start := time.Now()
		w := ask(door.Public(), "GET", "/readyz")
		if took := time.Since(start); w.Code != http.StatusServiceUnavailable || took != 2*time.Second {
			t.Errorf("got %d after %v, want 503 after 2s", w.Code, took)
		}
	})
}

func TestAClientThatLeavesSpoilsNothing(t *testing.T) {
	door := New(Config{Now: time.Now, Ready: func(ctx context.Context) error { return ctx.Err() }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	door.Public().ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
	if w.Code != http.StatusOK {
		t.Errorf("got %d, want 200", w.Code)
	}
}

// The answer tells strangers nothing of the cause; the log does.
func TestTheCauseIsLogged(t *testing.T) {
	var lines bytes.Buffer
	p := newProgram()
	p.err = errors.New("no space left on device")
	h := web.Log(slog.New(slog.NewJSONHandler(&lines, nil)), time.Now, nil, p.door().Public())
	w := ask(h, "GET", "/readyz")
	if strings.Contains(w.Body.String(), "space") {
		t.Errorf("got the cause in the answer: %s", w.Body)
	}
	if !strings.Contains(lines.String(), "not ready: no space left on device") {
		t.Errorf("got no cause in the log: %s", &lines)
	}
}

func TestAPanicIsAnInternalError(t *testing.T) {
	h := New(Config{Now: time.Now, Ready: func(context.Context) error { panic("boom") }}).Public()
	for range 2 { // the second finds no lock held
		if w := ask(h, "GET", "/readyz"); w.Code != http.StatusInternalServerError {
			t.Errorf("got %d, want 500", w.Code)
		}
	}
}

func TestProfilesAreOnThePrivateListenerAlone(t *testing.T) {
	tests := []struct {
		method, path string
		private      int
	}{
		{"GET", "/debug/pprof/", 200},
		{"GET", "/debug/pprof/heap?debug=1", 200},
		{"GET", "/debug/pprof/goroutine", 200},
		{"GET", "/debug/pprof/symbol", 200},
		{"POST", "/debug/pprof/symbol", 200},
		{"GET", "/debug/pprof/trace?seconds=0.01", 200},
		{"GET", "/debug/pprof/cmdline", 404},
		{"GET", "/debug/pprof/nothing", 404},
		{"GET", "/debug/pprof", 404},
		{"DELETE", "/debug/pprof/heap", 405},
	}
	door := newProgram().door()
	public, private := door.Public(), door.Private()
	for _, test := range tests {
		if w := ask(private, test.method, test.path); w.Code != test.private {
			t.Errorf("private %s %s: got %d, want %d", test.method, test.path, w.Code, test.private)
		}
		if w := ask(public, test.method, test.path); w.Code != http.StatusNotFound {
			t.Errorf("public %s %s: got %d, want 404", test.method, test.path, w.Code)
		}
	}
}
