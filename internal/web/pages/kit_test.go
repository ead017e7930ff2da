package pages

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/mail"
	"matricula/internal/token"
	"matricula/internal/web"
)

const (
	chess  = "chess@x.test"
	good   = "a long passphrase of mine"
	better = "another long passphrase"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is the pages over a true Service, served.
type site struct {
	*accounttest.Kit
	URL    string
	Cookie *web.Cookie
	Mails  *mail.Dir
}

// newSite serves the pages; each edit may change what they work with.
func newSite(t *testing.T, edits ...func(*Config)) *site {
	t.Helper()
	return newSiteOver(t, accounttest.New(t), edits...)
}

func newSiteOver(t *testing.T, k *accounttest.Kit, edits ...func(*Config)) *site {
	t.Helper()
	origins, err := web.NewOrigins(accounttest.PublicURL, []string{accounttest.Origin})
	must(t, err)
	dir, err := mail.NewDir(t.TempDir())
	must(t, err)
	config := Config{
		Service: k.Service, Origins: origins, Cookie: web.NewCookie("matricula", false, http.SameSiteLaxMode, 240*time.Hour),
		Device:    web.NewCookie("matricula-device", false, http.SameSiteLaxMode, account.DeviceLife),
		PublicURL: accounttest.PublicURL, Site: "Campus Clubs",
	}
	for _, edit := range edits {
		edit(&config)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	server := httptest.NewServer(web.Log(log, k.Clock.Now, nil, New(config)))
	t.Cleanup(server.Close)
	return &site{Kit: k, URL: server.URL, Cookie: config.Cookie, Mails: dir}
}

// withMails shows the mails of a directory at /dev/mail.
func withMails(dir *mail.Dir) func(*Config) { return func(c *Config) { c.DevMail = dir } }

// register registers a club officer, who is unconfirmed.
func (s *site) register(t *testing.T, email, name string) {
	t.Helper()
	_, err := s.AddToRoster(t.Context(), account.Caller{}, []string{email})
	must(t, err)
	must(t, s.SignUp(t.Context(), account.Caller{}, account.SignUp{
		Name: name, Email: email, Password: token.SecretOf(good), Tags: []int64{3, 1}, NewMembers: true, NumUsers: 2,
	}))
}

// officer registers a club officer and confirms the address.
func (s *site) officer(t *testing.T, email string) account.Account {
	t.Helper()
	s.register(t, email, "Chess Club")
	must(t, s.Confirm(t.Context(), account.Caller{}, confirmToken(s.Link(t, email))))
	a, err := s.FindAccount(t.Context(), email)
	must(t, err)
	return a
}

// person makes an account without a club.
func (s *site) person(t *testing.T, email, name string) account.Account {
	t.Helper()
	a, err := s.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: email, Name: name, Password: token.SecretOf(good)})
	must(t, err)
	return a
}

// club is the club of an account as it is kept.
func (s *site) club(t *testing.T, owner int64) account.Club {
	t.Helper()
	club, err := s.ClubOwnedBy(t.Context(), owner)
	must(t, err)
	return club
}

// browser keeps cookies, follows redirects and says where its forms come from.
type browser struct {
	http *http.Client
	site *site
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{&http.Client{Jar: jar, Transport: http.DefaultTransport}, s}
}

// open follows a link of ours, given as a path.
func (b *browser) open(t *testing.T, path string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.site.URL+path, nil)
	must(t, err)
	return b.do(t, r)
}

// submit fills in the page's form that goes to action, and sends it. A nil in
// edits takes the field away, as an unchecked box does.
func (b *browser) submit(t *testing.T, from page, action string, edits url.Values) page {
	t.Helper()
	values := from.form(t, action)
	for name, texts := range edits {
		values[name] = texts
	}
	return b.post(t, action, values)
}

// post sends a form as a browser does from a page of ours.
func (b *browser) post(t *testing.T, action string, values url.Values) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", b.site.URL+action, strings.NewReader(values.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", accounttest.PublicURL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

func (b *browser) do(t *testing.T, r *http.Request) page {
	t.Helper()
	answer, err := b.http.Do(r)
	must(t, err)
	return readPage(t, answer)
}

// signIn signs in by the form.
func (b *browser) signIn(t *testing.T, email, password string) page {
	t.Helper()
	return b.submit(t, b.open(t, "/sign-in"), "/sign-in", url.Values{"email": {email}, "password": {password}})
}

// hasCookie reports whether the browser holds a session.
func (b *browser) hasCookie(t *testing.T) bool {
	t.Helper()
	u, err := url.Parse(b.site.URL)
	must(t, err)
	for _, cookie := range b.http.Jar.Cookies(u) {
		if cookie.Name == b.site.Cookie.Name() {
			return true
		}
	}
	return false
}

// raw sends a request and follows nothing: the answer as it is on the wire, but
// for what is each answer's own.
func (b *browser) raw(t *testing.T, method, path, body string, headers ...string) string {
	t.Helper()
	answer := b.send(t, method, path, body, headers...)
	answer.Header.Del("X-Request-Id")
	answer.Header.Del("Date")
	all, err := httputil.DumpResponse(answer, true)
	must(t, err)
	return string(all)
}

// send sends a request as it is told to; headers are pairs of a name and a value. A
// body goes as a form of our own.
func (b *browser) send(t *testing.T, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.site.URL+path, strings.NewReader(body))
	must(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", accounttest.PublicURL)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	answer, err := b.http.Transport.RoundTrip(r)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}
