package attack

import (
	"strings"
	"testing"
)

// Other sites that make a browser call.

// formTypes are what a page may send without asking first, and what is no JSON.
var formTypes = map[string]string{
	"application/x-www-form-urlencoded":   "email=x&password=y",
	"text/plain":                          `{"email":"a@x.test","password":"y"}`,
	"multipart/form-data; boundary=x":     "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@x.test\r\n--x--\r\n",
	"application/json; charset=utf-16":    `{"email":"a@x.test","password":"y"}`,
	"application/json; charset=us-ascii":  `{"email":"a@x.test","password":"y"}`,
	"text/json":                           `{"email":"a@x.test","password":"y"}`,
	"application/jsonp":                   `{"email":"a@x.test","password":"y"}`,
	"application/vnd.api+json":            `{"email":"a@x.test","password":"y"}`,
	"application/json, text/plain":        `{"email":"a@x.test","password":"y"}`,
	"text/plain; application/json":        `{"email":"a@x.test","password":"y"}`,
	"application/json; charset":           `{"email":"a@x.test","password":"y"}`,
	"":                                    `{"email":"a@x.test","password":"y"}`,
	"application/json;;x":                 `{"email":"a@x.test","password":"y"}`,
	"application/json\t; charset=\"utf16": `{"email":"a@x.test","password":"y"}`,
}

// bodyCalls are the calls that read a body and need no token.
var bodyCalls = []string{
	"/api/user/email-exists", "/api/user/password-strength", "/api/user/register", "/api/user/resend-confirm", "/api/user/login",
	"/api/user/request-reset", "/api/user/confirm-reset", "/api/auth/sign-in", "/api/auth/reset-password", "/api/auth/change-password",
}

func TestCSR01(t *testing.T) {
	a := attack(t, "forms, text, multipart, no type, other character sets and near misses of application/json, on every call with a body")
	for _, path := range bodyCalls {
		for kind, body := range formTypes {
			headers := []string{"Connection: close"}
			if kind != "" {
				headers = append(headers, "Content-Type: "+kind)
			}
			headers = append(headers, lengthOf(body))
			text := strings.TrimSuffix(a.request("POST", path, "", headers...), "\r\n") + "\r\n" + body
			answers := a.raw(text)
			if len(answers) != 1 || answers[0].status != 415 {
				t.Errorf("%s as %q: %v, want 415", path, kind, answers)
			}
		}
		twice := a.raw(strings.TrimSuffix(a.request("POST", path, "", "Content-Type: application/json", "Content-Type: text/plain", lengthOf("{}"), "Connection: close"), "\r\n") + "\r\n{}")
		if len(twice) != 1 || twice[0].status != 415 {
			t.Errorf("%s with two types: %v, want 415", path, twice)
		}
	}
	a.did("415 to each of %d types on each of %d calls", len(formTypes)+1, len(bodyCalls))
}

// foreign are origins that are none of the target's, some of them nearly.
var foreign = []string{
	evilOrigin, "null", "NULL", goodOrigin + ".evil.test", "https://evilgood.test", "HTTPS://good.test", "https://GOOD.test", goodOrigin + ":443", goodOrigin + ":8443",
	goodOrigin + "/", "https://good.test@evil.test", "http://good.test", goodOrigin + " " + evilOrigin, goodOrigin + "," + evilOrigin, "", "*", "https://sub.good.test",
	"good.test", "//good.test", "https://good.test%00.evil.test", "https://good.test\\.evil.test", "https://xn--good-test.evil.test", "file://", "https://good。test",
}

func TestCSR02(t *testing.T) {
	a := attack(t, "sign-in and sign-out with foreign origins, null, near misses, two Origin headers; and with the listed one")
	p := a.member()
	cookie := a.signIn(p)
	for _, origin := range foreign {
		a.noForeigner(p, cookie, "Origin: "+origin)
	}
	a.noForeigner(p, cookie, "Origin: "+goodOrigin, "Origin: "+evilOrigin)
	a.noForeigner(p, cookie, "Origin: "+evilOrigin, "Sec-Fetch-Site: same-origin")
	a.noForeigner(p, cookie, "Origin: null", "Referer: "+goodOrigin+"/")
	a.info(cookie).want(t, 200)
	for _, origin := range []string{goodOrigin, a.own()} {
		mine := a.call("POST", "/api/auth/sign-in", p.credentials(), "Origin: "+origin).want(t, 200)
		a.call("POST", "/api/auth/sign-out", nil, cookieIn(mine), "Origin: "+origin).want(t, 200)
	}
	a.did("403 to each of %d, and no cookie; the session lives; the listed and the own origin pass", len(foreign)+3)
}

// own is the target's own origin, which a front end at it sends.
func (a *attacker) own() string { return a.base }

// noForeigner wants sign-in and both sign-outs refused with these headers.
func (a *attacker) noForeigner(p person, cookie string, headers ...string) {
	a.t.Helper()
	refuse := func(got answer) {
		a.t.Helper()
		if got.status != 403 || got.header.Get("Set-Cookie") != "" || got.text("message") == "" {
			a.t.Errorf("%q: %s: got %d %v %.100s, want 403", headers, got.call, got.status, got.header["Set-Cookie"], got.body)
		}
		if allowed := got.header.Get("Access-Control-Allow-Origin"); allowed != "" && allowed != goodOrigin {
			a.t.Errorf("%q may read the answer: %q", headers, allowed)
		}
	}
	refuse(a.call("POST", "/api/auth/sign-in", p.credentials(), headers...))
	refuse(a.call("POST", "/api/auth/sign-in", p.credentials(), append(headers, cookie)...))
	refuse(a.call("GET", "/api/auth/sign-out", nil, append(headers, cookie)...))
	refuse(a.call("POST", "/api/auth/sign-out", nil, append(headers, cookie)...))
}

func TestCSR03(t *testing.T) {
	a := attack(t, "sign-out as a picture, a link, a form and a frame on another site and on a neighbouring host, without Origin")
	p := a.member()
	cookie := a.signIn(p)
	for _, site := range []string{"cross-site", "same-site", "Cross-Site", "SAME-SITE"} {
		for _, kind := range []string{"navigate", "no-cors", "cors", "websocket"} {
			for _, method := range []string{"GET", "POST"} {
				a.call(method, "/api/auth/sign-out", nil, cookie, "Sec-Fetch-Site: "+site, "Sec-Fetch-Mode: "+kind, "Sec-Fetch-Dest: image").want(t, 403)
			}
		}
	}
	a.call("GET", "/api/auth/sign-out", nil, cookie, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site").want(t, 403)
	a.info(cookie).want(t, 200)
	a.call("GET", "/api/auth/sign-out", nil, cookie, "Sec-Fetch-Site: same-origin").want(t, 200)
	a.info(cookie).want(t, 401)
	a.did("403, and the session survives; the front end's own call ends it")
}

func TestCSR04(t *testing.T) {
	a := attack(t, "signed the victim's browser in as the attacker, from another site, by JSON and by a form, on the call and on the page")
	victim, attacking := a.member(), a.member()
	cookie := a.signIn(victim)
	form := "email=" + attacking.email + "&password=" + strings.ReplaceAll(attacking.password, " ", "+")
	for _, headers := range [][]string{{"Origin: " + evilOrigin}, {"Origin: null"}, {"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}} {
		headers = append(headers, cookie)
		for _, got := range []answer{
			a.call("POST", "/api/auth/sign-in", attacking.credentials(), headers...).want(t, 403),
			a.call("POST", "/sign-in", form, append(headers, "Content-Type: application/x-www-form-urlencoded")...).want(t, 403),
		} {
			if got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s from another site sets a cookie", got.call)
			}
		}
	}
	a.info(cookie).want(t, 200)
	a.did("403 and no cookie; the victim's own session goes on")
}

func TestCSR05(t *testing.T) {
	a := attack(t, "preflights and calls from foreign origins on every call, asking for credentials, authorization and any method")
	paths := append([]string{"/api/auth/info", "/api/auth/sign-out", "/api/admin/profile", "/api/user/refresh", "/api/user/revoke-access", "/api/cohorts", "/api/catalog/tags", "/api/nothing"}, bodyCalls...)
	for _, path := range paths {
		for _, origin := range foreign {
			preflight := a.call("OPTIONS", path, nil, "Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
			real := a.call("GET", path, nil, "Origin: "+origin)
			for _, got := range []answer{preflight, real} {
				for name, values := range got.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s from %q: %s: %v", got.call, origin, name, values)
					}
				}
				if path != "/api/nothing" && !strings.Contains(strings.Join(got.header["Vary"], ","), "Origin") {
					t.Errorf("%s from %q: Vary is %v", got.call, origin, got.header["Vary"])
				}
			}
			if preflight.status < 400 {
				t.Errorf("the preflight of %q on %s is answered %d", origin, path, preflight.status)
			}
		}
	}
	listed := a.call("OPTIONS", "/api/user/login", nil, "Origin: "+goodOrigin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
	if got := listed.header.Get("Access-Control-Allow-Origin"); got != goodOrigin {
		t.Errorf("a listed origin may not call: %d %q", listed.status, got)
	}
	for name, values := range listed.header {
		if name == "Access-Control-Allow-Origin" && strings.Join(values, ",") == "*" {
			t.Errorf("%s is %v", name, values)
		}
	}
	a.did("not one Access-Control header to any of %d origins on %d paths, Vary: Origin on each", len(foreign), len(paths))
}

func TestCSR06(t *testing.T) {
	a := attack(t, "the guarded calls by other spellings of their paths and methods, from another site")
	p := a.member()
	cookie := a.signIn(p)
	body := `{"email":"` + p.email + `","password":"` + p.password + `"}`
	for _, call := range []string{"sign-out", "sign-in"} {
		for _, path := range []string{
			"//api/auth/" + call, "/api//auth/" + call, "/api/auth//" + call, "/api/auth/../auth/" + call, "/api/auth/./" + call, "/api/auth/" + call + "/",
			"/api/auth/%2e/" + call, "/api/auth/%2e%2e/auth/" + call, "/%61pi/auth/" + call, "/api/auth/" + strings.ReplaceAll(call, "-", "%2d"), "/api/auth%2f" + call,
			"/API/auth/" + call, "/api/auth/" + strings.ToUpper(call), "/api/auth/" + call + ";x", "/api/auth/" + call + "%20", "/api/auth/" + call + "%00", "/api/auth/" + call + ".json",
			"/api/user/../auth/" + call, "\\api\\auth\\" + call, "/api/auth\\" + call,
		} {
			for _, method := range []string{"GET", "POST", "get", "Post", "HEAD", "PUT", "PATCH"} {
				for _, got := range a.raw(a.request(method, path, body, "Origin: "+evilOrigin, cookie, "Connection: close")) {
					if got.status < 400 || got.header.Get("Set-Cookie") != "" || got.header.Get("Location") != "" {
						t.Errorf("%s %s: got %d %v", method, path, got.status, got.header)
					}
				}
			}
		}
		for _, got := range a.raw(a.request("POST", a.base+"/api/auth/"+call, body, "Origin: "+evilOrigin, cookie, "Connection: close")) {
			got.want(t, 403)
		}
	}
	a.info(cookie).want(t, 200)
	a.did("403 by the one true path, 404, 405 or 400 by any other; the session survives")
}

func TestCSR07(t *testing.T) {
	a := attack(t, "asked every page, and every refusal of one, whether another site may frame it")
	pages := []string{"/", "/sign-in", "/account", "/club", "/link-ended", "/resend", "/forgot", "/reset", "/reset?token=x", "/change-password?token=x&id=1", "/docs", "/nothing", "/api/user/confirm/x"}
	framed := 0
	for _, page := range pages {
		got := a.call("GET", page, nil, "Accept: text/html")
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			continue
		}
		framed++
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy is %q", page, got.header.Get("Content-Security-Policy"))
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", page)
		}
	}
	if framed < 8 {
		t.Errorf("only %d pages were HTML", framed)
	}
	a.did("frame-ancestors 'none' on each of %d pages", framed)
}
