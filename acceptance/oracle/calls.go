package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// call is a public call, and how it is asked about somebody.
type call struct {
	name   string
	about  func(origin string, who person) request
	hashes bool // it looks at a password, at the cost of the format it is hashed in
	writes bool // it commits something, so the call after it is watched as well
	uses   bool // it uses up those who are unknown
	waits  bool // its answer waits for a tick, so that many askers cost the server little
	wantID bool
}

// named reports whether the call's name begins so, with the contract or without it.
func (c call) named(wanted string) bool {
	_, short, _ := strings.Cut(c.name, " ")
	return wanted != "" && (strings.HasPrefix(c.name, wanted) || strings.HasPrefix(short, wanted))
}

// request is one before it is written. A body makes its type.
type request struct {
	method, path string
	headers      []string
	body         string
}

// Passwords that nobody has, and that no policy refuses.
const (
	wrongPassword = "nobody has this passphrase here"
	freshPassword = "some other passphrase of theirs"
)

// everyCall is every call that a stranger can make. Where a call isn't about an
// address, it brings one along all the same, as old front ends do.
var everyCall = []call{
	{name: "clubs email-exists", about: body("POST /api/user/email-exists", `{"email":"%s"}`), writes: true},
	{name: "clubs password-strength", about: body("POST /api/user/password-strength", `{"email":"%s","password":"`+freshPassword+`"}`)},
	{name: "clubs register", about: func(_ string, who person) request {
		// A name of its own: the thousandth club of one name takes longer than the first.
		return request{method: "POST", path: "/api/user/register", body: fmt.Sprintf(`{"email":"%s","name":"The club of %s","password":"%s",
			"tags":[0],"app_required":true,"new_members":true,"num_users":0}`, who.email, who.email, freshPassword)}
	}, writes: true, uses: true, waits: true},
	{name: "clubs resend-confirm", about: body("POST /api/user/resend-confirm", `{"email":"%s"}`), writes: true},
	{name: "clubs confirm", about: func(_ string, who person) request {
		return request{method: "GET", path: "/api/user/confirm/" + garbage + "?email=" + url.QueryEscape(who.email)}
	}},
	{name: "clubs login", about: body("POST /api/user/login", `{"email":"%s","password":"`+wrongPassword+`"}`), hashes: true, writes: true},
	{name: "clubs request-reset", about: body("POST /api/user/request-reset", `{"email":"%s"}`), writes: true},
	{name: "clubs confirm-reset", about: body("POST /api/user/confirm-reset", `{"email":"%s","token":"`+garbage+`","password":"`+freshPassword+`"}`)},
	{name: "clubs refresh", about: bearer("POST /api/user/refresh", "refresh+jwt"), wantID: true},
	{name: "clubs profile", about: bearer("GET /api/admin/profile", "at+jwt"), wantID: true},
	{name: "clubs revoke-access", about: bearer("DELETE /api/user/revoke-access", "at+jwt"), wantID: true},
	{name: "clubs revoke-refresh", about: bearer("DELETE /api/user/revoke-refresh", "refresh+jwt"), wantID: true},

	{name: "cohorts info", about: func(_ string, who person) request {
		return request{method: "GET", path: "/api/auth/info?email=" + url.QueryEscape(who.email), headers: []string{"Cookie: matricula=" + garbage}}
	}},
	{name: "cohorts sign-in", about: body("POST /api/auth/sign-in", `{"email":"%s","password":"`+wrongPassword+`"}`), hashes: true, writes: true},
	{name: "cohorts reset-password", about: func(origin string, who person) request {
		return body("POST /api/auth/reset-password", `{"email":"%s","origin":"`+origin+`"}`)(origin, who)
	}, writes: true},
	{name: "cohorts change-password", about: func(_ string, who person) request {
		return request{"POST", "/api/auth/change-password", nil, fmt.Sprintf(`{"id":%d,"token":"%s","newPassword":"%s"}`, who.id, garbage, freshPassword)}
	}, wantID: true},
	{name: "cohorts change-password forged", about: func(origin string, who person) request {
		return request{"POST", "/api/auth/change-password", nil,
			fmt.Sprintf(`{"id":%d,"token":"%s","newPassword":"%s"}`, who.id, forged(origin, "reset+jwt", who.id), freshPassword)}
	}, wantID: true},

	{name: "pages sign-in", about: form("/sign-in", "password", wrongPassword), hashes: true, writes: true},
	{name: "pages forgot", about: form("/forgot"), writes: true},
	{name: "pages resend", about: form("/resend"), writes: true},
}

// garbage has the look of a secret and is none.
var garbage = strings.Repeat("oracle-", 6) + "o"

// body asks with JSON that holds the address.
func body(route, format string) func(string, person) request {
	method, path, _ := strings.Cut(route, " ")
	return func(_ string, who person) request {
		return request{method, path, nil, fmt.Sprintf(format, who.email)}
	}
}

// form asks as a page does.
func form(path string, more ...string) func(string, person) request {
	return func(_ string, who person) request {
		values := url.Values{"email": {who.email}}
		for i := 0; i < len(more); i += 2 {
			values.Set(more[i], more[i+1])
		}
		return request{"POST", path, []string{"Content-Type: application/x-www-form-urlencoded"}, values.Encode()}
	}
}

// bearer asks with a token that we made up about the account.
func bearer(route, typ string) func(string, person) request {
	method, path, _ := strings.Cut(route, " ")
	return func(origin string, who person) request {
		return request{method: method, path: path, headers: []string{"Authorization: Bearer " + forged(origin, typ, who.id)}}
	}
}

// forged is a token of the account that lacks nothing but our signature: who looks
// at the account before the signature gives the account away.
func forged(issuer, typ string, id int64) string {
	text := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"iss":"%s","aud":"%s","sub":"%d","exp":%d,"jti":"%s"}`, issuer, issuer, id, now+600, strings.Repeat("A", 22))
	return text(`{"alg":"HS256","typ":"`+typ+`"}`) + "." + text(claims) + "." + strings.Repeat("A", 43)
}
