package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestAFloodIsToldByItsNumber: every request is in the log, by a line or in a number,
// and of what was granted many more by a line.
func TestAFloodIsToldByItsNumber(t *testing.T) {
	var log lines
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	rt := loggedRouter()
	rt.Handle("POST /refused", func(http.ResponseWriter, *http.Request) error { return ErrForeignOrigin })
	h := Log(log.logger(), func() time.Time { return now }, nil, rt)
	ask := func(n int, method, path string) {
		for range n {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
		}
	}
	ask(1000, "POST", "/refused")
	ask(1200, "POST", "/silent")
	ask(500, "GET", "/nowhere/s3cret")
	ask(130, "POST", "/error")
	now = now.Add(time.Second)
	ask(150, "POST", "/refused")
	h.Flush()
	h.Flush() // once is enough

	type line struct {
		Msg, Level, Route string
		Status, Count     int
		From, To          time.Time
	}
	got := map[string]int{}
	for text := range strings.Lines(log.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf("%s %s %d", l.Msg, l.Route, l.Status)
		if l.Msg != "request" {
			key = fmt.Sprintf("%s %s %d: %d", l.Level, l.Route, l.Status, l.Count)
			if l.From.IsZero() || l.To.Before(l.From) {
				t.Errorf("got from %v to %v", l.From, l.To)
			}
		}
		got[key]++
	}
	want := map[string]int{
		"request /refused 403": 200, "INFO /refused 403: 900": 1, "INFO /refused 403: 50": 1,
		"request /silent 200": 1000, "INFO /silent 200: 200": 1,
		"request  404": 100, "INFO  404: 400": 1,
		"request /error 500": 100, "WARN /error 500: 30": 1,
	}
	for key, n := range want {
		if got[key] != n {
			t.Errorf("%s: got %d lines, want %d", key, got[key], n)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("got besides %v", got)
	}
}

// TestAClockSetBackHoldsNoLineBack: the second that has begun must not last an hour.
func TestAClockSetBackHoldsNoLineBack(t *testing.T) {
	var log lines
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	th := newThin(log.logger())
	for range 150 {
		th.take(kind{"/x", 429}, now)
	}
	if !th.take(kind{"/x", 429}, now.Add(-time.Hour)) {
		t.Error("a line was left out after the clock was set back")
	}
	if !strings.Contains(log.String(), `"count":50`) {
		t.Errorf("got %q, want the 50 told", log.String())
	}
}

// overload is an error as the rules have it.
type overload bool

func (overload) Error() string    { return "busy" }
func (o overload) Overload() bool { return bool(o) }

// TestAnOverloadRaisesNoAlarm: 503 is WARN where nothing is broken.
func TestAnOverloadRaisesNoAlarm(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{overload(true), "WARN"}, {fmt.Errorf("sign in: %w", overload(true)), "WARN"},
		{overload(false), "ERROR"}, {errors.New("disk"), "ERROR"}, {context.DeadlineExceeded, "ERROR"},
	} {
		var log lines
		rt := NewRouter(func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(503) })
		rt.Handle("GET /", func(http.ResponseWriter, *http.Request) error { return tt.err })
		Log(log.logger(), ticking(), nil, rt).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if got := log.only(t)["level"]; got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
}

// BenchmarkRefusals is what the log costs a flood of refusals.
func BenchmarkRefusals(b *testing.B) {
	for name, most := range map[string]int{"thinned": 1, "all": 0} {
		b.Run(name, func(b *testing.B) {
			log := slog.New(slog.NewJSONHandler(discard{}, nil))
			rt := NewRouter(plain)
			rt.Handle("GET /", func(http.ResponseWriter, *http.Request) error { return ErrForeignOrigin })
			h, r := Log(log, time.Now, nil, rt), httptest.NewRequest("GET", "/", nil)
			for b.Loop() {
				if most == 0 {
					clear(h.thin.lines)
				}
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
