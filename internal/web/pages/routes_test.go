package pages

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/mail"
	"matricula/internal/web"
)

// posts are the paths of all forms.
func posts(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, r := range (&pages{}).routes() {
		if path, ok := strings.CutPrefix(r.pattern, "POST "); ok {
			paths = append(paths, path)
		}
	}
	if len(paths) < 7 {
		t.Fatalf("got only the forms %v", paths)
	}
	return paths
}

// TestEveryFormAsksWhereItComesFrom: what another site makes a browser send
// changes nothing, signing in as somebody else included.
func TestEveryFormAsksWhereItComesFrom(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	b.signIn(t, chess, good)
	u, err := url.Parse(s.URL)
	must(t, err)
	cookie := b.http.Jar.Cookies(u)[0].String()

	foreign := [][]string{
		{"Origin", "https://evil.test"}, {"Origin", "null"}, {"Origin", "http://localhost:8080.evil.test"},
		{"Origin", "HTTP://localhost:8080"}, {"Origin", "http://localhost"}, {"Origin", "http://localhost:8080/"},
		{"Origin", "", "Sec-Fetch-Site", "cross-site"}, {"Origin", "", "Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.test", "Sec-Fetch-Site", "same-origin"},
		{"Origin", "https://evil.test", "Host", "evil.test"},
	}
	own := [][]string{
		{"Origin", accounttest.PublicURL}, {"Origin", accounttest.Origin}, {"Origin", "", "Sec-Fetch-Site", "same-origin"},
		{"Origin", "", "Sec-Fetch-Site", "none"}, {"Origin", ""},
	}
	body := url.Values{"email": {chess}, "password": {good}}.Encode()
	for _, path := range posts(t) {
		for _, headers := range foreign {
			p := readPage(t, b.send(t, "POST", path, body, append(headers, "Cookie", cookie)...))
			if p.status != 403 || p.header.Get("Set-Cookie") != "" {
				t.Errorf("POST %s with %q: got %d and the cookie %q, want 403", path, headers, p.status, p.header.Get("Set-Cookie"))
			}
		}
		for _, headers := range own {
			if got := b.send(t, "POST", path, body, headers...).StatusCode; got == 403 || got >= 500 {
				t.Errorf("POST %s with %q: got %d", path, headers, got)
			}
		}
	}
	if mails := s.Deliver(t); len(mails) != len(own) {
		// Only /forgot from here sends this confirmed officer anything.
		t.Errorf("%d mails went out, want %d", len(mails), len(own))
	}
	if p := b.open(t, "/account"); p.path != "/account" {
		t.Error("a form from elsewhere signed somebody out")
	}
}

// TestFormsAreReadStrictly holds every form with a body to its type and size.
func TestFormsAreReadStrictly(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, path := range posts(t) {
		if path == "/sign-out" {
			continue // takes nothing
		}
		for name, c := range map[string]struct {
			kind, body string
			want       int
		}{
			"JSON":            {"application/json", `{"email":"chess@x.test"}`, 415},
			"plain text":      {"text/plain", "email=chess@x.test", 415},
			"multipart":       {"multipart/form-data; boundary=x", "--x--", 415},
			"no type":         {"", "email=chess@x.test", 415},
			"a broken type":   {"application/x-www-form-urlencoded; =", "email=chess@x.test", 415},
			"too much":        {"application/x-www-form-urlencoded", "email=" + strings.Repeat("x", web.MaxBody), 413},
			"not UTF-8":       {"application/x-www-form-urlencoded", "email=%ff", 400},
			"a name with NUL": {"application/x-www-form-urlencoded", "a%00=x", 400},
			"NUL":             {"application/x-www-form-urlencoded", "email=a%00", 400},
			"a broken escape": {"application/x-www-form-urlencoded", "email=%zz", 400},
			"a semicolon":     {"application/x-www-form-urlencoded", "email=a;b=c", 400},
		} {
			p := readPage(t, b.send(t, "POST", path, c.body, "Content-Type", c.kind))
			if p.status != c.want || p.said() == "" {
				t.Errorf("%s to %s: got %d %q, want %d", name, path, p.status, p.said(), c.want)
			}
		}
	}
}

func TestABodyWithoutALengthIsBounded(t *testing.T) {
	s := newSite(t)
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/sign-in", struct{ *strings.Reader }{strings.NewReader("email=" + strings.Repeat("x", 4*web.MaxBody))})
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	if p := readPage(t, answer); p.status != 413 {
		t.Errorf("got %d, want 413", p.status)
	}
}

// TestOtherPathsAndMethods: 404 and 405 are pages as well.
func TestOtherPathsAndMethods(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nowhere", 404, ""}, {"POST", "/nowhere", 404, ""}, {"GET", "/sign-in/", 404, ""}, {"GET", "//sign-in", 404, ""},
		{"GET", "/sign%2din", 404, ""}, {"GET", "/./sign-in", 404, ""}, {"GET", "/templates/layout.html", 404, ""},
		{"GET", "/..%2fpages.go", 404, ""}, {"GET", "/dev/mail", 404, ""}, {"GET", "/dev/mail/x", 404, ""}, {"GET", "/SIGN-IN", 404, ""},
		{"DELETE", "/club", 405, "GET, HEAD, POST"}, {"PUT", "/sign-in", 405, "GET, HEAD, POST"}, {"OPTIONS", "/sign-in", 405, "GET, HEAD, POST"},
		{"GET", "/sign-out", 405, "POST"}, {"HEAD", "/sign-out", 405, "POST"}, {"POST", "/account", 405, "GET, HEAD"}, {"POST", "/", 405, "GET, HEAD"},
		{"POST", "/style.css", 405, "GET, HEAD"},
	} {
		answer := b.send(t, c.method, c.path, "")
		if c.method == "HEAD" {
			if answer.StatusCode != c.status {
				t.Errorf("%s %s: got %d, want %d", c.method, c.path, answer.StatusCode, c.status)
			}
			continue
		}
		p := readPage(t, answer)
		if p.status != c.status || p.header.Get("Allow") != c.allow || p.said() == "" {
			t.Errorf("%s %s: got %d, Allow %q, %q, want %d %q", c.method, c.path, p.status, p.header.Get("Allow"), p.said(), c.status, c.allow)
		}
	}
}

// TestHEADIsGETWithoutTheBody on every page that there is.
func TestHEADIsGETWithoutTheBody(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, r := range (&pages{}).routes() {
		path, reads := strings.CutPrefix(r.pattern, "GET ")
		if !reads {
			continue
		}
		get, head := b.send(t, "GET", path, ""), b.send(t, "HEAD", path, "")
		isPage := get.StatusCode != 303
		if get.StatusCode != head.StatusCode || isPage && get.Header.Get("Content-Length") != head.Header.Get("Content-Length") {
			t.Errorf("%s: GET says %d, %s octets; HEAD %d, %s", path,
				get.StatusCode, get.Header.Get("Content-Length"), head.StatusCode, head.Header.Get("Content-Length"))
		}
	}
}

func TestAssetsMayBeKept(t *testing.T) {
	b := newSite(t).browser(t)
	for path, kind := range map[string]string{styleURL: "text/css; charset=utf-8", "/style.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml"} {
		answer := b.send(t, "GET", path, "")
		for name, want := range map[string]string{
			"Content-Type": kind, "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": owed["Content-Security-Policy"],
		} {
			if got := answer.Header.Get(name); got != want || answer.StatusCode != 200 {
				t.Errorf("%s: got %d, %s %q, want %q", path, answer.StatusCode, name, got, want)
			}
		}
	}
	if strings.Contains(string(styleSheet), "url(") || strings.Contains(string(styleSheet), "@import") {
		t.Error("the style sheet loads something")
	}
}

// TestNothingComesFromTheHost: neither pages nor redirects nor mails take up what
// a client says this site is called.
func TestNothingComesFromTheHost(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Site = "" })
	s.officer(t, chess)
	b := s.browser(t)
	evil := []string{"Host", "evil.test", "X-Forwarded-Host", "evil.test", "Forwarded", "host=evil.test", "X-Original-URL", "/evil.test", "Referer", "https://evil.test/"}
	for _, path := range []string{"/", "/sign-in", "/club", "/account", "/nowhere", "/forgot", "/reset", LinkEndedPath} {
		if got := b.raw(t, "GET", path, "", evil...); strings.Contains(got, "evil.test") {
			t.Errorf("GET %s tells of evil.test:\n%s", path, got)
		}
	}
	for _, path := range posts(t) {
		body := url.Values{"email": {chess}, "password": {good}}.Encode()
		if got := b.raw(t, "POST", path, body, append(evil, "Origin", accounttest.PublicURL)...); strings.Contains(got, "evil.test") {
			t.Errorf("POST %s tells of evil.test:\n%s", path, got)
		}
	}
	for _, m := range s.Deliver(t) {
		if strings.Contains(m.Text+m.HTML, "evil.test") {
			t.Errorf("a mail tells of evil.test:\n%s", m.Text)
		}
	}
	if title := text(b.open(t, "/sign-in").all("title")[0]); title != "Sign in · localhost:8080" {
		t.Errorf("the title is %q, want the public address's host in it", title)
	}
}

// TestAnOutageIsAPageToo: with the database gone, pages say to come back, keep
// the session and tell nothing of the reason.
func TestAnOutageIsAPageToo(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	club, link := b.signIn(t, chess, good), b.asked(t, chess)
	mailed, err := url.Parse(link)
	must(t, err)
	form := mailed.Query()
	form.Set("password", better)
	form.Set("again", better)
	must(t, s.Store.Close())
	for _, p := range []page{
		b.open(t, "/account"), b.open(t, "/club"), b.submit(t, club, "/club", nil), b.submit(t, club, "/sign-out", nil),
		b.signIn(t, chess, good), b.post(t, "/forgot", url.Values{"email": {chess}}), b.post(t, "/resend", url.Values{"email": {chess}}),
		b.post(t, "/change-password", form), b.open(t, link),
	} {
		if p.status != 503 || p.header.Get("Retry-After") == "" || strings.Contains(p.body, "database") {
			t.Errorf("%s: got %d, Retry-After %q: %q", p.path, p.status, p.header.Get("Retry-After"), p.text())
		}
	}
	if !b.hasCookie(t) {
		t.Error("an outage took the session away")
	}
}

// TestAFaultTellsNothing: what is not a refusal is shown as nothing but that.
func TestAFaultTellsNothing(t *testing.T) {
	p := &pages{Config: Config{Site: "Campus Clubs"}, templates: parseTemplates()}
	rt := web.NewRouter(p.refuse)
	faults := map[string]web.Handler{
		"/error": func(http.ResponseWriter, *http.Request) error { return errors.New("disk full of secrets") },
		"/panic": func(http.ResponseWriter, *http.Request) error { panic("out of secrets") },
		"/again": func(w http.ResponseWriter, r *http.Request) error {
			return p.again(w, r, "sign-in", view{Title: "Sign in"}, errors.New("disk full of secrets"))
		},
		"/broken": func(w http.ResponseWriter, _ *http.Request) error {
			return p.render(w, 200, "club", view{Data: "secrets"})
		},
	}
	for path, h := range faults {
		rt.Handle("GET "+path, h)
	}
	var log bytes.Buffer
	h := web.Log(slog.New(slog.NewTextHandler(&log, nil)), time.Now, nil, secured(rt))
	for path := range faults {
		w := httptest.NewRecorder()
		log.Reset()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if strings.Count(log.String(), "error=") != 1 {
			t.Errorf("%s: the log says %s", path, &log)
		}
		if w.Code != 500 || !strings.Contains(w.Body.String(), internal.text) || !strings.Contains(w.Body.String(), ">Something went wrong</h1>") || strings.Contains(w.Body.String(), "secrets") {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}

// TestRefusalsStandInTheLog: a page that words a refusal by itself does not hide
// it, nor the cause of an outage, from who runs the site.
func TestRefusalsStandInTheLog(t *testing.T) {
	var log bytes.Buffer
	k := accounttest.New(t)
	origins, err := web.NewOrigins(accounttest.PublicURL, nil)
	must(t, err)
	pages := New(Config{
		Service: k.Service, Origins: origins, Cookie: web.NewCookie("matricula", false, http.SameSiteLaxMode, 0), PublicURL: accounttest.PublicURL,
		Device: web.NewCookie("matricula-device", false, http.SameSiteLaxMode, 0),
	})
	h := web.Log(slog.New(slog.NewTextHandler(&log, nil)), k.Clock.Now, nil, pages)
	const secret = "s3cr3t"
	form := url.Values{"email": {"ada@" + secret}, "password": {secret}, "again": {secret}, "token": {secret}, "id": {"1"}, "about_us": {secret}}.Encode()
	for path, want := range map[string]account.Code{
		"/sign-in": account.SignInRefused, "/forgot": "", "/resend": "", "/reset": account.TokenInvalid,
		"/change-password": account.TokenInvalid, "/club": account.Unauthenticated, "/sign-out": "",
	} {
		log.Reset()
		r := httptest.NewRequest("POST", path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if want != "" && !strings.Contains(log.String(), "error="+string(want)) || strings.Contains(log.String(), secret) {
			t.Errorf("POST %s: the log says %s, want %q and no secret", path, &log, want)
		}
	}
}

func TestMailsAreHiddenUnlessAskedFor(t *testing.T) {
	for _, r := range (&pages{}).routes() {
		if strings.Contains(r.pattern, "/dev/") {
			t.Errorf("%s is there without a directory of mails", r.pattern)
		}
	}
	if with := (&pages{Config: Config{DevMail: &mail.Dir{}}}).routes(); len(with) != len((&pages{}).routes())+2 {
		t.Errorf("got %d routes", len(with))
	}
}
