package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func address0(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

func get(b []byte, _ *rand.Rand) []byte {
	return append(b, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"...)
}

// TestClientReadsAnswersOneAfterTheOther uses a true server, since its words are
// what the client reads.
func TestClientReadsAnswersOneAfterTheOther(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
		w.Header().Set("X-Long", strings.Repeat("x", 5000))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "body of "+r.URL.Path)
	}))
	defer s.Close()
	c, err := dial(address0(s), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, request := range []string{string(post(nil, "/a", `{"b":1}`)), "GET /c HTTP/1.1\r\nHost: localhost\r\n\r\n"} {
		a, err := c.do([]byte(request))
		if err != nil {
			t.Fatal(err)
		}
		path := strings.Fields(request)[1]
		if a.status != http.StatusTeapot || string(a.body) != "body of "+path {
			t.Errorf("%s: got %d %q", path, a.status, a.body)
		}
	}
	if len(asked) != 2 || asked[0] != `POST /a application/json {"b":1}` || asked[1] != "GET /c  " {
		t.Errorf("the server was asked %q", asked)
	}
}

func TestClientRefusesWhatItCantRead(t *testing.T) {
	for name, answer := range map[string]string{
		"no HTTP":     "SSH-2.0-x\r\n\r\n",
		"no length":   "HTTP/1.1 200 OK\r\n\r\n",
		"no number":   "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
		"no status":   "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
		"half a body": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"nothing":     "",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}))
		c, err := dial(address0(s), patience)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := c.do(get(nil, nil)); err == nil {
			t.Errorf("%s: taken as %d %q", name, a.status, a.body)
		}
		c.close()
		s.Close()
	}
}

func TestLoadCountsWhatCameInTime(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1)%4 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	const length = 100 * time.Millisecond
	got, err := load(t.Context(), []string{address0(s)}, 3, length/5, length, get)
	if err != nil {
		t.Fatal(err)
	}
	if int64(got.calls) != calls.Load() {
		t.Errorf("counted %d calls, the server %d", got.calls, calls.Load())
	}
	if n := len(got.took) + got.busy; n == 0 || n >= got.calls {
		t.Errorf("%d of %d calls count, want fewer, since some came before", n, got.calls)
	}
	sample := got.sample()
	if sample.Refused < 0.15 || sample.Refused > 0.35 {
		t.Errorf("refused: got %v, want about a quarter", sample.Refused)
	}
	if want := float64(len(got.took)) / length.Seconds(); sample.PerSecond != want {
		t.Errorf("per second: got %v, want %v", sample.PerSecond, want)
	}
	if sample.P50 > sample.P99 {
		t.Errorf("p50 %v is over p99 %v", sample.P50, sample.P99)
	}
}

func TestLoadEndsAtAnAnswerThatMustNotBe(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	defer s.Close()
	_, err := load(t.Context(), []string{address0(s)}, 2, 0, time.Minute, get)
	if err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), "who are you?") {
		t.Errorf("got %v, want the status and the answer", err)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load(ctx, []string{address0(s)}, 2, 0, time.Minute, get); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
