package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNewOrigins(t *testing.T) {
	tests := []struct{ in, want string }{ // want "" is refused
		{"https://club.test", "https://club.test"},
		{"https://club.test:8443", "https://club.test:8443"},
		{"HTTPS://Club.Test:443", "https://club.test"},
		{"https://xn--bcher-kva.test", "https://xn--bcher-kva.test"},
		{"https://192.0.2.1:444", "https://192.0.2.1:444"},
		{"https://[2001:db8::1]", "https://[2001:db8::1]"},
		{"http://localhost:3000", "http://localhost:3000"},
		{"http://localhost:80", "http://localhost"},
		{"http://app.localhost:3000", "http://app.localhost:3000"},
		{"http://127.0.0.1:3000", "http://127.0.0.1:3000"},
		{"http://127.8.9.1", "http://127.8.9.1"},
		{"http://[::1]:3000", "http://[::1]:3000"},

		{"http://club.test", ""}, {"http://localhost.club.test", ""}, {"http://notlocalhost", ""}, {"http://192.0.2.1", ""},
		{"", ""}, {"*", ""}, {"null", ""}, {"club.test", ""}, {"//club.test", ""}, {"https://", ""}, {"https:club.test", ""},
		{"ftp://club.test", ""}, {"file://", ""}, {"https://*.club.test", ""}, {"https://*", ""}, {"http://localhost:*", ""},
		{"https://club.test/", ""}, {"https://club.test/app", ""}, {"https://club.test?x", ""}, {"https://club.test#x", ""},
		{"https://user@club.test", ""}, {"https://club.test\\x", ""}, {" https://club.test", ""}, {"https://club.test ", ""},
		{"https://club.test\n", ""}, {"https://club.test,https://b.test", ""},
		{"https://club.test:", ""}, {"https://club.test:0", ""}, {"https://club.test:65536", ""}, {"https://club.test:08", ""},
		{"https://club.test:+1", ""}, {"https://club.test:1:2", ""}, {"https://bücher.test", ""}, {"https://-a.test", ""},
		{"https://a..test", ""}, {"https://club.test.", ""}, {"https://.test", ""}, {"https://127.1", ""}, {"https://0x7f000001", ""},
		{"https://2130706433", ""}, {"http://::1", ""}, {"http://[::1", ""}, {"http://::1]", ""}, {"http://[127.0.0.1]", ""},
		{"http://[0:0:0:0:0:0:0:1]", ""}, {"http://[::ffff:127.0.0.1]", ""}, {"http://[fe80::1%25eth0]", ""},
		{"https://" + strings.Repeat("a", 64) + ".test", ""}, {"https://" + strings.Repeat("a.", 126) + "test", ""},
	}
	for _, tt := range tests {
		o, err := NewOrigins("https://own.test", []string{tt.in})
		if tt.want == "" {
			if err == nil {
				t.Errorf("%q was taken", tt.in)
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: the error has more than one line: %v", tt.in, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if !o.Has(tt.want) || !o.Has("https://own.test") {
			t.Errorf("%q: got %v, want %s and own", tt.in, o.listed, tt.want)
		}
	}
	if _, err := NewOrigins("http://own.test", nil); err == nil {
		t.Error("own origin: plain http was taken")
	}
	if _, err := NewOrigins("https://own.test", []string{"https://own.test", "https://OWN.test:443"}); err != nil {
		t.Errorf("listed twice: %v", err)
	}
}

// foreign are values of Origin that stand for nobody we know.
var foreign = []string{
	"https://evil.test", "null", "", "*", "https://good.test.evil.test", "https://evilgood.test", "HTTPS://good.test",
	"https://GOOD.test", "http://good.test", "https://good.test:443", "https://good.test:444", "https://good.test/",
	"https://good.test, https://evil.test", "https://good.test https://evil.test", " https://good.test", "https://sub.good.test",
	"https://good.test.", "http://localhost:3001", "good.test",
}

func testOrigins(t testing.TB) *Origins {
	t.Helper()
	o, err := NewOrigins("https://own.test", []string{"https://good.test", "http://localhost:3000"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestGuard(t *testing.T) {
	type headers = map[string][]string
	tests := []struct {
		headers headers
		ok      bool
	}{
		{headers{}, true},
		{headers{"Origin": {"https://good.test"}}, true},
		{headers{"Origin": {"https://own.test"}}, true},
		{headers{"Origin": {"http://localhost:3000"}, "Sec-Fetch-Site": {"cross-site"}}, true},
		{headers{"Sec-Fetch-Site": {"same-origin"}}, true},
		{headers{"Sec-Fetch-Site": {"none"}}, true},
		{headers{"Referer": {"https://evil.test/"}}, true},

		{headers{"Sec-Fetch-Site": {"cross-site"}}, false},
		{headers{"Sec-Fetch-Site": {"same-site"}}, false},
		{headers{"Sec-Fetch-Site": {"Cross-Site"}}, false},
		{headers{"Sec-Fetch-Site": {"same-origin", "cross-site"}}, false},
		{headers{"Origin": {"https://evil.test"}, "Sec-Fetch-Site": {"same-origin"}}, false},
		{headers{"Origin": {"https://good.test", "https://good.test"}}, false},
		{headers{"Origin": {"https://good.test", "https://evil.test"}}, false},
		{headers{"Origin": {"https://evil.test", "https://good.test"}}, false},
	}
	for _, origin := range foreign {
		tests = append(tests, struct {
			headers headers
			ok      bool
		}{headers{"Origin": {origin}}, false})
	}
	o := testOrigins(t)
	rt := NewRouter(plain)
	rt.Handle("GET /sign-out", says("out"), o.Guarded)
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/sign-out", nil)
		r.Header = http.Header(tt.headers)
		if err := o.Guard(r); (err == nil) != tt.ok || !tt.ok && !errors.Is(err, ErrForeignOrigin) {
			t.Errorf("%v: got %v, want ok %v", tt.headers, err, tt.ok)
		}
		rec := httptest.NewRecorder()
		rt.ServeHTTP(rec, r)
		if want := map[bool]int{true: 200, false: 403}[tt.ok]; rec.Code != want {
			t.Errorf("%v: got %d, want %d", tt.headers, rec.Code, want)
		}
	}
}

// everything is a door whose calls end in every way there is.
func everything(o *Origins) http.Handler {
	rt := NewRouter(plain)
	fails := func(err error) Handler {
		return func(w http.ResponseWriter, _ *http.Request) error { w.Header().Set("Retry-After", "1"); return err }
	}
	rt.Handle("GET /ok", says("ok"))
	rt.Handle("POST /403", fails(ErrForeignOrigin))
	rt.Handle("POST /413", fails(ErrTooLarge))
	rt.Handle("POST /415", fails(ErrUnsupportedType))
	rt.Handle("POST /500", fails(errors.New("no")))
	rt.Handle("POST /panic", func(http.ResponseWriter, *http.Request) error { panic("no") })
	return o.CORS(rt)
}

func TestCORSStandsOnEveryAnswer(t *testing.T) {
	h := everything(testOrigins(t))
	tests := []struct {
		method, path string
		status       int
	}{
		{"GET", "/ok", 200}, {"HEAD", "/ok", 405}, {"POST", "/ok", 405}, {"OPTIONS", "/ok", 405}, {"GET", "/gone", 404},
		{"POST", "/403", 403}, {"POST", "/413", 413}, {"POST", "/415", 415}, {"POST", "/500", 500}, {"POST", "/panic", 500},
	}
	for _, tt := range tests {
		for _, origin := range append([]string{"https://good.test", "http://localhost:3000", "https://own.test"}, foreign...) {
			r := httptest.NewRequest(tt.method, tt.path, nil)
			r.Header.Set("Origin", origin)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != tt.status {
				t.Errorf("%s %s from %q: got %d, want %d", tt.method, tt.path, origin, rec.Code, tt.status)
			}
			want := map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""}
			if testOrigins(t).Has(origin) {
				want["Access-Control-Allow-Origin"] = origin
				want["Access-Control-Allow-Credentials"] = "true"
				if tt.method != "OPTIONS" {
					want["Access-Control-Expose-Headers"] = "retry-after,www-authenticate"
				}
			}
			for name, value := range want {
				if got := strings.Join(rec.Header().Values(name), "|"); !strings.EqualFold(got, value) {
					t.Errorf("%s %s from %q: %s: got %q, want %q", tt.method, tt.path, origin, name, got, value)
				}
			}
		}
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/ok", nil)
	r.Header["Origin"] = []string{"https://good.test", "https://good.test"}
	h.ServeHTTP(rec, r)
	if got := rec.Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("two origins: got %q, want none", got)
	}
}

func TestPreflights(t *testing.T) {
	h := everything(testOrigins(t))
	tests := []struct {
		origin, method, headers string
		status                  int
		allowed                 bool
	}{
		{"https://good.test", "POST", "access-control-allow-origin,content-type", 204, true},
		{"http://localhost:3000", "GET", "access-control-allow-origin,authorization", 204, true},
		{"https://good.test", "DELETE", "authorization", 204, true},
		{"https://good.test", "DELETE", "", 204, true},
		{"https://good.test", "PUT", "", 405, false},
		{"https://good.test", "TRACE", "x-header", 405, false},
		{"https://good.test", "post", "", 405, false},
		{"https://good.test", "HEAD", "", 405, false},
	}
	for _, origin := range foreign {
		tests = append(tests, struct {
			origin, method, headers string
			status                  int
			allowed                 bool
		}{origin, "POST", "authorization", 405, false})
	}
	for _, tt := range tests {
		r := httptest.NewRequest("OPTIONS", "/ok", nil)
		r.Header.Set("Origin", tt.origin)
		r.Header.Set("Access-Control-Request-Method", tt.method)
		if tt.headers != "" {
			r.Header.Set("Access-Control-Request-Headers", tt.headers)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != tt.status {
			t.Errorf("%s from %q: got %d, want %d", tt.method, tt.origin, rec.Code, tt.status)
		}
		want := map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Access-Control-Allow-Headers": ""}
		if testOrigins(t).Has(tt.origin) {
			want["Access-Control-Allow-Origin"] = tt.origin
			want["Access-Control-Allow-Credentials"] = "true"
		}
		if got := rec.Header().Get("Allow"); tt.status == 405 && (got == "" || rec.Body.Len() == 0) {
			t.Errorf("%s from %q: got Allow %q and %q, want it told in words", tt.method, tt.origin, got, rec.Body)
		}
		if tt.allowed {
			want["Access-Control-Allow-Headers"] = tt.headers
			want["Access-Control-Max-Age"] = "600"
		}
		if tt.allowed && tt.method == "DELETE" {
			want["Access-Control-Allow-Methods"] = "DELETE"
		}
		for name, value := range want {
			if got := strings.Join(rec.Header().Values(name), "|"); got != value {
				t.Errorf("%s from %q: %s: got %q, want %q", tt.method, tt.origin, name, got, value)
			}
		}
	}
}

func FuzzOrigins(f *testing.F) {
	for _, seed := range append([]string{"https://club.test:8443", "HTTP://[::1]:80", "http://a.localhost", "https://1.2.3.4"}, foreign...) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		origin, err := parseOrigin(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the error has more than one line: %q", err)
			}
			return
		}
		if again, err := parseOrigin(origin); err != nil || again != origin {
			t.Errorf("%q: became %q, then %q, %v", s, origin, again, err)
		}
		o, err := NewOrigins("https://own.test", []string{s})
		if err != nil {
			return // the CORS library may be stricter about names
		}
		for _, sent := range []string{s, origin} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Origin", sent)
			rec := httptest.NewRecorder()
			o.CORS(http.NotFoundHandler()).ServeHTTP(rec, r)
			if got := rec.Header().Get("Access-Control-Allow-Origin") == sent; got != o.Has(sent) || got != (sent == origin) {
				t.Errorf("%q: CORS says %v, Has says %v, want %v", sent, got, o.Has(sent), sent == origin)
			}
		}
	})
}
