package acceptance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// listed is the front end that the installations of these tests know.
const listed = "http://localhost:3000"

// joined is a server with somebody who can sign in.
func joined(t *testing.T, env ...string) (*server, member) {
	t.Helper()
	in := install(t, append([]string{"MATRICULA_ORIGINS=" + listed}, env...)...)
	m := member{"ada@example.edu", "the password of ada"}
	in.person(t, m.email, "Ada", m.password)
	return in.serve(t), m
}

// resetLink asks for a reset, and answers what the nth mail brings.
func (s *server) resetLink(t *testing.T, m member, n int) resetLink {
	t.Helper()
	s.call(t, "POST", "/api/auth/reset-password", object{"email": m.email, "origin": listed}).want(t, 200)
	return resetLinkOf(s.newLetter(t, m.email, n).link(t))
}

// The old backend built the link of a reset mail, text and HTML, from the origin in
// the request's body: whoever asked for another's reset chose where the token went.
func TestOB1MailLeadsToListedOriginsAlone(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	for _, origin := range []any{
		"https://evil.example", listed + ".evil.example", listed + "@evil.example", "http://localhost:3000/", "HTTP://LOCALHOST:3000", "//localhost:3000",
		"javascript:alert(1)//", listed + "/\r\nBcc: eve@example.edu", `"><img src=x>`, "", nil, object{}, []string{listed}, true,
	} {
		s.call(t, "POST", "/api/auth/reset-password", object{"email": m.email, "origin": origin}).want(t, 400)
	}
	for _, headers := range []string{"Host: evil.example\r\n", "Host: localhost\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Forwarded-Proto: evil\r\n"} {
		body := `{"email":"` + m.email + `","origin":"` + listed + `"}`
		answers := s.raw(t, "POST /api/auth/reset-password HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n"+headers+"\r\n"+body)
		if len(answers) != 1 || answers[0].status >= 500 {
			t.Errorf("with %q: %v", headers, answers)
		}
	}
	mails := len(s.lettersTo(t, m.email)) // of the two before, those that were accepted
	eventually(t, mailTime, "two mails", func() bool { mails = len(s.lettersTo(t, m.email)); return mails == 2 })
	for _, l := range s.lettersTo(t, m.email) {
		if !strings.HasPrefix(l.link(t).String(), listed+"/change-password?token=") || strings.Contains(l.Text+l.HTML, "evil") || strings.Contains(l.HTML, "<img") {
			t.Errorf("the mail leads elsewhere:\n%s\n%s", l.Text, l.HTML)
		}
	}
}

// The old backend compared a date with a text, which is never true: its reset links
// lived for ever.
func TestOB2ResetLinkEnds(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t, "MATRICULA_ORIGINS="+listed)
	m := member{"ada@example.edu", "the password of ada"}
	in.person(t, m.email, "Ada", m.password)
	s := in.serve(t)
	link := s.resetLink(t, m, 1)
	use := func(password string) any {
		return s.call(t, "POST", "/api/auth/change-password", link.change(password)).want(t, 400).members(t)["message"]
	}
	clock.move(t, 29*time.Minute)
	weak := use("short")
	clock.move(t, 2*time.Minute)
	if ended := use("a new password of ada"); ended == weak {
		t.Errorf("a good password after the link's end is refused like a weak one before: %v", ended)
	}
	s.signIn(t, m)
}

// The old backend gave everybody a role as administrator that was an empty object,
// and let everybody in who had one.
func TestOB3NobodyIsAdministratorUnasked(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	grant := func(from, to int) {
		s.run(t, "", "role", "grant", m.email, "administrator", "--start", day(from), "--end", day(to))
	}
	none := func() {
		t.Helper()
		cookie, a := s.signIn(t, m)
		for _, members := range []object{a.members(t), a.members(t)["user"].(object), s.info(t, cookie).want(t, 200).members(t)} {
			for _, role := range []string{"administrator", "student", "adviser", "mentor"} {
				if value, held := members[role]; held {
					t.Errorf("somebody without a role is told to be %s: %v", role, value)
				}
			}
		}
		s.call(t, "GET", "/api/admin/profile", nil, cookie).want(t, 401)
		s.call(t, "POST", "/api/admin/profile", object{"name": "Mine"}, cookie).want(t, 401)
	}
	none()
	grant(-400, -30)
	grant(30, 400)
	none()
	grant(-1, 1)
	if _, a := s.signIn(t, m); a.members(t)["administrator"] == nil {
		t.Errorf("an administrator is not told so: %s", a.body)
	}
}

// The old backend answered calls of its developers to anybody, one of which made an
// administrator.
func TestOB4NoCallsOfDevelopers(t *testing.T) {
	t.Parallel()
	s, _ := joined(t)
	for _, path := range []string{
		"/api/dev", "/api/dev/", "/api/dev/create-administrator", "/api/dev/users", "/api/dev/seed", "/api/auth/dev", "/api/user/dev", "/api/auth/create-administrator",
		"/dev", "/dev/mail", "/debug/pprof/", "/metrics", "/api/test", "/api/admin/create", "/.env", "/.git/config",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			body := object{"email": "eve@example.edu", "password": "the password of eve", "name": "Eve", "startDate": day(-1), "endDate": day(1)}
			if a := s.call(t, method, path, body); a.status != 404 && a.status != 405 {
				t.Errorf("%s: got %d, want 404: %s", a.call, a.status, a.body)
			}
		}
	}
	if emails := s.accounts(t); len(emails) != 1 {
		t.Errorf("the accounts are %v, want the one there was", emails)
	}
}

// The old backend signed with the text jwt_secret where no secret was set.
func TestOB5NoDefaultSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"jwt_secret", "secret", " ", strings.Repeat("x", 31)} {
		if line := install(t, "MATRICULA_SECRET="+secret).refused(t, "serve", "--addr", "127.0.0.1:0"); !strings.Contains(line, "32") {
			t.Errorf("the secret %q: said %q, want how long it must be", secret, line)
		}
	}
	s, m := joined(t)
	other, same := joined(t)
	link := s.resetLink(t, m, 1)
	for _, key := range []string{"jwt_secret", "", "undefined", "secret", m.email} {
		forged := resetLink{link.id, resign(link.token, key)}
		s.call(t, "POST", "/api/auth/change-password", forged.change("a new password of ada")).want(t, 400)
	}
	// Two installations that were told no secret, with the same account.
	other.call(t, "POST", "/api/auth/change-password", link.change("a new password of ada")).want(t, 400)
	cookie, _ := s.signIn(t, m)
	other.info(t, cookie).want(t, 401)
	other.signIn(t, same)
	s.call(t, "POST", "/api/auth/change-password", link.change("a new password of ada")).want(t, 200)
}

// The old backend's session was a JWT without an end: sign-out cleared the cookie of
// the browser that asked, and nothing ended the session itself.
func TestOB6SessionsEndOnTheServer(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t, "MATRICULA_ORIGINS="+listed)
	m := member{"ada@example.edu", "the password of ada"}
	in.person(t, m.email, "Ada", m.password)
	s := in.serve(t)
	out, _ := s.signIn(t, m)
	reset, _ := s.signIn(t, m)
	s.call(t, "POST", "/api/auth/sign-out", nil, out).want(t, 200)
	s.info(t, out).want(t, 401)
	s.info(t, reset).want(t, 200)
	link := s.resetLink(t, m, 1)
	m.password = "a new password of ada"
	s.call(t, "POST", "/api/auth/change-password", link.change(m.password)).want(t, 200)
	s.info(t, reset).want(t, 401)
	ended, _ := s.signIn(t, m)
	clock.move(t, 10*24*time.Hour+time.Minute)
	s.info(t, ended).want(t, 401)
	for _, cookie := range []string{out, reset, ended} {
		s.call(t, "POST", "/api/auth/sign-out", nil, cookie).want(t, 401)
	}
}

// The old backend cleared its cookie with other attributes than it was set with, so
// that browsers kept it.
func TestOB7CookieIsClearedAsItWasSet(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"http":                 {},
		"https":                {"MATRICULA_PUBLIC_URL=https://accounts.example.edu", "MATRICULA_SMTP=smtp://" + closedPort(t).String()},
		"https, for all sites": {"MATRICULA_PUBLIC_URL=https://accounts.example.edu", "MATRICULA_SMTP=smtp://" + closedPort(t).String(), "MATRICULA_COOKIE_SAME_SITE=none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := joined(t, env...)
			cookie, a := s.signIn(t, m)
			set, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
			if err != nil {
				t.Fatal(err)
			}
			cleared, err := http.ParseSetCookie(s.call(t, "POST", "/api/auth/sign-out", nil, cookie).want(t, 200).header.Get("Set-Cookie"))
			if err != nil {
				t.Fatal(err)
			}
			if cleared.Value != "" || cleared.MaxAge >= 0 || set.MaxAge <= 0 {
				t.Errorf("sign-out leaves the cookie %q with Max-Age %d", cleared.Value, cleared.MaxAge)
			}
			secure := name != "http"
			if set.Secure != secure || strings.HasPrefix(set.Name, "__Host-") != secure || !set.HttpOnly || set.Path != "/" || set.Domain != "" {
				t.Errorf("the cookie is set as %s", set.Raw)
			}
			for _, c := range []*http.Cookie{set, cleared} { // what may differ
				c.Value, c.MaxAge, c.Raw = "", 0, ""
			}
			if set.String() != cleared.String() {
				t.Errorf("the cookie is set with %q and cleared with %q", set, cleared)
			}
		})
	}
}

// The old backend carried the whole profile in the cookie, for all to read, and with
// a long one the cookie was too large for browsers to keep.
func TestOB8CookieTellsNothingAndStaysShort(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	intro := strings.Repeat("I like long walks. ", 500)
	s.run(t, "", "account", "set", m.email, "--self-intro", intro)
	cookie, a := s.signIn(t, m)
	if got := a.members(t)["selfIntro"]; got != intro {
		t.Errorf("sign-in tells of %.40q, want the whole text", got)
	}
	name, value, _ := strings.Cut(strings.TrimPrefix(cookie, "Cookie: "), "=")
	if len(name)+len(value) > 256 || strings.ContainsAny(value, ".%{") {
		t.Errorf("the cookie %s has %d octets, or is no plain secret", name, len(value))
	}
	octets, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(octets) < 16 {
		t.Errorf("the cookie's value has %d octets (%v), want 16 random ones at least", len(octets), err)
	}
	s.info(t, cookie).want(t, 200).says(t, "selfIntro", intro)
}

// The old backend asked whether there was a cookie, and not whether it was any good.
func TestOB9AnyCookieIsNoSession(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	good, _ := s.signIn(t, m)
	name, value, _ := strings.Cut(good, "=")
	for _, cookie := range []string{
		"Cookie: token=x", name + "=x", name + "=", name + "=" + strings.Repeat("A", len(value)), name + "=" + value + "A", name + "=" + value[1:],
		"Cookie: token=" + value, name + "=eyJhbGciOiJub25lIn0.eyJpZCI6MX0.", name + "=" + value + "; " + strings.TrimPrefix(name, "Cookie: ") + "=x",
	} {
		s.info(t, cookie).want(t, 401)
		s.call(t, "GET", "/api/auth/sign-out", nil, cookie).want(t, 401)
		s.call(t, "POST", "/api/auth/sign-out", nil, cookie).want(t, 401)
	}
	s.info(t, good).want(t, 200)
}

// The old backend handed the body's values to the database as they were: without an
// e-mail address it found the first user, and with an object for a value it ran a
// search of the sender's.
func TestOB10ValuesHaveTheirType(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	link := s.resetLink(t, m, 1)
	searches := []any{object{"startsWith": "a"}, object{"gte": 0}, object{"not": ""}, []string{m.email}, object{"contains": "@"}, nil, true, 0}
	for _, value := range searches {
		want := s.call(t, "POST", "/api/auth/sign-in", object{"email": object{"startsWith": "zzz"}, "password": m.password}).want(t, 400)
		a := s.call(t, "POST", "/api/auth/sign-in", object{"email": value, "password": m.password}).want(t, 400).saysNothingInternal(t)
		if a.whole() != want.whole() && value != nil {
			t.Errorf("sign-in with %v: %s, with another search: %s", value, a.body, want.body)
		}
		s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": value}).want(t, 400)
		s.call(t, "POST", "/api/auth/reset-password", object{"email": value, "origin": listed}).want(t, 400)
	}
	s.call(t, "POST", "/api/auth/sign-in", object{"password": m.password}).want(t, 400)
	s.call(t, "POST", "/api/auth/reset-password", object{"origin": listed}).want(t, 400)

	n, err := strconv.Atoi(link.id)
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "a new password of ada"
	ids := append(searches, link.id+" ", "0"+link.id, "+"+link.id, link.id+".0", "0x"+link.id, []any{n}, -n, n+1, float64(n)+0.5, "", json.RawMessage(link.id+".0"), json.RawMessage(link.id+"e0"))
	for _, id := range ids {
		s.call(t, "POST", "/api/auth/change-password", object{"id": id, "token": link.token, "newPassword": fresh}).want(t, 400).saysNothingInternal(t)
	}
	s.call(t, "POST", "/api/auth/change-password", object{"token": link.token, "newPassword": fresh}).want(t, 400)
	s.call(t, "POST", "/api/auth/change-password", object{"id": n, "token": searches[0], "newPassword": fresh}).want(t, 400)
	s.signIn(t, m)
	s.call(t, "POST", "/api/auth/change-password", object{"id": n, "token": link.token, "newPassword": fresh}).want(t, 200)
	if mails := len(s.lettersTo(t, m.email)); mails > 2 {
		t.Errorf("%d mails, want the link and the notice", mails)
	}
}

// The old backend answered a bad token with 500 and the words of the library that
// had read it, or a dump of the query.
func TestOB11RefusalsTellOfNoLibrary(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	link := s.resetLink(t, m, 1)
	use := func(id any, token string) answer {
		return s.call(t, "POST", "/api/auth/change-password", object{"id": id, "token": token, "newPassword": "a new password of ada"}).want(t, 400).saysNothingInternal(t)
	}
	want := use(link.id, "garbage").whole()
	parts := strings.Split(link.token, ".")
	for _, token := range []string{
		resign(link.token, "another key"), parts[0] + "." + parts[1] + ".", parts[0] + ".e30." + parts[2], "e30.e30.e30", "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		strings.ToUpper(link.token), link.token + ".", strings.Repeat("x", 9000), "\u0000", " ",
	} {
		if got := use(link.id, token).whole(); token != "\u0000" && got != want {
			t.Errorf("the token %.60q: %s, garbage: %s", token, got, want)
		}
	}
	for _, id := range []any{"4711", 9007199254740991, "2"} { // nobody's, and a good token of another
		if got := use(id, link.token).whole(); got != want {
			t.Errorf("the id %v: %s, garbage: %s", id, got, want)
		}
	}
	for _, cookie := range []string{"Cookie: matricula=%00", "Cookie: matricula=" + link.token} {
		s.info(t, cookie).want(t, 401).saysNothingInternal(t).says(t, "message", "Authentication failed")
	}
}

// The old backend said whether the user was not found or the password was incorrect,
// and hashed nothing for somebody whom it didn't find.
func TestOB12SignInTellsNobodyApart(t *testing.T) {
	t.Parallel()
	s, m := joined(t, realHash)
	disabled := member{"disabled@example.edu", "the password of disabled"}
	s.person(t, disabled.email, "Disabled", disabled.password)
	s.run(t, "", "account", "disable", disabled.email)
	s.run(t, "", "account", "create", "invited@example.edu", "--name", "Invited")
	unconfirmed := officer{"unconfirmed@example.edu", "the password of unconfirmed", "Club"}
	s.roster(t, unconfirmed.email)
	s.call(t, "POST", "/api/user/register", unconfirmed.sample()).want(t, 200)

	signIn := func(email, password string) string {
		return s.call(t, "POST", "/api/auth/sign-in", object{"email": email, "password": password}).want(t, 401).whole()
	}
	want := signIn("nobody@example.edu", m.password)
	for _, try := range []member{
		{m.email, "the password of nobody"}, disabled, {disabled.email, "the password of nobody"}, {"invited@example.edu", m.password},
		{unconfirmed.email, unconfirmed.password}, {unconfirmed.email, "the password of nobody"}, {"no address", m.password},
	} {
		if got := signIn(try.email, try.password); got != want {
			t.Errorf("a sign-in of %s: %s, of nobody: %s", try.email, got, want)
		}
	}
	sameTime(t, func() { signIn("nobody@example.edu", "the password of nobody") }, func() { signIn(m.email, "the password of nobody") })
	ask := func(email string) string {
		return s.call(t, "POST", "/api/auth/reset-password", object{"email": email, "origin": listed}).want(t, 200).whole()
	}
	for _, email := range []string{m.email, disabled.email, unconfirmed.email, "invited@example.edu"} {
		if got, want := ask(email), ask("nobody@example.edu"); got != want {
			t.Errorf("a reset for %s: %s, for nobody: %s", email, got, want)
		}
	}
}

// The old backend took a new password of one character, failed with 500 on none,
// and of a long one read 72 octets.
func TestOB13NewPasswordIsJudgedAndReadWhole(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	link := s.resetLink(t, m, 1)
	for _, fresh := range []any{"x", "", nil, "password", "12345678", object{}, "ada@EXAMPLE.edu", strings.Repeat("x", 257)} {
		s.call(t, "POST", "/api/auth/change-password", object{"id": link.id, "token": link.token, "newPassword": fresh}).want(t, 400)
	}
	s.call(t, "POST", "/api/auth/change-password", object{"id": link.id, "token": link.token}).want(t, 400)
	long := strings.Repeat("correct horse ", 6) // 84 octets
	s.call(t, "POST", "/api/auth/change-password", link.change(long)).want(t, 200)
	for _, other := range []string{long[:72], long[:83], long[:72] + "another end ", long + "x", long[:71] + "X" + long[72:]} {
		s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": other}).want(t, 401)
	}
	s.signIn(t, member{m.email, long})
}

// The old backend looked at the token and then wrote: two uses at once both changed
// the password.
func TestOB14OneUseOfALinkWins(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	link := s.resetLink(t, m, 1)
	statuses := make([]int, 16)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			a, err := s.try("POST", "/api/auth/change-password", link.change(fmt.Sprintf("the password of use %d", i)))
			if err != nil {
				t.Error(err)
			}
			statuses[i] = a.status
		})
	}
	all.Wait()
	winner := slices.Index(statuses, 200)
	if winner < 0 || slices.Contains(statuses[winner+1:], 200) {
		t.Fatalf("the uses are answered %v, want one 200", statuses)
	}
	for i, status := range statuses {
		want := map[bool]int{true: 200, false: 401}[i == winner]
		s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": fmt.Sprintf("the password of use %d", i)}).want(t, want)
		if i != winner && status != 400 {
			t.Errorf("use %d is answered %d, want 400", i, status)
		}
	}
}

// The old backend did not wait for the mail it sent, and lost it in silence.
func TestOB15ResetMailIsNotLost(t *testing.T) {
	t.Parallel()
	mx := closedPort(t)
	s, m := joined(t, "MATRICULA_SMTP=smtp://"+mx.String())
	s.call(t, "POST", "/api/auth/reset-password", object{"email": m.email, "origin": listed}).want(t, 200)
	eventually(t, mailTime, "a mail that was not sent", func() bool { return strings.Contains(s.log.String(), "a mail was not sent") })
	in := s.installation
	s.stop(t)
	s = in.serve(t)
	box := &sink{}
	box.listen(t, mx)
	eventually(t, time.Minute, "the mail", func() bool { return len(box.letters()[m.email]) > 0 })
	l := box.letters()[m.email][0]
	in.secrets.Add(l.Secret())
	s.call(t, "POST", "/api/auth/change-password", resetLinkOf(l.link(t)).change("a new password of ada")).want(t, 200)
	s.stop(t)
}

// The old backend signed out by a GET under a cookie that every site could send, an
// image's address was enough, and read bodies that forms can send.
func TestOB16ForeignSitesSignNobodyOut(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	cookie, a := s.signIn(t, m)
	if !strings.Contains(a.header.Get("Set-Cookie"), "SameSite=Lax") {
		t.Errorf("the cookie is set for other sites: %s", a.header.Get("Set-Cookie"))
	}
	for _, headers := range [][]string{
		{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"},
		{"Origin: https://evil.example"}, {"Origin: null"},
	} {
		for _, method := range []string{"GET", "POST"} {
			s.call(t, method, "/api/auth/sign-out", nil, append(headers, cookie)...).want(t, 403)
		}
		s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": m.password}, append(headers, cookie)...).want(t, 403)
	}
	for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""} {
		for path, body := range map[string]string{
			"/api/auth/sign-in": "email=ada%40example.edu&password=the+password+of+ada", "/api/auth/reset-password": `{"email":"` + m.email + `","origin":"` + listed + `"}`,
			"/api/auth/change-password": `{"id":"1","token":"x","newPassword":"x"}`,
		} {
			s.call(t, "POST", path, body, "Content-Type: "+kind).want(t, 415)
		}
	}
	s.info(t, cookie).want(t, 200)
	s.call(t, "GET", "/api/auth/sign-out", nil, cookie, "Origin: "+listed).want(t, 200)
	s.info(t, cookie).want(t, 401)
}

// The old backend made passwords with a generator that whoever has seen some of its
// numbers can foretell. Here nobody is given a password, and nothing but what
// spreads retries knows such a generator.
func TestOB17SecretsCannotBeForetold(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve(t)
	seen := map[string]bool{}
	for i := range 2 {
		email := fmt.Sprintf("new%d@example.edu", i)
		in.run(t, "", "account", "create", email, "--name", "New")
		link := resetLinkOf(in.newLetter(t, email, 1).link(t))
		if len(link.token) < 100 || seen[link.token] {
			t.Errorf("the invitation of %s carries the token %q", email, link.token)
		}
		seen[link.token] = true
		m := member{email, fmt.Sprintf("the password of new %d", i)}
		s.call(t, "POST", "/api/auth/change-password", link.change(m.password)).want(t, 200)
		for range 4 {
			cookie, _ := s.signIn(t, m)
			if _, value, _ := strings.Cut(cookie, "="); len(value) < 43 || seen[value] {
				t.Errorf("the cookie of %s is short, or another's: %d characters", email, len(value))
			}
			seen[cookie] = true
		}
	}
	retries := []string{"../internal/account/outbox.go", "../internal/store/postgres/change.go", "../internal/store/sqlite/migrate.go"}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if outside := strings.HasPrefix(path, "../bench/") || strings.HasPrefix(path, "../acceptance/"); outside {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			if strings.HasPrefix(spec.Path.Value, `"math/rand`) && !slices.Contains(retries, path) {
				t.Errorf("%s imports %s, whose numbers can be foretold", path, spec.Path.Value)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The old backend looked for the current cohort on the way in: between two cohorts
// nobody could sign in.
func TestOB18SignInNeedsNoCohort(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	in := func() {
		t.Helper()
		cookie, _ := s.signIn(t, m)
		s.info(t, cookie).want(t, 200).says(t, "email", m.email)
	}
	s.call(t, "GET", "/api/cohorts/current", nil).want(t, 404)
	in()
	s.run(t, "", "cohort", "create", "2001", "--start", "2001-01-01", "--end", "2001-12-31")
	in()
	s.run(t, "", "cohort", "create", "2999", "--start", "2999-01-01", "--end", "2999-12-31")
	in()
}

// elsewhere finds what a page would load from, or send to, another place.
var elsewhere = regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//[^"]*"|<script`)

// The old backend's links stayed in the address of a page whose scripts and pictures
// came from elsewhere, and were told of it.
func TestOB19LinkOfAMailIsToldNobody(t *testing.T) {
	t.Parallel()
	s, m := joined(t)
	mails := 0
	s.askReset(t, officer{m.email, m.password, ""}, &mails, false) // with our own page
	link := s.newLetter(t, m.email, 1).link(t)
	page := s.call(t, "GET", link.RequestURI(), nil).want(t, 200)
	if policy := page.header.Get("Referrer-Policy"); policy != "no-referrer" && policy != "same-origin" {
		t.Errorf("the page's Referrer-Policy is %q", policy)
	}
	if got := page.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the page's Cache-Control is %q", got)
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
		t.Errorf("the page's Content-Security-Policy is %q", policy)
	}
	if found := elsewhere.FindAllString(string(page.body), -1); found != nil {
		t.Errorf("the page has %q", found)
	}
	if strings.Contains(s.log.String(), link.Query().Get("token")) {
		t.Error("the log holds the link's token")
	}
}

// The old backend counted no tries, and sent none of the headers that keep browsers
// from harm.
func TestOB20TriesAreCountedAndAnswersGuarded(t *testing.T) {
	t.Parallel()
	s, m := joined(t, "MATRICULA_LIMIT_FAILURES=5")
	try := func(path, email, password string) answer {
		return s.call(t, "POST", path, object{"email": email, "password": password})
	}
	const clubs, cohorts = "/api/user/login", "/api/auth/sign-in"
	rested := map[string]string{}
	for _, email := range []string{m.email, "nobody@example.edu"} { // over both contracts, known or not
		for i := range 5 {
			try(map[bool]string{true: clubs, false: cohorts}[i%2 == 0], email, "wrong").want(t, map[bool]int{true: 400, false: 401}[i%2 == 0])
		}
		for path, password := range map[string]string{clubs: "wrong", cohorts: m.password} {
			a := try(path, email, password).want(t, 429)
			if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 {
				t.Errorf("%s: Retry-After is %q", a.call, a.header.Get("Retry-After"))
			}
			a.header.Del("Retry-After")
			if rested[path] == "" {
				rested[path] = a.whole()
			}
			if got := a.whole(); got != rested[path] {
				t.Errorf("%s: nobody is refused with %s, somebody with %s", path, got, rested[path])
			}
		}
	}
	s.call(t, "POST", "/api/auth/change-password", s.resetLink(t, m, 1).change("a new password of ada")).want(t, 200)
	cookie, _ := s.signIn(t, member{m.email, "a new password of ada"}) // the owner has a way in

	for _, a := range []answer{
		s.info(t, cookie), s.call(t, "GET", "/api/auth/info", nil), try(cohorts, m.email, "wrong"), s.call(t, "GET", "/api/cohorts", nil), s.call(t, "GET", "/api/auth/nothing", nil),
		try(clubs, m.email, "wrong"), s.call(t, "GET", "/api/user/nothing", nil), s.call(t, "PUT", clubs, nil), s.call(t, "GET", "/api/nothing", nil),
	} {
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Server")+a.header.Get("X-Powered-By") != "" {
			t.Errorf("%s: the headers are %v", a.call, a.header)
		}
	}
	page := s.call(t, "GET", "/sign-in", nil).want(t, 200)
	if page.header.Get("X-Frame-Options") != "DENY" || page.header.Get("Content-Security-Policy") == "" {
		t.Errorf("a page's headers are %v", page.header)
	}
}
