package attack

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Sessions in a cookie, of the cohorts contract and the pages.

// cookieName answers what the target calls its session's cookie.
func cookieName(cookie string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(cookie, "Cookie: "), "=")
	return name
}

func cookieValue(cookie string) string {
	_, value, _ := strings.Cut(cookie, "=")
	return value
}

func TestSES01(t *testing.T) {
	a := attack(t, "signed in with a planted cookie, made up and copied from another's session")
	victim, attacking := a.member(), a.member()
	theirs := a.signIn(attacking)
	name := cookieName(theirs)
	for _, planted := range []string{name + "=" + rand.Text(), strings.TrimPrefix(theirs, "Cookie: ")} {
		got := a.call("POST", "/api/auth/sign-in", victim.credentials(), "Cookie: "+planted).want(t, 200)
		cookie := cookieIn(got)
		if cookie == "" || cookieValue(cookie) == cookieValue(planted) {
			t.Errorf("after a sign-in with %q the cookie is %q", planted, cookie)
		}
		a.info(cookie).want(t, 200)
		a.info("Cookie: "+planted).want(t, 401) // and a true one that was presented is ended
	}
	a.did("a new secret each time; the planted one opens nothing, the session presented is ended")
}

func TestSES02(t *testing.T) {
	a := attack(t, "replayed a cookie after sign-out by GET and by POST, 32 times at once")
	p := a.member()
	for _, method := range []string{"GET", "POST"} {
		cookie, other := a.signIn(p), a.signIn(p)
		a.call(method, "/api/auth/sign-out", nil, cookie).want(t, 200)
		for _, status := range a.atOnce(32, func(int) (answer, error) { return a.try("GET", "/api/auth/info", nil, cookie) }) {
			if status != 401 {
				t.Errorf("info after sign-out: got %d", status)
			}
		}
		a.call(method, "/api/auth/sign-out", nil, cookie).want(t, 401)
		a.info(other).want(t, 200)
	}
	a.did("401 each time; the person's other session goes on")
}

func TestSES03(t *testing.T) {
	a := attack(t, "two cookies of the session's name, good and bad in both orders, in one header and in two; the same twice")
	p := a.member()
	cookie := a.signIn(p)
	good := strings.TrimPrefix(cookie, "Cookie: ")
	bad := cookieName(cookie) + "=" + rand.Text()
	other := strings.TrimPrefix(a.signIn(p), "Cookie: ")
	for _, pair := range [][2]string{{good, bad}, {bad, good}, {good, other}, {good, cookieName(cookie) + "="}} {
		a.info("Cookie: "+pair[0]+"; "+pair[1]).want(t, 401)
		for _, got := range a.raw(a.request("GET", "/api/auth/info", "", "Cookie: "+pair[0], "Cookie: "+pair[1], "Connection: close")) {
			got.want(t, 401)
		}
		a.call("POST", "/api/auth/sign-out", nil, "Cookie: "+pair[0]+"; "+pair[1]).want(t, 401)
	}
	a.info("Cookie: "+good+"; "+good).want(t, 200)
	a.info("Cookie: theme=dark; "+good+"; x=y").want(t, 200)
	a.did("401 wherever two values differ, whichever comes first; one value twice is one")
}

func TestSES04(t *testing.T) {
	a := attack(t, "read every attribute of every cookie set and cleared, over http and as behind https")
	for _, public := range []string{"", "https://localhost"} {
		b := a
		if public != "" {
			b = a.alone("--public-url", public)
		}
		p := b.member()
		set := b.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 200)
		cleared := b.call("POST", "/api/auth/sign-out", nil, cookieIn(set)).want(t, 200)
		https := public != "" || strings.HasPrefix(b.base, "https:")
		first := b.attributes(set, https)
		if got := b.attributes(cleared, https); got.Name != first.Name || got.MaxAge >= 0 || got.Value != "" || got.SameSite != first.SameSite {
			t.Errorf("the cookie is set as %v and cleared as %v", first, got)
		}
		if first.MaxAge <= 0 || first.MaxAge > 30*24*3600 {
			t.Errorf("the session's cookie lives %d seconds", first.MaxAge)
		}
	}
	a.did("HttpOnly, Path=/, SameSite, no Domain, and Secure with __Host- as behind https; cleared with the same")
}

// attributes checks what every cookie of an answer must have, and answers the
// first, which is the session's.
func (a *attacker) attributes(got answer, https bool) *http.Cookie {
	a.t.Helper()
	cookies := (&http.Response{Header: got.header}).Cookies()
	if len(cookies) == 0 {
		a.t.Fatalf("%s sets no cookie", got.call)
	}
	for _, c := range cookies {
		if !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
			a.t.Errorf("%s: the cookie %s", got.call, c.Raw)
		}
		if c.Secure != https || strings.HasPrefix(c.Name, "__Host-") != https {
			a.t.Errorf("%s: with https=%v the cookie %s", got.call, https, c.Raw)
		}
	}
	return cookies[0]
}

func TestSES05(t *testing.T) {
	a := attack(t, "signed in somebody whose profile is 10,000 letters long")
	p := a.member()
	a.run(t, "", "account", "set", p.email, "--self-intro", strings.Repeat("Ö", 10_000), "--name", strings.Repeat("N", 70))
	got := a.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 200)
	longest := 0
	for _, line := range got.header["Set-Cookie"] {
		longest = max(longest, len(line))
		if strings.Contains(line, "attack") || strings.Contains(line, "NNN") {
			t.Errorf("the cookie tells of the person: %s", line)
		}
	}
	if longest > 400 {
		t.Errorf("a cookie of %d octets", longest)
	}
	a.info(cookieIn(got)).want(t, 200)
	a.did("a cookie of %d octets, which tells nothing of the person and works", longest)
}

func TestSES06(t *testing.T) {
	a := attack(t, "50,000 pairs in one header and in many, a cookie of a megabyte, as many pairs as fit, a hundred times")
	b := a
	if *urlFlag == "" {
		b = a.alone()
	}
	many := strings.Repeat("a=b; ", 50_000)
	heads := []string{"Cookie: " + many, "Cookie: matricula=" + strings.Repeat("x", 1<<20)}
	var lines []string
	for range 50_000 / 50 {
		lines = append(lines, "Cookie: "+strings.Repeat("a=b; ", 50))
	}
	heads = append(heads, strings.Join(lines, "\r\n"))
	before := 0.0
	if b.ops != "" {
		before = b.memory()
	}
	for range 20 {
		for _, head := range heads {
			b.swallowed(head)
		}
	}
	for _, fits := range []string{strings.Repeat("a;", 7_000), strings.Repeat("matricula=x; ", 1_000), strings.Repeat("=", 15_000), "matricula=" + strings.Repeat("\"", 9_000)} {
		for _, got := range b.raw(b.request("GET", "/api/auth/info", "", "Cookie: "+fits, "Connection: close")) {
			got.want(t, 401, 400)
		}
	}
	grown := 0.0
	if b.ops != "" {
		if grown = b.memory() - before; grown > 32 {
			t.Errorf("the server has %.0f MiB more in memory", grown)
		}
	}
	a.did("431, or 401 to what fits into a header, with %+.0f MiB in memory", grown)
}

func TestSES07(t *testing.T) {
	a := attack(t, "made-up cookies: any word, empty, long, true-looking, with quotes, NUL and SQL; on info and sign-out")
	name := "matricula"
	if a.data != "" {
		name = cookieName(a.signIn(a.member()))
	}
	values := []string{"anything", "", "null", "undefined", "1", "true", "' OR 1=1--", `"x"`, "%00", "../../etc/passwd", strings.Repeat("A", 4000), "eyJhbGciOiJub25lIn0.e30."}
	for _, n := range []int{15, 16, 31, 32, 33, 64} {
		octets := make([]byte, n)
		rand.Read(octets)
		values = append(values, base64.RawURLEncoding.EncodeToString(octets), base64.StdEncoding.EncodeToString(octets), fmt.Sprintf("%x", octets))
	}
	for _, value := range values {
		for _, call := range [][2]string{{"GET", "/api/auth/info"}, {"GET", "/api/auth/sign-out"}, {"POST", "/api/auth/sign-out"}} {
			for _, as := range []string{name, "token", strings.ToUpper(name), "__Secure-" + name} {
				a.call(call[0], call[1], nil, "Cookie: "+as+"="+value).want(t, 401)
			}
		}
	}
	a.did("401 to each of %d values on all three calls", len(values))
}

func TestSES08(t *testing.T) {
	a := attack(t, "used a session every day until its end, and beyond; left another alone until then")
	a, move := a.inTime()
	p := a.member()
	busy, idle := a.signIn(p), a.signIn(p)
	const life = 240 * 60 * 60
	for day := range 10 {
		move(day * 24 * 60 * 60)
		a.info(busy).want(t, 200)
	}
	move(life - 30)
	a.info(busy).want(t, 200)
	a.info(idle).want(t, 200)
	move(life + 1)
	a.info(busy).want(t, 401)
	a.info(idle).want(t, 401)
	move(0) // a clock that is set back revives what it may: the session's own time has not come
	a.call("POST", "/api/auth/sign-out", nil, a.signIn(p)).want(t, 200)
	a.did("401 after 10 days, in use or not; use makes no session longer. There is no limit on idleness, by contract")
}

func TestSES09(t *testing.T) {
	a := attack(t, "a session's cookie as a bearer token, an access or refresh token as a cookie, both at once")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	name, value := cookieName(cookie), cookieValue(cookie)
	a.profile(value).want(t, 401)
	a.refresh(value).want(t, 401)
	a.call("DELETE", "/api/user/revoke-access", nil, bearer(value)).want(t, 401)
	a.call("GET", "/api/admin/profile", nil, cookie).want(t, 401)
	for _, token := range []string{tokens.access, tokens.refresh} {
		a.info("Cookie: "+name+"="+token).want(t, 401)
		a.call("GET", "/api/auth/info", nil, bearer(token)).want(t, 401)
		a.call("GET", "/api/admin/profile", nil, bearer(value), "Cookie: "+name+"="+token).want(t, 401)
	}
	a.info(cookie).want(t, 200)
	a.profile(tokens.access).want(t, 200)
	a.did("401 each time, and both go on where they belong")
}

func TestSES10(t *testing.T) {
	a := attack(t, "used cookie, tokens and password of an account from the moment it was disabled")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	a.run(t, "", "account", "disable", p.email)
	a.info(cookie).want(t, 401)
	a.profile(tokens.access).want(t, 401)
	a.refresh(tokens.refresh).want(t, 401)
	a.call("POST", "/api/user/login", p.credentials()).want(t, 400)
	a.call("POST", "/api/auth/sign-in", p.credentials()).want(t, 401)
	a.did("401 to all that was given out, and the common refusal to the right password")
}

func TestSES11(t *testing.T) {
	a := attack(t, "ended one of three sessions from another, then all of them by the operator")
	p, other := a.member(), a.member()
	one, two, three, foreign := a.signIn(p), a.signIn(p), a.signIn(p), a.signIn(other)
	a.call("POST", "/api/auth/sign-out", nil, two).want(t, 200)
	a.info(one).want(t, 200)
	a.info(two).want(t, 401)
	a.info(three).want(t, 200)
	a.run(t, "", "account", "sign-out", p.email)
	a.info(one).want(t, 401)
	a.info(three).want(t, 401)
	a.info(foreign).want(t, 200)
	a.did("exactly the session presented ends, and by the operator exactly that person's; nobody can name another's session yet")
}
