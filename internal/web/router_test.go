package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// plain words failures for tests.
func plain(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusInternalServerError
	if _, ok := errors.AsType[*MethodError](err); ok {
		status = http.StatusMethodNotAllowed
	}
	if _, ok := errors.AsType[*BodyError](err); ok {
		status = http.StatusBadRequest
	}
	for is, s := range map[error]int{ErrNotFound: 404, ErrUnsupportedType: 415, ErrTooLarge: 413, ErrForeignOrigin: 403, ErrHeadersTooLarge: 431} {
		if errors.Is(err, is) {
			status = s
		}
	}
	text := "internal"
	if status != 500 {
		text = err.Error()
	}
	WriteJSON(w, status, map[string]string{"error": text})
}

// says answers with the route and its parameter.
func says(word string) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := fmt.Fprintf(w, "%s %s %s", word, Pattern(r), Param(r, "token"))
		return err
	}
}

func testRouter() *Router {
	rt := NewRouter(plain)
	rt.Handle("POST /api/user/login", says("login"))
	rt.Handle("GET /api/user/confirm/{token}", says("confirm"))
	rt.Handle("GET /api/auth/sign-out", says("out"))
	rt.Handle("POST /api/auth/sign-out", says("out"))
	rt.Handle("DELETE /api/user/revoke-access", says("revoke"))
	return rt
}

func TestRouterTakesPathsAsSent(t *testing.T) {
	tests := []struct {
		method, target string
		status         int
		want           string // body, or Allow with 405
	}{
		{"POST", "/api/user/login", 200, "login /api/user/login "},
		{"POST", "/api/user/login?x=1", 200, "login /api/user/login "},
		{"POST", "http://evil.test/api/user/login", 200, "login /api/user/login "},
		{"GET", "/api/user/confirm/abc", 200, "confirm /api/user/confirm/{token} abc"},
		{"GET", "/api/user/confirm/a%2Fb", 200, "confirm /api/user/confirm/{token} a%2Fb"},
		{"GET", "/api/user/confirm/a%20b", 200, "confirm /api/user/confirm/{token} a%20b"},
		{"GET", "/api/user/confirm/..", 200, "confirm /api/user/confirm/{token} .."},
		{"DELETE", "/api/user/revoke-access", 200, "revoke /api/user/revoke-access "},

		{"POST", "/api/user/login/", 404, ""},
		{"POST", "//api/user/login", 404, ""},
		{"POST", "/api//user/login", 404, ""},
		{"POST", "/api/user/./login", 404, ""},
		{"POST", "/api/user/x/../login", 404, ""},
		{"POST", "/api/user/%6cogin", 404, ""},
		{"POST", "/api/user%2Flogin", 404, ""},
		{"POST", "/api/user/login;x", 404, ""},
		{"POST", "/api/user/login%00", 404, ""},
		{"POST", "/api/user/..%2fuser/login", 404, ""},
		{"POST", "/API/user/login", 404, ""},
		{"GET", "/api/user/confirm", 404, ""},
		{"GET", "/api/user/confirm/", 404, ""},
		{"GET", "/api/user/confirm/a/b", 404, ""},
		{"GET", "/", 404, ""},
		{"FOO", "/nowhere", 404, ""},
		{"OPTIONS", "*", 404, ""},

		{"GET", "/api/user/login", 405, "POST"},
		{"HEAD", "/api/user/confirm/abc", 405, "GET"},
		{"HEAD", "/api/auth/sign-out", 405, "GET, POST"},
		{"DELETE", "/api/auth/sign-out", 405, "GET, POST"},
		{"OPTIONS", "/api/user/login", 405, "POST"},
		{"TRACE", "/api/user/login", 405, "POST"},
		{"CONNECT", "/api/user/login", 405, "POST"},
		{"PATCH", "/api/user/login", 405, "POST"},
		{"FOO", "/api/user/login", 405, "POST"},
		{"post", "/api/user/login", 405, "POST"},
	}
	rt := testRouter()
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			req := httptest.NewRequest(tt.method, tt.target, nil)
			req.Header.Set("X-HTTP-Method-Override", "POST")
			req.Header.Set("X-Original-URL", "/api/user/login")
			rec := httptest.NewRecorder()
			rt.ServeHTTP(rec, req)
			if rec.Code != tt.status {
				t.Fatalf("got %d %s, want %d", rec.Code, rec.Body, tt.status)
			}
			got := rec.Body.String()
			switch tt.status {
			case 404:
				got = ""
			case 405:
				got = rec.Header().Get("Allow")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRouterRefusesMalformedPatterns(t *testing.T) {
	for _, pattern := range []string{"/x", "post /x", "GET x", "GET", "POST  /x", ""} {
		t.Run(pattern, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("got no panic")
				}
			}()
			NewRouter(plain).Handle(pattern, says("x"))
		})
	}
}

func TestWrapsStandInOrder(t *testing.T) {
	var order []string
	mark := func(name string) Wrap {
		return func(next Handler) Handler {
			return func(w http.ResponseWriter, r *http.Request) error {
				order = append(order, name)
				return next(w, r)
			}
		}
	}
	rt := NewRouter(plain)
	rt.Handle("GET /x", says("x"), mark("first"), mark("second"))
	rt.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
	if got := strings.Join(order, " "); got != "first second" {
		t.Errorf("got %q, want first second", got)
	}
}

func TestFailures(t *testing.T) {
	rt := NewRouter(plain)
	rt.Handle("GET /error", func(http.ResponseWriter, *http.Request) error { return errors.New("disk on fire at sector 7") })
	rt.Handle("GET /panic", func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Set-Cookie", "session=half")
		w.Header().Set("X-Outer", "changed")
		panic(map[string]int{"not": 1})
	})
	rt.Handle("GET /unencodable", func(w http.ResponseWriter, _ *http.Request) error {
		WriteJSON(w, 200, func() {})
		return nil
	})
	rt.Handle("GET /large", func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("read: %w", ErrTooLarge) })
	rt.Handle("GET /half", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, strings.Repeat("half an answer", 1000))
		return errors.New("and then not")
	})
	rt.Handle("GET /halfpanic", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, strings.Repeat("half an answer", 1000))
		panic("and then not")
	})
	rt.Handle("GET /abort", func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
	silent := NewRouter(func(http.ResponseWriter, *http.Request, error) {})
	srv := httptest.NewServer(NoStore(Split(map[string]http.Handler{"/silent": silent}, outer(rt))))
	srv.Config.ErrorLog = nil
	defer srv.Close()

	for path, want := range map[string]int{"/error": 500, "/panic": 500, "/unencodable": 500, "/large": 413, "/silent": 500} {
		t.Run(path, func(t *testing.T) {
			resp, err := srv.Client().Get(srv.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != want {
				t.Errorf("got %d, want %d", resp.StatusCode, want)
			}
			if want == 500 && path != "/silent" && string(body) != `{"error":"internal"}` {
				t.Errorf("got %s, want nothing but internal", body)
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Set-Cookie": ""} {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if got := resp.Header.Get("X-Outer"); path != "/silent" && got != "kept" {
				t.Errorf("X-Outer: got %q, want kept", got)
			}
			if resp.Close != (path == "/large") {
				t.Errorf("connection closed: got %v", resp.Close)
			}
		})
	}
	for _, path := range []string{"/half", "/halfpanic", "/abort"} {
		t.Run(path, func(t *testing.T) {
			resp, err := srv.Client().Get(srv.URL + path)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if err == nil {
				t.Error("half an answer passed for a whole one")
			}
		})
	}
}

// outer sets a header as middleware would.
func outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Outer", "kept")
		next.ServeHTTP(w, r)
	})
}

func TestErrorTexts(t *testing.T) {
	e := &BodyError{Fields: []FieldError{{Field: "a.b", Errors: []string{"One.", "Two."}}, {Errors: []string{"Three."}}}}
	if got, want := e.Error(), "invalid body: a.b: One. Two.; Three."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&MethodError{Allow: []string{"GET", "POST"}}).Error(), "method not allowed, only GET, POST"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSplitTakesWholeSegments(t *testing.T) {
	name := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	h := Split(map[string]http.Handler{"/api": name("api"), "/api/user": name("user"), "/api/auth": name("auth")}, name("rest"))
	tests := map[string]string{
		"/api": "api", "/api/": "api", "/api/catalog/tags": "api", "/api/users": "api", "/apis": "rest",
		"/api/user": "user", "/api/user/": "user", "/api/user/login": "user", "/api/auth/info?x=/api/user": "auth",
		"/": "rest", "/api/user/../auth/info": "user", "//api/user/login": "rest", "/%61pi/user/login": "rest",
		"/api/%75ser/login": "api", "/api%2Fuser/login": "rest", "/api/user%2Flogin": "api", "/API/user": "rest",
		"/api/user;x": "api", "/./api/user": "rest", "*": "rest", "http://host.test/api/user/login": "user",
	}
	for target, want := range tests {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("OPTIONS", target, nil))
		if got := rec.Body.String(); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
	for _, prefix := range []string{"api", "/api/", "/", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("prefix %q: got no panic", prefix)
				}
			}()
			Split(map[string]http.Handler{prefix: h}, h)
		}()
	}
}

func TestWriteJSON(t *testing.T) {
	type answer struct {
		Z string `json:"z"`
		A *int   `json:"a"`
	}
	tests := []struct {
		v    any
		want string
	}{
		{map[string]any{"b": 1, "a": []int{}}, `{"a":[],"b":1}`},
		{answer{Z: "<&>\u2028é\x00"}, `{"z":"<&>\u2028é\u0000","a":null}`},
		{"plain", `"plain"`},
	}
	for _, tt := range tests {
		rec := httptest.NewRecorder()
		WriteJSON(rec, 400, tt.v)
		if got := rec.Body.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		for name, want := range map[string]string{
			"Content-Type":           "application/json; charset=utf-8",
			"Content-Length":         fmt.Sprint(len(tt.want)),
			"X-Content-Type-Options": "nosniff",
		} {
			if got := rec.Header().Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if rec.Code != 400 {
			t.Errorf("got %d, want 400", rec.Code)
		}
	}
}

func TestStrictTransport(t *testing.T) {
	rec := httptest.NewRecorder()
	StrictTransport(testRouter()).ServeHTTP(rec, httptest.NewRequest("GET", "/nowhere", nil))
	if got, want := rec.Header().Get("Strict-Transport-Security"), "max-age=63072000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
