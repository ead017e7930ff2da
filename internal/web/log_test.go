package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is a log that can be read back.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// only returns the one line that there must be.
func (l *lines) only(t *testing.T) map[string]any {
	t.Helper()
	text := l.String()
	if strings.Count(text, "\n") != 1 {
		t.Fatalf("got %q, want one line", text)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return line
}

// ticking is a clock that moves by 1.5 ms with every look.
func ticking() func() time.Time {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(1500 * time.Microsecond)
		return now
	}
}

func loggedRouter() *Router {
	rt := testRouter()
	rt.Handle("POST /note", func(w http.ResponseWriter, r *http.Request) error {
		Note(r, slog.Int64("account", 7), slog.String("email", "a\r\n{\"level\":\"INFO\"}\x1b[31m\u2028@x.test"))
		_, err := io.WriteString(w, RequestID(r)+" "+Client(r).String()+" "+Pattern(r))
		return err
	})
	rt.Handle("POST /error", func(http.ResponseWriter, *http.Request) error {
		return errors.New("sign in: disk on fire")
	})
	rt.Handle("POST /gone", func(_ http.ResponseWriter, r *http.Request) error { return r.Context().Err() })
	rt.Handle("POST /panic", func(w http.ResponseWriter, r *http.Request) error {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Set-Cookie", "session="+string(body))
		return explode()
	})
	rt.Handle("POST /half", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half")
		return errors.New("and then not")
	})
	rt.Handle("POST /silent", func(http.ResponseWriter, *http.Request) error { return nil })
	return rt
}

func explode() error {
	var none map[string]int
	none["x"] = 1 //lint:ignore SA5000 that it panics is what the test wants
	return nil
}

func TestRequestLine(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name, method, target string
		ctx                  context.Context
		aborts               bool
		want                 map[string]any
	}{
		{"a route", "GET", "/api/user/confirm/s3cret?s3cret=1", nil, false,
			map[string]any{"level": "INFO", "msg": "request", "method": "GET", "route": "/api/user/confirm/{token}", "status": 200.0, "bytes": 40.0, "ms": 1.5, "client": "1.1.1.1"}},
		{"no route", "GET", "/s3cret?s3cret", nil, false,
			map[string]any{"level": "INFO", "route": "", "status": 404.0, "error": "no such path"}},
		{"no method", "S3CRET", "/note", nil, false,
			map[string]any{"level": "INFO", "method": "other", "route": "", "status": 405.0}},
		{"notes", "POST", "/note", nil, false,
			map[string]any{"level": "INFO", "route": "/note", "status": 200.0, "account": 7.0, "email": "a\r\n{\"level\":\"INFO\"}\x1b[31m\u2028@x.test"}},
		{"internal error", "POST", "/error", nil, false,
			map[string]any{"level": "ERROR", "route": "/error", "status": 500.0, "error": "sign in: disk on fire"}},
		{"client gone", "POST", "/gone", gone, false,
			map[string]any{"level": "INFO", "route": "/gone", "status": 500.0, "error": "context canceled"}},
		{"panic", "POST", "/panic", nil, false,
			map[string]any{"level": "ERROR", "route": "/panic", "status": 500.0, "error": "panic: assignment to entry in nil map"}},
		{"half", "POST", "/half", nil, true,
			map[string]any{"level": "ERROR", "route": "/half", "status": 200.0, "bytes": 4.0, "error": "and then not", "aborted": true}},
		{"silence", "POST", "/silent", nil, false,
			map[string]any{"level": "INFO", "status": 200.0, "bytes": 0.0}},
	}
	proxies, err := ParseProxies([]string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log lines
			h := Log(log.logger(), ticking(), proxies, loggedRouter())
			r := httptest.NewRequest(tt.method, tt.target, strings.NewReader("s3cret body"))
			if tt.ctx != nil {
				r = r.WithContext(tt.ctx)
			}
			for _, name := range []string{"Authorization", "Cookie", "User-Agent", "X-Request-Id", "Referer"} {
				r.Header.Set(name, "s3cret")
			}
			r.Header.Set("X-Forwarded-For", "1.1.1.1")
			rec := httptest.NewRecorder()
			if aborted := aborts(h, rec, r); aborted != tt.aborts {
				t.Errorf("aborted: got %v, want %v", aborted, tt.aborts)
			}
			line := log.only(t)
			for name, want := range tt.want {
				if line[name] != want {
					t.Errorf("%s: got %v, want %v", name, line[name], want)
				}
			}
			if strings.Contains(strings.ToLower(log.String()), "s3cret") {
				t.Errorf("the line tells a secret: %s", log.String())
			}
			if id := rec.Header().Get("X-Request-Id"); len(id) < 20 || line["id"] != id {
				t.Errorf("id: got %q on the wire, %v in the log", id, line["id"])
			}
			if strings.ContainsAny(log.String(), "\x1b\u2028\r") {
				t.Errorf("the line has control characters: %q", log.String())
			}
			if stack, _ := line["stack"].(string); strings.Contains(stack, "web.explode") != (tt.name == "panic") {
				t.Errorf("stack: got %q", stack)
			}
		})
	}
}

// aborts serves r and says whether the handler cut the connection.
func aborts(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			aborted = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

func TestWhatHandlersAskTheRecord(t *testing.T) {
	var log lines
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/note", nil)
	Log(log.logger(), ticking(), nil, loggedRouter()).ServeHTTP(rec, r)
	if got, want := rec.Body.String(), rec.Header().Get("X-Request-Id")+" 192.0.2.1 /note"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	rec = httptest.NewRecorder()
	loggedRouter().ServeHTTP(rec, r)
	if got, want := rec.Body.String(), " 192.0.2.1 /note"; got != want {
		t.Errorf("without Log: got %q, want %q", got, want)
	}
	if got := Pattern(r); got != "" {
		t.Errorf("outside a router: got %q, want none", got)
	}
}

// TestAMuteProxyIsNoted: its clients share their limits, and nobody would know why.
func TestAMuteProxyIsNoted(t *testing.T) {
	proxies, err := ParseProxies([]string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		xff  []string
		want any
	}{{nil, "missing"}, {[]string{"unknown"}, "unreadable"}, {[]string{"192.0.2.1"}, "proxies only"}, {[]string{"1.1.1.1"}, nil}} {
		var log lines
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Forwarded-For"] = tt.xff
		Log(log.logger(), ticking(), proxies, testRouter()).ServeHTTP(httptest.NewRecorder(), r)
		if got := log.only(t)["forwarded"]; got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.xff, got, tt.want)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	var log lines
	h := Log(log.logger(), ticking(), nil, testRouter())
	var seen []string
	for range 100 {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
		id := rec.Header().Get("X-Request-Id")
		if slices.Contains(seen, id) {
			t.Fatalf("%s twice", id)
		}
		seen = append(seen, id)
	}
}

func TestLogCatchesWhatNoRouterDid(t *testing.T) {
	tests := []struct {
		name   string
		h      http.HandlerFunc
		status int
		aborts bool
	}{
		{"panic", func(http.ResponseWriter, *http.Request) { panic("outside") }, 500, false},
		{"late panic", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); panic("outside") }, 201, true},
		{"abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log lines
			rec := httptest.NewRecorder()
			aborted := aborts(Log(log.logger(), ticking(), nil, tt.h), rec, httptest.NewRequest("GET", "/", nil))
			line := log.only(t)
			if aborted != tt.aborts || line["status"] != float64(tt.status) || line["level"] != "ERROR" {
				t.Errorf("got %v, %v, want status %d, aborted %v", line, aborted, tt.status, tt.aborts)
			}
			if !tt.aborts && rec.Code != tt.status {
				t.Errorf("got %d, want %d", rec.Code, tt.status)
			}
			if _, told := line["stack"]; told == (tt.name == "abort") {
				t.Errorf("got %v, want a stack of every panic but the abort", line)
			}
		})
	}
}

func TestResponseControllerReachesTheConnection(t *testing.T) {
	var log lines
	srv := httptest.NewServer(Log(log.logger(), ticking(), nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
			t.Error(err)
		}
	})))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestTheStatusIsThatOfTheAnswer(t *testing.T) {
	var log lines
	h := Log(log.logger(), ticking(), nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
		w.WriteHeader(http.StatusTeapot) // too late
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if got := log.only(t)["status"]; got != 202.0 {
		t.Errorf("got %v, want 202", got)
	}
}
