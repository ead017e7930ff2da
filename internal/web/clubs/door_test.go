package clubs_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"matricula/api/apitest"
	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
	"matricula/internal/web"
	"matricula/internal/web/clubs"
	"matricula/internal/web/webtest"
)

// Where the door of the tests redirects.
const (
	clubPage  = "https://clubs.test/signin?from=mail"
	linkEnded = "https://clubs.test/link-ended"
)

// password is one that every policy takes.
const password = "four small green hats 4!"

// desk is a door over a true Service.
type desk struct {
	*accounttest.Kit
	http.Handler
	door http.Handler // without the request lines
	rate func(web.Visit) error
}

func open(t *testing.T, edits ...func(*account.Config)) *desk {
	t.Helper()
	return over(t, accounttest.New(t, edits...))
}

func over(t *testing.T, kit *accounttest.Kit) *desk {
	t.Helper()
	origins, err := web.NewOrigins(accounttest.PublicURL, []string{accounttest.Origin})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Kit: kit, rate: func(web.Visit) error { return nil }}
	d.door = wellMarked(t, clubs.New(clubs.Config{
		Service: kit.Service, Origins: origins, ClubPageURL: clubPage, LinkEndedURL: linkEnded,
		Limited: web.Limited(func(v web.Visit) error { return d.rate(v) }),
	}))
	d.Handler = apitest.Open(t, "clubs").Hold(t, d.logged(io.Discard, nil))
	return d
}

// logged answers the door with its request lines in log.
func (d *desk) logged(log io.Writer, proxies *web.Proxies) http.Handler {
	return web.Log(slog.New(slog.NewJSONHandler(log, nil)), d.Clock.Now, proxies, d.door)
}

// wellMarked fails the test at any answer that is not marked as the contract wants.
func wellMarked(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		h := w.Header()
		want := map[string]string{
			"Cache-Control":          "no-store",
			"X-Content-Type-Options": "nosniff",
			"Content-Type":           "application/json; charset=utf-8",
		}
		if r.Method == "GET" && r.URL.Path == "/.well-known/jwks.json" {
			want["Cache-Control"] = "public, max-age=60"
		}
		if h.Get("Location") != "" || r.Method == http.MethodOptions && h.Get("Access-Control-Max-Age") != "" {
			want["Content-Type"] = "" // there is no body
		}
		for name, value := range want {
			if got := strings.Join(h.Values(name), ", "); got != value {
				t.Errorf("%s %s: got %s %q, want %q", r.Method, r.URL, name, got, value)
			}
		}
	})
}

// call sends a request, with a body as JSON if there is one.
func (d *desk) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// settings are what a story wants other than by default.
var settings = map[string]func(*account.Config){
	"busy":     func(c *account.Config) { c.Hasher = oneSlot(); c.Limits.Off = true },
	"budget":   func(c *account.Config) { c.Limits.Lookups = 3 },
	"failures": func(c *account.Config) { c.Limits.Failures, c.Limits.KnownFailures = 2, 1 },
	"hidden":   func(c *account.Config) { c.HideRoster = true },
	"classic":  func(c *account.Config) { c.Policy = "classic" },
}

// once lets each network make each call once.
func once() func(web.Visit) error {
	seen := map[web.Visit]bool{}
	return func(v web.Visit) error {
		if seen[v] {
			return &account.Error{Code: account.TooMany, RetryAfter: 100 * time.Millisecond}
		}
		seen[v] = true
		return nil
	}
}

// TestStories plays every transcript on a desk of its own. Together they tell all
// that api/openapi.yaml describes of the contract.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d stories, %v", len(files), err)
	}
	book, told := apitest.Open(t, "clubs"), 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			var edits []func(*account.Config)
			if edit, ok := settings[name]; ok {
				edits = append(edits, edit)
			}
			d := open(t, edits...)
			if name == "rates" {
				d.rate = once()
			}
			d.Handler = book.Hold(t, d.Handler)
			vars := map[string]string{
				"password": password,
				"long":     strings.Repeat("long ", 60), // longer than any password
				"big":      strings.Repeat("x", web.MaxBody),
			}
			webtest.Play(t, d, file, vars, d.hooks())
			told++
		})
	}
	if told == len(files) { // not when -run chooses among them
		book.Complete(t)
	}
}

// officer registers and confirms an officer with the core, and logs in.
func (d *desk) officer(t *testing.T, email, club string) account.Pair {
	t.Helper()
	d.unconfirmed(t, email, club)
	d.confirm(t, email)
	pair, err := d.SignInOfficer(t.Context(), account.Caller{}, email, password)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// unconfirmed registers an officer with the core.
func (d *desk) unconfirmed(t *testing.T, email, club string) {
	t.Helper()
	if _, err := d.AddToRoster(t.Context(), account.Caller{}, []string{email}); err != nil {
		t.Fatal(err)
	}
	err := d.SignUp(t.Context(), account.Caller{}, account.SignUp{Name: club, Email: email, Password: token.SecretOf(password), Tags: []int64{0}})
	if err != nil {
		t.Fatal(err)
	}
}

// confirm clicks on the link in the newest mail to that address.
func (d *desk) confirm(t *testing.T, email string) {
	t.Helper()
	w := d.call("GET", d.Link(t, email).EscapedPath(), "")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("confirm %s: got %d, want 303", email, w.Code)
	}
}

// find answers the account with this address.
func (d *desk) find(t *testing.T, email string) account.Account {
	t.Helper()
	a, err := d.FindAccount(context.Background(), email)
	if err != nil {
		t.Fatalf("%s: %v", email, err)
	}
	return a
}
