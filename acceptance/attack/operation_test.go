package attack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestLGG02(t *testing.T) {
	const forged = `{"level":"INFO","msg":"login ok"}`
	a := attack(t, "line ends, forged lines, ANSI, U+2028, bidi and octets that are no text in address, password, name, path, query, method and ten headers").alone()
	hostile := []string{"\r\n" + forged + "\r\n", "\n" + forged, "\x1b[2J\x1b[31mred", "\u2028" + forged, "\u202egnol", "\x00", "\xff\xfe", `"} ` + forged, "\u0085" + forged, "%0d%0a" + forged}
	for _, text := range hostile {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{
			fmt.Sprintf(`{"email":%s,"password":%s}`, quoted, quoted), fmt.Sprintf(`{"email":"x%s@x.test","password":"x"}`, strings.Trim(string(quoted), `"`)),
			`{"email":"` + text + `","password":"x"}`, text,
		} {
			for _, path := range []string{"/api/user/login", "/api/auth/sign-in", "/api/user/register"} {
				a.openly().call("POST", path, body).want(t, 400, 401)
			}
		}
		for _, path := range []string{"/api/user/confirm/", "/api/user/", "/api/auth/info?", "/x/"} {
			a.call("GET", path+url.PathEscape(text), nil).want(t, 303, 401, 404)
		}
		var headers []string
		for _, name := range []string{"User-Agent", "Referer", "Origin", "X-Request-Id", "Cookie", "Authorization", "X-Forwarded-For", "Accept", "Forwarded", "Sec-Fetch-Site"} {
			headers = append(headers, name+": x"+text)
		}
		for _, got := range a.raw(a.request("GET", "/api/auth/info", "", headers...)) {
			if got.header.Get("X-Request-Id") == "x"+text || strings.Contains(fmt.Sprint(got.header)+string(got.body), "login ok") {
				t.Errorf("a header is told again: %v %s", got.header, got.body)
			}
		}
		a.raw("LOGIN" + strings.Map(letters, text) + " /api/auth/info HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}
	named := a.stranger()
	a.roster(named.email)
	named.club = "\u202e\u2028" + forged
	a.call("POST", "/api/user/register", named.registration()).want(t, 200, 400)
	a.drained()

	text := a.log.String()
	lines := 0
	for line := range strings.Lines(text) {
		lines++
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["msg"] == "login ok" {
			t.Errorf("this line of the log is not the program's: %q", line)
		}
	}
	if spoils(text) {
		t.Error("the log holds characters that a terminal, or a reader of lines, acts on")
	}
	for _, args := range [][]string{{"events"}, {"events", "--json"}, {"club", "list"}, {"account", "list"}} {
		if shown := a.run(t, "", args...); spoils(shown) {
			t.Errorf("matricula %s shows characters that a terminal acts on: %q", strings.Join(args, " "), shown)
		}
	}
	a.did("%d lines, each one JSON object of the program's own, without control characters; so are the commands' lists", lines)
}

// letters keeps what a method may be made of.
func letters(r rune) rune {
	if r < 'A' || r > 'z' {
		return -1
	}
	return r
}

// spoils reports whether a text of lines has octets that are no text, or characters
// that a terminal or a reader of lines acts on instead of showing them.
func spoils(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control))
	})
}

func TestLGG04(t *testing.T) {
	a := attack(t, "everything that concerns an account's safety, once each, from two networks and by an operator; then the audit log").alone("--limit-failures", "3", "--limit-known-failures", "5")
	elsewhere := a.elsewhere()
	p := a.stranger()
	a.roster(p.email)
	began := time.Now().Add(-time.Second)
	var want []string
	happens := func(kind string, do func()) {
		do()
		if kind != "" {
			want = append(want, kind)
		}
	}
	body := object{"email": p.email}
	var link, token string
	var tokens pair
	var cookie string
	happens("account.registered", func() { a.call("POST", "/api/user/register", p.registration()).want(t, 200) })
	happens("account.registered-again", func() { a.call("POST", "/api/user/register", p.registration()).want(t, 200) })
	happens("confirm.asked", func() { a.call("POST", "/api/user/resend-confirm", body).want(t, 200) })
	happens("confirm.asked", func() { a.call("POST", "/api/user/login", p.credentials()).want(t, 403) })
	link = a.newLetter(p.email, 4).Link().RequestURI()
	happens("confirm.done", func() { a.call("GET", link, nil).want(t, 303) })
	happens("", func() { a.call("GET", link, nil).want(t, 303) })
	happens("session.started", func() { tokens = a.login(p) })
	happens("session.started", func() { cookie = a.signIn(p) })
	happens("", func() { a.refresh(tokens.refresh).want(t, 200); a.info(cookie).want(t, 200) })
	happens("session.refused", func() { elsewhere.wrongAt(0, p.email) })
	happens("session.refused", func() { elsewhere.wrongAt(1, p.email) })
	happens("session.tries-used-up", func() {})
	happens("session.refused", func() { elsewhere.wrongAt(0, p.email) })
	happens("", func() { elsewhere.wrongAt(1, p.email) })
	happens("account.unlocked", func() { a.run(t, "", "account", "unlock", p.email) })
	happens("session.ended", func() { a.call("POST", "/api/auth/sign-out", nil, cookie).want(t, 200) })
	happens("password.refused", func() {
		a.call("POST", "/api/admin/change-password", object{"old_password": wrong, "new_password": fresh}, bearer(tokens.access)).want(t, 400)
	})
	happens("password.changed", func() {
		a.call("POST", "/api/admin/change-password", object{"old_password": p.password, "new_password": fresh}, bearer(tokens.access)).want(t, 200)
	})
	happens("club.changed", func() {
		a.call("POST", "/api/admin/profile", object{"about_us": "We play."}, bearer(tokens.access)).want(t, 200)
	})
	happens("token.access-revoked", func() { a.call("DELETE", "/api/user/revoke-access", nil, bearer(tokens.access)).want(t, 200) })
	happens("", func() { a.call("DELETE", "/api/user/revoke-access", nil, bearer(tokens.access)).want(t, 401) })
	happens("token.refresh-revoked", func() { a.call("DELETE", "/api/user/revoke-refresh", nil, bearer(tokens.refresh)).want(t, 200) })
	happens("reset.asked", func() { token = a.clubsLink(p) })
	happens("reset.done", func() { a.useClubs(token, fresh+"er").want(t, 200) })
	happens("", func() { a.useClubs(token, fresh+"er").want(t, 404) })
	happens("role.granted", func() {
		a.run(t, "", "role", "grant", p.email, "administrator", "--start", "2020-01-01", "--end", "2099-01-01")
	})
	happens("sessions.ended", func() { a.run(t, "", "account", "sign-out", p.email) })
	happens("password.set", func() {
		a.run(t, "correct horse of the operator\n", "account", "set-password", p.email, "--password-stdin")
	})
	happens("account.email-changed", func() { a.run(t, "", "account", "set-email", p.email, "new."+p.email) })
	happens("account.disabled", func() { a.run(t, "", "account", "disable", "new."+p.email) })
	happens("session.refused", func() {
		a.call("POST", "/api/user/login", object{"email": "new." + p.email, "password": wrong}).want(t, 400)
	})
	happens("account.enabled", func() { a.run(t, "", "account", "enable", "new."+p.email) })
	id := fmt.Sprint(a.show("new." + p.email).ID)
	happens("account.deleted", func() { a.run(t, "", "account", "delete", "new."+p.email) })
	a.used.Add("correct horse of the operator")

	got := a.events(id)
	var kinds []string
	for _, e := range got {
		kinds = append(kinds, e.Kind)
		at, err := time.Parse(time.RFC3339Nano, e.At)
		if err != nil || at.Location() != time.UTC || at.Before(began) || at.After(time.Now().Add(time.Second)) {
			t.Errorf("%s happened at %q", e.Kind, e.At)
		}
		if byOperator := e.Actor == "operator"; byOperator != (e.Client == "") || byOperator != (e.RequestID == "") || e.Client != "" && e.Client != a.network && e.Client != elsewhere.network {
			t.Errorf("%s is by %q from %q with the request %q", e.Kind, e.Actor, e.Client, e.RequestID)
		}
	}
	sortTries(kinds)
	sortTries(want)
	if !slices.Equal(kinds, want) {
		t.Errorf("the audit log tells of\n%s\nwant\n%s", strings.Join(kinds, "\n"), strings.Join(want, "\n"))
	}
	a.did("%d events, each once and in order, with UTC time, actor, client and the request's id; none for what changed nothing", len(got))
}

// sortTries puts the events of the last try and of the tries being used up, which are
// written one before the other, in one order.
func sortTries(kinds []string) {
	for i := range len(kinds) - 1 {
		if kinds[i] == "session.refused" && kinds[i+1] == "session.tries-used-up" {
			kinds[i], kinds[i+1] = kinds[i+1], kinds[i]
		}
	}
}

func TestADM05(t *testing.T) {
	a := attack(t, "profiles, metrics, development's calls and mails, version control, settings, database, secret, source maps and other leftovers, on the public port")
	p := a.member()
	cookie := a.signIn(p)
	paths := []string{
		"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1", "/debug/vars", "/metrics", "/dev/mail", "/dev/mail/x.eml", "/api/dev/", "/api/dev/create-administrator", "/api/test", "/api/admin/", "/api/admin/users", "/admin", "/admin/", "/console", "/.git/config", "/.git/HEAD",
		"/.env", "/config", "/secret", "/matricula.db", "/matricula-data/secret", "/mail/", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/static/../secret", "/style.css.map", "/docs/swagger-ui.css.map", "/docs/swagger-ui-bundle.js.map", "/docs/../../go.mod", "/go.mod", "/server-status", "/actuator/health", "/phpinfo.php", "/swagger.json",
		"/api/user/dev", "/api/auth/dev", "/api/auth/users", "/api/users", "/api/user", "/api/auth", "/api", "/api/", "/backup", "/export", "/robots.txt~", "/index.php", "/.well-known/openid-configuration", "/.well-known/", "/.DS_Store",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			got := a.call(method, path, nil, cookie, "X-Forwarded-For: 127.0.0.1")
			if got.status != 404 && got.status != 405 {
				t.Errorf("%s: got %d: %.200s", got.call, got.status, got.body)
			}
			if banner := got.header.Get("Server") + got.header.Get("X-Powered-By"); banner != "" || strings.Contains(string(got.body), "go1.") {
				t.Errorf("%s tells of %q: %.200s", got.call, banner, got.body)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := a.call("GET", path, nil).want(t, 200); len(got.body) > 100 {
			t.Errorf("%s tells %s", got.call, got.body)
		}
	}
	if strings.HasPrefix(a.call("GET", "/docs/", nil).header.Get("Location"), "http") {
		t.Error("/docs/ leads elsewhere")
	}
	a.did("404 or 405 to each of %d by four methods; no banner, no version", len(paths))
}

func TestADM07(t *testing.T) {
	a := attack(t, "next=, redirect_to=, return_to=, url=, continue= with absolute, //, /\\, javascript: and data: values, in the query and in the form, on every page that redirects")
	p := a.officer()
	targets := []string{"https://evil.test/", "//evil.test", `/\evil.test`, `\\evil.test`, "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "https:evil.test", "/%09/evil.test", "https://" + strings.TrimPrefix(strings.TrimPrefix(a.base, "http://"), "https://") + "@evil.test"}
	names := []string{"next", "redirect_to", "return_to", "url", "continue", "redirect_uri", "back", "confirmed", "sent"}
	looked := 0
	look := func(got answer) {
		t.Helper()
		looked++
		where := got.header.Get("Location")
		if where != "" && (!strings.HasPrefix(where, "/") && !strings.HasPrefix(where, a.base+"/") || strings.HasPrefix(where, "//") || strings.HasPrefix(where, `/\`)) {
			t.Errorf("%s leads to %q", got.call, where)
		}
		if strings.Contains(where+string(got.body)+got.header.Get("Refresh"), "evil") || strings.Contains(string(got.body), "alert(1)") {
			t.Errorf("%s leads to %q and says %.300s", got.call, where, got.body)
		}
	}
	for _, target := range targets {
		query := url.Values{}
		for _, name := range names {
			query.Set(name, target)
		}
		cookie := a.signIn(p)
		for _, path := range []string{"/", "/sign-in", "/account", "/club", "/forgot", "/resend", "/reset", "/change-password", "/link-ended", "/api/user/confirm/garbage"} {
			look(a.call("GET", path+"?"+query.Encode(), nil, "Accept: text/html"))
			look(a.call("GET", path+"?"+query.Encode(), nil, cookie, "Accept: text/html"))
		}
		form := func(more url.Values) url.Values {
			for name, values := range query {
				more[name] = values
			}
			return more
		}
		look(a.form("/sign-in?"+query.Encode(), form(url.Values{"email": {p.email}, "password": {p.password}})))
		look(a.form("/sign-in?"+query.Encode(), form(url.Values{"email": {p.email}, "password": {wrong}})))
		look(a.form("/forgot?"+query.Encode(), form(url.Values{"email": {"nobody@attack.example.edu"}})))
		look(a.form("/resend?"+query.Encode(), form(url.Values{"email": {"nobody@attack.example.edu"}})))
		look(a.form("/reset?"+query.Encode(), form(url.Values{"token": {"garbage"}, "password": {fresh}, "again": {fresh}})))
		look(a.form("/sign-out?"+query.Encode(), form(url.Values{}), cookie))
	}
	a.did("none leads elsewhere or says it again: %d answers looked at", looked)
}
