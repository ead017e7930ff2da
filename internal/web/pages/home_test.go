package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"matricula/internal/account/accounttest"
	"matricula/internal/web"
)

// TestAnotherNameOfThisMachineLeadsHome: a form that is opened at 127.0.0.1 could
// never be sent where the public URL says localhost.
func TestAnotherNameOfThisMachineLeadsHome(t *testing.T) {
	k := accounttest.New(t)
	for _, c := range []struct {
		public, method, host, path string
		want                       string // the Location, "" for the page itself
	}{
		{"http://localhost:8080", "GET", "127.0.0.1:8080", "/sign-in", "http://localhost:8080/sign-in"},
		{"http://localhost:8080", "HEAD", "127.0.0.1:8080", "/sign-in", "http://localhost:8080/sign-in"},
		{"http://localhost:8080", "GET", "[::1]:8080", "/reset?token=a%2Fb", "http://localhost:8080/reset?token=a%2Fb"},
		{"http://localhost:8080", "GET", "a.localhost:8080", "/forgot", ""}, // whoever answers for that name
		{"http://127.0.0.1:8080", "GET", "localhost:8080", "/sign-in", "http://127.0.0.1:8080/sign-in"},
		{"http://localhost", "GET", "127.0.0.1", "/sign-in", "http://localhost/sign-in"},
		{"http://localhost:8080", "GET", "localhost:8080", "/sign-in", ""},
		{"http://localhost:8080", "GET", "LOCALHOST:8080", "/sign-in", ""},
		{"http://localhost:8080", "GET", "127.0.0.1:9090", "/sign-in", ""}, // a tunnel
		{"http://localhost:8080", "GET", "evil.test:8080", "/sign-in", ""},
		{"http://localhost:8080", "GET", "127.0.0.1:8080", "/style.css", ""},
		{"https://accounts.example.edu", "GET", "127.0.0.1", "/sign-in", ""}, // a proxy's Host
	} {
		origins, err := web.NewOrigins(c.public, nil)
		must(t, err)
		pages := New(Config{Service: k.Service, Origins: origins, Cookie: web.NewCookie("matricula", false, http.SameSiteLaxMode, 1), PublicURL: c.public})
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		want := 307
		if c.want == "" {
			want = 200
		}
		if got := w.Header().Get("Location"); w.Code != want || got != c.want {
			t.Errorf("%s %s at %s, with %s: got %d to %q, want %d to %q", c.method, c.path, c.host, c.public, w.Code, got, want, c.want)
		}
	}
}

// TestAFormFromElsewhereIsToldTheAddress: the reader must find the way home.
func TestAFormFromElsewhereIsToldTheAddress(t *testing.T) {
	s := newSite(t)
	answer := s.browser(t).raw(t, "POST", "/sign-in", "email=x", "Origin", "http://127.0.0.1:8080")
	if want := `<a href="` + accounttest.PublicURL + `/">` + accounttest.PublicURL + `</a>`; !strings.Contains(answer, "403") || !strings.Contains(answer, want) {
		t.Errorf("got\n%s\nwant a 403 with %s", answer, want)
	}
}
