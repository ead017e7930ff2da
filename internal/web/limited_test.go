package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var errLimit = errors.New("too often")

// untouched is a body that must not be read.
type untouched struct{ t *testing.T }

func (b untouched) Read([]byte) (int, error) {
	b.t.Error("the body of a refused request was read")
	return 0, io.EOF
}

func (untouched) Close() error { return nil }

// TestLimitedAsksBeforeAnythingElse: the route and the network are told, and a
// refusal costs neither the body nor the handler.
func TestLimitedAsksBeforeAnythingElse(t *testing.T) {
	var asked []Visit
	limited := Limited(func(v Visit) error {
		asked = append(asked, v)
		if v.Network.String() == "203.0.113.5/32" {
			return errLimit
		}
		return nil
	})
	rt := NewRouter(func(w http.ResponseWriter, _ *http.Request, err error) {
		if !errors.Is(err, errLimit) {
			t.Errorf("got %v, want the limit's own error", err)
		}
		w.WriteHeader(http.StatusTooManyRequests)
	})
	reads := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.ReadAll(r.Body)
		return err
	}
	rt.Handle("POST /a/{name}", reads, nil, limited)
	rt.Handle("POST /free", reads, nil)
	proxies, err := ParseProxies([]string{"192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	for name, h := range map[string]http.Handler{"logged": Log(log.logger(), time.Now, proxies, rt), "bare": rt} {
		for _, step := range []struct {
			path, client string
			status       int
		}{
			{"/a/x", "203.0.113.5", 429}, {"/a/y", "198.51.100.1", 200}, {"/a/z", "2001:db8::1", 200}, {"/free", "203.0.113.5", 200},
		} {
			asked = nil
			r := httptest.NewRequest("POST", step.path, strings.NewReader("body"))
			r.Header.Set("X-Forwarded-For", step.client)
			if name == "bare" {
				r.RemoteAddr = "[" + step.client + "]:1"
			}
			if step.status == 429 {
				r.Body = untouched{t}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != step.status {
				t.Errorf("%s: %s from %s: got %d, want %d", name, step.path, step.client, w.Code, step.status)
			}
			if step.path == "/free" {
				if len(asked) > 0 {
					t.Errorf("%s: asked %v about a route without a limit", name, asked)
				}
				continue
			}
			if len(asked) != 1 || asked[0].Route != "/a/{name}" {
				t.Errorf("%s: asked %v, want once, by the pattern", name, asked)
			}
		}
	}
	if !strings.Contains(log.String(), `"error":"too often"`) {
		t.Errorf("got no refusal in the log: %s", log.String())
	}
}
