package attack

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// Requests that are not what they should be: methods, paths, lengths, protocols.

func TestHTP03(t *testing.T) {
	a := attack(t, "other methods on every call, in other cases too; overrides of the method by header, query and body; other paths by header")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	paths := map[string][]string{
		"/api/auth/info": {"GET"}, "/api/auth/sign-out": {"GET", "POST"}, "/api/admin/profile": {"GET", "POST"}, "/api/user/refresh": {"POST"},
		"/api/user/revoke-access": {"DELETE"}, "/api/user/revoke-refresh": {"DELETE"}, "/api/cohorts": {"GET"}, "/api/user/confirm/x": {"GET"},
	}
	for _, path := range bodyCalls {
		paths[path] = []string{"POST"}
	}
	for path, allowed := range paths {
		a := a.elsewhere()
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get", "Post", "PROPFIND", "DEBUG", "TRACK"} {
			if slices.Contains(allowed, method) {
				continue
			}
			answers := a.raw(a.request(method, path, "", cookie, bearer(tokens.access), "Connection: close", "X-Echo: canary-in-trace"))
			if len(answers) != 1 || answers[0].status != 405 && answers[0].status != 400 && answers[0].status != 501 || strings.Contains(string(answers[0].body), "canary") {
				t.Errorf("%s %s: %v, want 405", method, path, answers)
			} else if answers[0].status == 405 && answers[0].header.Get("Allow") != strings.Join(allowed, ", ") {
				t.Errorf("%s %s allows %q, want %v", method, path, answers[0].header.Get("Allow"), allowed)
			}
		}
	}
	for _, header := range []string{"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE"} {
		for _, method := range []string{"GET", "POST"} {
			a.call(method, "/api/user/revoke-access?_method=DELETE", nil, bearer(tokens.access), header).want(t, 405)
		}
		a.call("POST", "/api/user/revoke-access", "_method=DELETE", bearer(tokens.access), "Content-Type: application/x-www-form-urlencoded").want(t, 405)
		a.call("GET", "/api/auth/info?_method=POST", nil, cookie, strings.ReplaceAll(header, "DELETE", "POST")).want(t, 200)
	}
	for _, header := range []string{"X-Original-URL: /api/user/revoke-access", "X-Rewrite-URL: /api/auth/info", "X-Forwarded-Prefix: /api/auth", "X-Original-Method: DELETE"} {
		a.call("GET", "/api/user/nothing", nil, bearer(tokens.access), cookie, header).want(t, 404)
	}
	for _, text := range []string{
		"CONNECT /api/auth/info HTTP/1.1\r\nHost: localhost\r\n" + cookie + "\r\n\r\n", "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "TRACE * HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		for _, got := range a.raw(text) {
			if got.status < 400 {
				t.Errorf("%.30q: %v", text, got)
			}
		}
	}
	a.profile(tokens.access).want(t, 200)
	a.info(cookie).want(t, 200)
	a.did("405 with Allow, or 400; overrides are not looked at, and nothing is echoed")
}

func TestHTP04(t *testing.T) {
	a := attack(t, "slashes, dots, percent signs, semicolons, capitals, line ends and other sites in paths, with the right password, token and cookie")
	p := a.officer()
	tokens, cookie := a.login(p), a.signIn(p)
	login := fmt.Sprintf(`{"email":%q,"password":%q}`, p.email, p.password)
	spelt := func(prefix, name string) []string {
		first, second, _ := strings.Cut(strings.TrimPrefix(prefix, "/"), "/")
		return []string{
			"//" + first + "/" + second + "/" + name, prefix + "//" + name, prefix + "/" + name + "/", prefix + "/" + name + "//", prefix + "/./" + name, prefix + "/x/../" + name,
			prefix + "/%2e/" + name, prefix + "/x/%2e%2e/" + name, prefix + "/..%2f" + second + "/" + name, prefix + "%2f" + name, "/%61pi/" + second + "/" + name,
			prefix + "/" + fmt.Sprintf("%%%02x", name[0]) + name[1:], prefix + "/" + fmt.Sprintf("%%%02X", name[0]) + name[1:], prefix + "/" + name + ";x", prefix + "/" + name + ";x=1",
			prefix + ";x/" + name, strings.ToUpper(prefix) + "/" + name, prefix + "/" + strings.ToUpper(name), prefix + "/" + name + "%00", prefix + "/" + name + "%20", prefix + "/" + name + ".json",
			prefix + "/" + name + "%3F", prefix + "/" + name + "%0a", prefix + "/" + name + "%23x", prefix + "\\" + name, strings.ReplaceAll(prefix, "/", "\\") + "\\" + name,
			prefix + "/" + name + "%252f", "/api/user/%2e%2e/%2e%2e" + prefix + "/" + name, prefix + "/" + name + "/..;/" + name, "/" + prefix + "/" + name, prefix + "/" + name + "\u200b",
			prefix + "/ " + name, prefix + "/" + name + "%ef%bc%8f", "." + prefix + "/" + name, prefix + "/" + name + "~", prefix + "/" + name + "*",
		}
	}
	tries := 0
	for _, path := range spelt("/api/user", "login") {
		a.leadsNowhere("POST", path, login)
		tries++
	}
	for _, path := range append(spelt("/api/auth", "info"), spelt("/api/admin", "profile")...) {
		a.leadsNowhere("GET", path, "", cookie, bearer(tokens.access))
		tries++
	}
	for _, got := range a.raw(a.request("GET", "http://evil.test/api/auth/info", "", "Connection: close", cookie)) {
		if got.status != 200 && got.status != 400 || strings.Contains(got.String(), "evil.test") {
			t.Errorf("absolute form: %v", got)
		}
	}
	a.call("GET", "/api/auth/info?x=/../..//%2e%2e;y", nil, cookie).want(t, 200) // a query is no path
	a.did("404, 405 or 400 to each of %d spellings, redirecting none", tries)
}

// leadsNowhere wants a path, on the wire as it is spelt, to lead nowhere.
func (a *attacker) leadsNowhere(method, path, body string, headers ...string) {
	a.t.Helper()
	answers := a.raw(a.request(method, path, body, append([]string{"Connection: close"}, headers...)...))
	if len(answers) != 1 {
		a.t.Errorf("%s %s: %d answers", method, path, len(answers))
		return
	}
	got := answers[0]
	if got.status != 404 && got.status != 400 && got.status != 405 || got.header.Get("Location") != "" || got.header.Get("Set-Cookie") != "" {
		a.t.Errorf("%s %s: %v %v, want 404", method, path, got, got.header)
	}
}

func TestHTP05(t *testing.T) {
	a := attack(t, "the preface of HTTP/2 with a thousand streams begun and reset behind it, and an upgrade to h2c")
	frames := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for i := range 1000 {
		id := 2*i + 1
		stream := string([]byte{0, 0, byte(id >> 8), byte(id)})
		frames += "\x00\x00\x03\x01\x05" + stream + "\x82\x84\x86" + "\x00\x00\x04\x03\x00" + stream + "\x00\x00\x00\x08"
	}
	for _, got := range a.raw(frames) {
		if got.status < 400 {
			t.Errorf("the preface of HTTP/2: %v", got)
		}
	}
	upgrade := a.raw(a.request("GET", "/healthz", "", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"))
	if len(upgrade) != 1 || upgrade[0].status != 200 || upgrade[0].header.Get("Upgrade") != "" {
		t.Errorf("an upgrade to h2c: %v", upgrade)
	}
	a.call("GET", "/healthz", nil).want(t, 200)
	a.did("refuses the preface and upgrades nothing: it speaks HTTP/1 alone, more is the proxy's work")
}

func TestHTP06(t *testing.T) {
	a := attack(t, "Expect: 100-continue before refusals, with a second request where the body should be; other expectations")
	hidden := "GET /api/cohorts/current HTTP/1.1\r\nHost: localhost\r\n\r\n"
	kind := "Content-Type: application/json"
	for what, sent := range map[string]string{
		"404":            a.request("POST", "/api/user/nothing", "", "Expect: 100-continue", kind, lengthOf(hidden)),
		"405":            a.request("PUT", "/api/user/login", "", "Expect: 100-continue", kind, lengthOf(hidden)),
		"413":            a.request("POST", "/api/user/login", "", "Expect: 100-continue", kind, "Content-Length: 99999999"),
		"415":            a.request("POST", "/api/user/login", "", "Expect: 100-continue", "Content-Type: text/plain", lengthOf(hidden)),
		"401":            a.request("DELETE", "/api/user/revoke-access", "", "Expect: 100-continue", kind, lengthOf(hidden)),
		"in other words": a.request("POST", "/api/user/login", "", "Expect: 200-ok", kind, lengthOf(hidden)),
		"twice":          a.request("POST", "/api/user/nothing", "", "Expect: 100-continue", "Expect: x", kind, lengthOf(hidden)),
	} {
		answers := a.raw(sent + hidden)
		if len(answers) != 1 || answers[0].status < 400 {
			t.Errorf("%s: %v, want one refusal and nothing of what follows", what, answers)
		}
	}
	a.continued()
	a.did("one refusal each; what stands where the body should be is never answered as a request")
}

// continued plays what Expect is for: the server asks for the body when it will read it.
func (a *attacker) continued() {
	a.t.Helper()
	conn := a.dial()
	body := `{"password":"p@ssw0rd!"}`
	fmt.Fprint(conn, a.request("POST", "/api/user/password-strength", "", "Expect: 100-continue", "Content-Type: application/json", lengthOf(body), "Connection: close"))
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	buffer := make([]byte, 25)
	if _, err := io.ReadFull(conn, buffer); err != nil || string(buffer) != "HTTP/1.1 100 Continue\r\n\r\n" {
		a.t.Errorf("Expect: 100-continue: %q %v", buffer, err)
		return
	}
	answers, err := converse(conn, body)
	if err != nil || len(answers) != 1 || answers[0].status != 200 {
		a.t.Errorf("after 100 Continue: %v %v", answers, err)
	}
}

func TestHTP07(t *testing.T) {
	a := attack(t, "100,000 parameters in the query, a path and a query of a megabyte, 1,000 and 50,000 headers, one of a megabyte; as much as fits")
	for what, sent := range map[string]string{
		"parameters":     a.request("GET", "/api/auth/info?"+strings.Repeat("a=b&", 100_000), ""),
		"path":           a.request("GET", "/api/user/confirm/"+strings.Repeat("x", 1<<20), ""),
		"query":          a.request("GET", "/sign-in?"+strings.Repeat("x", 1<<20), ""),
		"headers":        a.request("GET", "/api/auth/info", "", strings.TrimSuffix(strings.Repeat("X-A: b\r\n", 50_000), "\r\n")),
		"a header":       a.request("GET", "/api/auth/info", "", "X-A: "+strings.Repeat("x", 1<<20)),
		"a name":         a.request("GET", "/api/auth/info", "", strings.Repeat("X", 1<<20)+": x"),
		"a method":       a.request(strings.Repeat("G", 1<<20), "/api/auth/info", ""),
		"folded":         a.request("GET", "/api/auth/info", "", "X-A: b"+strings.Repeat("\r\n b", 50_000)),
		"forwarded":      a.request("GET", "/api/auth/info", "", "X-Forwarded-For: "+strings.Repeat("10.0.0.1, ", 50_000)),
		"encoded":        a.request("GET", "/api/user/confirm/"+strings.Repeat("%41", 300_000), ""),
		"no end of line": "GET /" + strings.Repeat("x", 2<<20),
	} {
		answers := a.raw(sent)
		if len(answers) > 1 || len(answers) == 1 && answers[0].status != 431 && answers[0].status != 414 && answers[0].status != 400 {
			t.Errorf("%s: %v, want 431", what, answers)
		}
	}
	began := time.Now()
	for _, fits := range []string{
		a.request("GET", "/api/auth/info?"+strings.Repeat("a=b&", 3_000), "", "Connection: close"),
		a.request("GET", "/sign-in?"+strings.Repeat("a&", 6_000), "", "Connection: close"),
		a.request("GET", "/reset?token="+strings.Repeat("%25", 4_000), "", "Connection: close"),
		a.request("GET", "/api/auth/info", "", strings.TrimSuffix(strings.Repeat("A: b\r\n", 2_000), "\r\n"), "Connection: close"),
		a.request("GET", "/api/auth/info", "", "X-Forwarded-For: "+strings.TrimSuffix(strings.Repeat("127.0.0.1,", 1_000), ","), "Connection: close"),
	} {
		answers := a.raw(fits)
		if len(answers) != 1 || answers[0].status >= 500 {
			t.Errorf("%.50q: %v", fits, answers)
		}
	}
	form := strings.Repeat("a=b&", 16_000)
	for _, page := range []string{"/sign-in", "/forgot", "/reset", "/resend"} {
		got := a.call("POST", page, form, "Content-Type: application/x-www-form-urlencoded")
		if got.status >= 500 {
			t.Errorf("%s with 16,000 fields: %v", page, got)
		}
	}
	a.did("431, 414 or 400, or cut off; what fits is answered, nine requests of it in %s", took(began))
}

func TestHTP08(t *testing.T) {
	a := attack(t, "provoked 400, 401, 403, 404, 405, 413 and 415 under both contracts and beside them, and looked at shape and headers")
	seen := map[int]bool{}
	for _, prefix := range []string{"/api/user", "/api/auth", "/api/admin", "/api/catalog", "/api/cohorts", "/api", "/api/dev"} {
		for _, got := range []answer{
			a.call("GET", prefix+"/nothing", nil), a.call("DELETE", prefix+"/nothing", nil), a.call("POST", prefix+"/nothing/", "{", "Content-Type: text/plain"), a.call("GET", prefix+"/", nil),
			a.call("GET", prefix+"/%ff", nil), a.call("GET", prefix+"/nothing", nil, "Accept: text/html"), a.call("OPTIONS", prefix+"/nothing", nil, "Origin: "+goodOrigin),
		} {
			got.want(t, 404, 405)
			a.shaped(got)
		}
	}
	for _, path := range append([]string{"/api/auth/info", "/api/auth/sign-out", "/api/admin/profile", "/api/user/refresh", "/api/user/revoke-access", "/api/catalog/tags", "/api/cohorts/current"}, bodyCalls...) {
		for _, got := range []answer{
			a.call("PUT", path, nil), a.call("GET", path, nil), a.call("POST", path, "{"), a.call("POST", path, "{}", "Content-Type: text/plain"), a.call("POST", path, strings.Repeat(" ", 70<<10)),
			a.call("POST", path, nil, "Origin: "+evilOrigin), a.call("PUT", path, nil, "Origin: "+goodOrigin), a.call("POST", path, "{", "Origin: "+goodOrigin), a.call("DELETE", path, nil, bearer("x")),
		} {
			if seen[got.status] = true; got.status >= 400 {
				a.shaped(got)
			}
		}
	}
	for _, status := range []int{400, 401, 403, 404, 405, 413, 415} {
		if !seen[status] {
			t.Errorf("nothing was answered %d", status)
		}
	}
	a.did("the contract's shape, charset, nosniff and no-store each time; 405 with Allow, 401 with WWW-Authenticate on clubs. 500 can't be provoked from here")
}

// shaped wants a refusal in the contract's shape, with what its status asks for.
func (a *attacker) shaped(got answer) {
	a.t.Helper()
	if !got.inShape() {
		a.t.Errorf("%s: %v %v", got.call, got, got.header)
	}
	if got.status == 405 && got.header.Get("Allow") == "" {
		a.t.Errorf("%s: 405 without Allow", got.call)
	}
	if got.status == 401 && got.text("status") == "error" && got.header.Get("WWW-Authenticate") != "Bearer" {
		a.t.Errorf("%s: 401 with WWW-Authenticate %q", got.call, got.header.Get("WWW-Authenticate"))
	}
}
