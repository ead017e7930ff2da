package attack

import (
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
)

// person is somebody with an account, or who wants one. An officer has a club.
type person struct {
	email, password, club string
}

var people atomic.Uint32

// tonight tells the people of this run from those of others before the same server.
var tonight = strings.ToLower(rand.Text()[:6])

// stranger answers a person that the server has never heard of.
func (a *attacker) stranger() person {
	n := people.Add(1)
	p := person{
		email:    fmt.Sprintf("%s.%d.%s@attack.example.edu", strings.ToLower(a.row.id), n, tonight),
		password: "correct horse " + rand.Text(),
		club:     fmt.Sprintf("Club %s %d", a.row.id, n),
	}
	a.used.Add(p.password)
	return p
}

// member is a person with a confirmed account and no club, made by an operator.
func (a *attacker) member() person {
	a.t.Helper()
	a.wantSide()
	p := a.stranger()
	a.run(a.t, p.password+"\n", "account", "create", p.email, "--name", "Member "+a.row.id, "--password-stdin")
	return p
}

// officer is a person with a confirmed account and a club, made by an operator.
func (a *attacker) officer() person {
	a.t.Helper()
	p := a.member()
	a.run(a.t, "", "club", "create", p.club, "--owner", p.email)
	return p
}

// roster puts addresses on the roster.
func (a *attacker) roster(emails ...string) {
	a.t.Helper()
	a.wantSide()
	a.run(a.t, "email\n"+strings.Join(emails, "\n")+"\n", "roster", "import", "-")
}

// registration is the document's sample, for this person.
func (p person) registration() object {
	return object{
		"name": p.club, "email": p.email, "password": p.password, "tags": []int{3, 1, 4},
		"app_required": true, "new_members": true, "num_users": 0,
	}
}

// credentials is the body of a login and of a sign-in.
func (p person) credentials() object {
	return object{"email": p.email, "password": p.password}
}

// pair is what a login answers.
type pair struct{ access, refresh string }

// login logs in at the clubs contract.
func (a *attacker) login(p person) pair {
	a.t.Helper()
	got := a.call("POST", "/api/user/login", p.credentials()).want(a.t, 200)
	tokens := pair{got.text("access"), got.text("refresh")}
	if tokens.access == "" || tokens.refresh == "" {
		a.t.Fatalf("%s: no pair of tokens", got.call)
	}
	return tokens
}

// profile asks for the club of an access token.
func (a *attacker) profile(access string) answer {
	a.t.Helper()
	return a.call("GET", "/api/admin/profile", nil, bearer(access))
}

// refresh asks for a new access token.
func (a *attacker) refresh(token string) answer {
	a.t.Helper()
	return a.call("POST", "/api/user/refresh", nil, bearer(token))
}

// signIn signs in at the cohorts contract, and answers the cookie's header as a
// browser sends it.
func (a *attacker) signIn(p person) string {
	a.t.Helper()
	got := a.call("POST", "/api/auth/sign-in", p.credentials()).want(a.t, 200)
	cookie := cookieIn(got)
	if cookie == "" {
		a.t.Fatalf("%s: no cookie: %v", got.call, got.header)
	}
	return cookie
}

// cookieIn answers the header that brings the session's cookie, the first one that
// is set, back; "" when none is set.
func cookieIn(got answer) string {
	value, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	if value == "" {
		return ""
	}
	return "Cookie: " + value
}

// info asks who a cookie stands for.
func (a *attacker) info(cookie string) answer {
	a.t.Helper()
	return a.call("GET", "/api/auth/info", nil, cookie)
}
