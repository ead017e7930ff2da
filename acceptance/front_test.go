package acceptance

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// oddHeader is what the clubs front end sends along with every call.
var oddHeader = object{"Access-Control-Allow-Origin": "*"}

// TestBrowserPlaysClubsFromAnotherOrigin is the clubs contract as a page at another
// origin plays it, the statuses of the refusals included.
func TestBrowserPlaysClubsFromAnotherOrigin(t *testing.T) {
	t.Parallel()
	in, page := install(t), openFront(t)
	b := openBrowser(t, in.secrets)
	o := officer{"browser@example.edu", "the password of the browser", "Browser Club"}
	in.roster(t, o.email)
	s := in.serve(t, "--origins", page.at("localhost"), "--limit-lookups", "3", "--club-page-url", page.at("localhost")+"/signin")
	b.open(t, page.at("localhost"))
	call := func(method, path, token string, body any) fetched {
		options := object{"headers": oddHeader}
		if token != "" {
			options["token"] = token
		}
		if body != nil {
			options["body"] = body
		}
		return b.fetch(t, method, s.base+path, options)
	}
	credentials := object{"email": o.email, "password": o.password}

	call("POST", "/api/user/email-exists", "", object{"email": o.email}).want(t, 200)
	call("POST", "/api/user/password-strength", "", object{"password": o.password}).want(t, 200)
	call("POST", "/api/user/register", "a stale token", o.sample()).want(t, 200)
	mailed := in.newLetter(t, o.email, 1)
	call("POST", "/api/user/login", "a stale token", credentials).want(t, 403)
	in.newLetter(t, o.email, 2)

	b.open(t, mailed.link(t).String())
	if where := b.url(t).String(); where != page.at("localhost")+"/signin?confirmed=true" {
		t.Errorf("the mailed link leads to %s", where)
	}
	login := call("POST", "/api/user/login", "", credentials).want(t, 200)
	access, refresh := login.text(t, "access"), login.text(t, "refresh")
	call("GET", "/api/admin/profile", access, nil).want(t, 200)
	call("POST", "/api/admin/profile", access, object{"about_us": "From a browser."}).want(t, 200)
	call("GET", "/api/catalog/tags", "", nil).want(t, 200)
	again := call("POST", "/api/user/refresh", refresh, nil).want(t, 200).text(t, "access")

	// What went wrong, a page can read.
	call("POST", "/api/user/login", "", object{"email": o.email, "password": "wrong"}).want(t, 400)
	call("POST", "/api/user/login", "", "{").want(t, 400)
	call("GET", "/api/admin/profile", "no token", nil).want(t, 401)
	call("POST", "/api/user/register", "", officer{"not.on.it@example.edu", o.password, o.club}.sample()).want(t, 404)
	call("GET", "/api/user/nothing", "", nil).want(t, 404)
	call("GET", "/api/user/login", "", nil).want(t, 405)
	call("POST", "/api/user/login", "", object{"password": strings.Repeat("x", 100<<10)}).want(t, 413)
	b.fetch(t, "POST", s.base+"/api/user/login", object{"body": "{}", "type": "text/plain"}).want(t, 415)
	for _, other := range []string{"a", "b", "c"} {
		call("POST", "/api/user/email-exists", "", object{"email": other + "@example.edu"})
	}
	if wait := call("POST", "/api/user/email-exists", "", object{"email": "d@example.edu"}).want(t, 429).RetryAfter; wait == "" {
		t.Error("a page can't read when to try again")
	}
	call("DELETE", "/api/user/revoke-access", access, nil).want(t, 200)
	call("DELETE", "/api/user/revoke-refresh", refresh, nil).want(t, 200)
	call("GET", "/api/admin/profile", access, nil).want(t, 401)
	call("POST", "/api/user/refresh", refresh, nil).want(t, 401)
	call("POST", "/api/user/request-reset", "", object{"email": o.email}).want(t, 200)
	token := in.newLetter(t, o.email, 3).Secret()
	call("POST", "/api/user/confirm-reset", "", object{"token": token, "password": "another password of the browser"}).want(t, 200)
	call("GET", "/api/admin/profile", again, nil).want(t, 401)
	call("POST", "/api/user/login", "", object{"email": o.email, "password": "another password of the browser"}).want(t, 200)
}

// TestBrowserPlaysCohortsFromAnotherOrigin is the cohorts contract as a page at
// another origin plays it, with the cookie that the browser keeps.
func TestBrowserPlaysCohortsFromAnotherOrigin(t *testing.T) {
	t.Parallel()
	in, page := install(t), openFront(t)
	b := openBrowser(t, in.secrets)
	m := member{"member@example.edu", "the password of the member"}
	in.person(t, m.email, "A Member", m.password)
	origin := page.at("localhost")
	s := in.serve(t, "--origins", origin)
	b.open(t, origin)
	call := func(method, path string, body any) fetched {
		options := object{"cookies": true}
		if body != nil {
			options["body"] = body
		}
		return b.fetch(t, method, s.base+path, options)
	}

	call("GET", "/api/auth/info", nil).want(t, 401)
	call("POST", "/api/auth/sign-in", object{"email": m.email, "password": "wrong"}).want(t, 401)
	call("POST", "/api/auth/sign-in", object{"email": m.email}).want(t, 400)
	call("POST", "/api/auth/sign-in", object{"email": m.email, "password": m.password}).want(t, 200)
	if got := call("GET", "/api/auth/info", nil).want(t, 200).text(t, "email"); got != m.email {
		t.Errorf("info tells of %q, want %q", got, m.email)
	}
	if seen := evaluate[string](t, b, "document.cookie"); seen != "" {
		t.Errorf("the page's script sees the cookie %s", seen)
	}
	b.open(t, origin+"/another/page")
	call("GET", "/api/auth/info", nil).want(t, 200)
	b.fetch(t, "GET", s.base+"/api/auth/info", object{}).want(t, 401) // without the cookie
	call("GET", "/api/auth/sign-out", nil).want(t, 200)
	call("GET", "/api/auth/info", nil).want(t, 401)
	call("GET", "/api/auth/sign-out", nil).want(t, 401)
	call("GET", "/api/auth/nothing", nil).want(t, 404)
	call("GET", "/api/cohorts", nil).want(t, 200)
	call("GET", "/api/cohorts/current", nil).want(t, 404)

	call("POST", "/api/auth/reset-password", object{"email": m.email, "origin": "https://evil.example"}).want(t, 400)
	call("POST", "/api/auth/reset-password", object{"email": m.email, "origin": origin}).want(t, 200)
	mailed := in.newLetter(t, m.email, 1).link(t)
	b.open(t, mailed.String())
	b.at(t, "/change-password", "a front end")
	link := evaluate[map[string]string](t, b, "Object.fromEntries(new URLSearchParams(location.search))")
	body := resetLink{link["id"], link["token"]}.change("a new password of the member")
	call("POST", "/api/auth/change-password", body).want(t, 200)
	call("POST", "/api/auth/change-password", body).want(t, 400)
	call("POST", "/api/auth/sign-in", object{"email": m.email, "password": "a new password of the member"}).want(t, 200)
	call("POST", "/api/auth/sign-out", nil).want(t, 200)
}

// TestBrowserKeepsStrangersOut has pages of other origins try to read and to act
// under the cookie of somebody who is signed in.
func TestBrowserKeepsStrangersOut(t *testing.T) {
	t.Parallel()
	in, page, stranger := install(t), openFront(t), openFront(t)
	b := openBrowser(t, in.secrets)
	m := member{"victim@example.edu", "the password of the victim"}
	in.person(t, m.email, "A Victim", m.password)
	s := in.serve(t, "--origins", page.at("localhost"))
	home := page.at("localhost")
	b.open(t, home)
	b.fetch(t, "POST", s.base+"/api/auth/sign-in", object{"cookies": true, "body": object{"email": m.email, "password": m.password}}).want(t, 200)

	// The same site at another port, and another site.
	for _, origin := range []string{stranger.at("localhost"), stranger.at("127.0.0.1")} {
		for _, attack := range []struct{ method, path string }{
			{"GET", "/api/auth/info"}, {"GET", "/api/auth/sign-out"}, {"POST", "/api/auth/sign-out"},
			{"GET", "/api/admin/profile"}, {"DELETE", "/api/user/revoke-access"},
		} {
			b.open(t, origin)
			if f := b.fetch(t, attack.method, s.base+attack.path, object{"cookies": true}); f.Failed == "" {
				t.Errorf("%s: %s %s: a stranger's page reads %d %s", origin, attack.method, attack.path, f.Status, f.Body)
			}
		}
		if f := b.fetch(t, "POST", s.base+"/api/auth/sign-in", object{
			"cookies": true, "body": object{"email": m.email, "password": m.password},
		}); f.Failed == "" {
			t.Errorf("%s: a stranger's page signs in: %d", origin, f.Status)
		}
		evaluate[bool](t, b, `see("`+s.base+`/api/auth/sign-out")`)
		for path, fields := range map[string]string{
			"/api/auth/sign-out": "{}", "/sign-out": "{}", "/club": `{name: "Stolen"}`,
			"/sign-in": `{email: "` + m.email + `", password: "` + m.password + `"}`,
		} {
			b.open(t, origin)
			script := `submit("` + s.base + path + `", ` + fields + `)`
			if status := b.follow(t, chromedp.Evaluate[chromedp.Void](script)); status != 403 {
				t.Errorf("%s: a form of a stranger to %s is answered %d, want 403", origin, path, status)
			}
		}
		b.open(t, origin) // and a link, which brings the cookie along
		if status := b.follow(t, chromedp.Evaluate[chromedp.Void](`location.href = "`+s.base+`/api/auth/sign-out"`)); status != 403 {
			t.Errorf("%s: a link of a stranger to sign-out is answered %d, want 403", origin, status)
		}
		b.open(t, home)
		b.fetch(t, "GET", s.base+"/api/auth/info", object{"cookies": true}).want(t, 200)
	}
	b.fetch(t, "GET", s.base+"/api/auth/sign-out", object{"cookies": true}).want(t, 200)
}
