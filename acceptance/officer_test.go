package acceptance

import (
	"net/url"
	"testing"
)

// officer is who plays the clubs contract.
type officer struct {
	email, password, club string
}

// sample is the document's registration.
func (o officer) sample() object {
	return object{
		"name": o.club, "email": o.email, "password": o.password, "tags": []int{3, 1, 4},
		"app_required": true, "new_members": true, "num_users": 0,
	}
}

// pair is what a login answers.
type pair struct{ access, refresh string }

// register registers, and follows the mailed link: officer with nothing left to do
// but to log in. The address must be on the roster.
func (s *server) register(t *testing.T, o officer) {
	t.Helper()
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200).says(t, "status", "success")
	s.follow(t, s.newLetter(t, o.email, 1)).want(t, 303)
}

// follow clicks on the link of a confirmation mail.
func (s *server) follow(t *testing.T, l letter) answer {
	t.Helper()
	return s.call(t, "GET", l.link(t).RequestURI(), nil)
}

// login logs in.
func (s *server) login(t *testing.T, o officer) pair {
	t.Helper()
	a := s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": o.password}).want(t, 200)
	return pairOf(t, a)
}

func pairOf(t *testing.T, a answer) pair {
	t.Helper()
	members := a.members(t)
	access, _ := members["access"].(string)
	refresh, _ := members["refresh"].(string)
	if access == "" || refresh == "" {
		t.Fatalf("%s: no pair of tokens: %s", a.call, a.body)
	}
	return pair{access, refresh}
}

// refresh answers a new access token.
func (s *server) refresh(t *testing.T, token string) string {
	t.Helper()
	a := s.call(t, "POST", "/api/user/refresh", nil, bearer(token)).want(t, 200)
	access, _ := a.members(t)["access"].(string)
	if access == "" {
		t.Fatalf("%s: no access token: %s", a.call, a.body)
	}
	return access
}

// profile asks for the club.
func (s *server) profile(t *testing.T, access string) answer {
	t.Helper()
	return s.call(t, "GET", "/api/admin/profile", nil, bearer(access))
}

// member is who plays the cohorts contract.
type member struct {
	email, password string
}

// signIn signs in, and answers the cookie as a browser sends it, and the body.
func (s *server) signIn(t *testing.T, m member) (cookie string, a answer) {
	t.Helper()
	a = s.call(t, "POST", "/api/auth/sign-in", object{"email": m.email, "password": m.password}).want(t, 200)
	return cookieOf(t, a), a
}

// cookieOf answers the header that brings the cookie back.
func cookieOf(t *testing.T, a answer) string {
	t.Helper()
	if cookie := cookieIn(a); cookie != "" {
		return cookie
	}
	t.Fatalf("%s: no cookie: %v", a.call, a.header)
	return ""
}

func cookieIn(a answer) string {
	set := a.header.Get("Set-Cookie")
	for i := range set {
		if set[i] == ';' {
			return "Cookie: " + set[:i]
		}
	}
	return ""
}

// info asks who the cookie stands for.
func (s *server) info(t *testing.T, cookie string) answer {
	t.Helper()
	return s.call(t, "GET", "/api/auth/info", nil, cookie)
}

// resetLink is what a cohorts reset mail brings to the front end.
type resetLink struct{ id, token string }

func resetLinkOf(u *url.URL) resetLink {
	return resetLink{u.Query().Get("id"), u.Query().Get("token")}
}

// change is the body of change-password.
func (r resetLink) change(password string) object {
	return object{"id": r.id, "token": r.token, "newPassword": password}
}
