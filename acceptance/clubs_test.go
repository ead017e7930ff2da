package acceptance

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClubOfficerHasAllCallsNeeded is the clubs contract from the roster to the new
// password, against a server that was told nothing but where its files are.
func TestClubOfficerHasAllCallsNeeded(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.env = nil // not even a cheap hash
	s := in.serve(t)
	o := officer{"officer@example.edu", "examplepassword", "Example Club"}

	// Before the address is on the roster.
	exists := func() answer { return s.call(t, "POST", "/api/user/email-exists", object{"email": o.email}) }
	exists().want(t, 200).says(t, "exists", false)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 404).says(t, "status", "error")

	// Put there beside the running server.
	in.run(t, "", "roster", "add", o.email)
	exists().want(t, 200).says(t, "exists", true)
	s.call(t, "POST", "/api/user/password-strength", object{"password": "p@ssw0rd!"}).want(t, 200).says(t, "strong", false)
	s.call(t, "POST", "/api/user/password-strength", object{"password": o.password}).want(t, 200).says(t, "strong", true)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200).says(t, "status", "success")

	// Not before the address is confirmed; the refusal brings a fresh mail.
	first := in.newLetter(t, o.email, 1)
	login := object{"email": o.email, "password": o.password}
	s.call(t, "POST", "/api/user/login", login).want(t, 403)
	second := in.newLetter(t, o.email, 2)
	s.call(t, "POST", "/api/user/resend-confirm", object{"email": o.email}).want(t, 200).says(t, "status", "success")
	third := in.newLetter(t, o.email, 3)
	if first.Secret() == second.Secret() || second.Secret() == third.Secret() {
		t.Error("two mails carry the same link")
	}
	if host := first.link(t).Host; host != "localhost:"+s.port {
		t.Errorf("the link leads to %s, want localhost:%s", host, s.port)
	}
	for _, l := range []letter{first, first, second, third} { // a new mail ends no earlier link
		confirmed := s.follow(t, l).want(t, 303)
		if got, want := confirmed.header.Get("Location"), s.base+"/club?confirmed=true"; got != want {
			t.Errorf("the link redirects to %q, want %q", got, want)
		}
		if confirmed.header.Get("Set-Cookie") != "" {
			t.Error("confirming signs somebody in")
		}
	}

	// Every spelling of the address's letters is the same officer.
	s.call(t, "POST", "/api/user/login", object{"email": "OFFICER@Example.edu", "password": o.password}).want(t, 200)
	a := s.call(t, "POST", "/api/user/login", login).want(t, 200).says(t, "access_expires_in", 900.0).says(t, "refresh_expires_in", 86400.0)
	tokens := pairOf(t, a)

	editProfile(t, s, o, tokens.access)

	// Refresh, and end both tokens, each by itself.
	again := s.refresh(t, tokens.refresh)
	revoke := func(kind, token string) answer {
		return s.call(t, "DELETE", "/api/user/revoke-"+kind, nil, bearer(token))
	}
	revoke("access", tokens.access).want(t, 200).says(t, "message", "Access token revoked!")
	s.profile(t, tokens.access).want(t, 401)
	s.profile(t, again).want(t, 200)
	revoke("refresh", tokens.refresh).want(t, 200).says(t, "message", "Refresh token revoked!")
	refused := s.call(t, "POST", "/api/user/refresh", nil, bearer(tokens.refresh)).want(t, 401)
	if got := refused.header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate of a 401 is %q, want Bearer", got)
	}
	s.profile(t, again).want(t, 200)

	resetClubsPassword(t, s, o, again)
}

// editProfile reads the club as it was registered, changes it, and sends back what
// was read.
func editProfile(t *testing.T, s *server, o officer, access string) {
	t.Helper()
	was := s.profile(t, access).want(t, 200).members(t)
	wantMembers := []string{
		"about_us", "app_required", "apply_deadline_end", "apply_deadline_start", "apply_link", "banner_url", "confirmed",
		"events", "faq", "gallery_media", "get_involved", "last_updated", "link_name", "logo_url", "name", "new_members",
		"num_users", "owner", "reactivated", "recruiting_end", "recruiting_events", "recruiting_start", "resources",
		"social_media_links", "tags",
	}
	if diff := cmp.Diff(wantMembers, slices.Sorted(maps.Keys(was))); diff != "" {
		t.Errorf("the members of the profile (-want +got):\n%s", diff)
	}
	if was["name"] != o.club || was["owner"] != o.email || was["link_name"] != "example-club" || was["confirmed"] != true {
		t.Errorf("the profile is not that of the registration: %v", was)
	}
	s.call(t, "POST", "/api/admin/profile", object{
		"about_us": "We play on Fridays.", "owner": "somebody.else@example.edu", "link_name": "other",
		"social_media_links": object{"website": "club.example.edu", "contact_email": "hello@example.edu"},
	}, bearer(access)).want(t, 200).says(t, "status", "success")
	is := s.profile(t, access).want(t, 200).members(t)
	social, _ := is["social_media_links"].(object)
	if is["about_us"] != "We play on Fridays." || social["website"] != "https://club.example.edu" || social["contact_email"] != "hello@example.edu" {
		t.Errorf("the edit is not there: %v", is)
	}
	if is["owner"] != o.email || is["link_name"] != "example-club" || is["name"] != o.club {
		t.Errorf("the edit changed what no edit may: %v", is)
	}
	s.call(t, "POST", "/api/admin/profile", is, bearer(access)).want(t, 200)
	after := s.profile(t, access).want(t, 200).members(t)
	delete(is, "last_updated")
	delete(after, "last_updated")
	if diff := cmp.Diff(is, after); diff != "" {
		t.Errorf("what GET answered and POST took is not what it was (-want +got):\n%s", diff)
	}
}

// resetClubsPassword resets the password, and finds every old credential dead.
func resetClubsPassword(t *testing.T, s *server, o officer, access string) {
	t.Helper()
	tokens := s.login(t, o)
	s.call(t, "POST", "/api/user/request-reset", object{"email": o.email}).want(t, 200).says(t, "status", "success")
	mailed := s.newLetter(t, o.email, 4).link(t)
	if mailed.Path != "/reset" {
		t.Errorf("the reset link is %s, want one to /reset", mailed.Redacted())
	}
	confirm := func(password string) answer {
		return s.call(t, "POST", "/api/user/confirm-reset", object{"token": mailed.Query().Get("token"), "password": password})
	}
	confirm("password1").want(t, 400) // too weak: the token stays usable
	fresh := officer{o.email, "a wholly new password", o.club}
	confirm(fresh.password).want(t, 200).says(t, "status", "success")
	confirm("yet another password").want(t, 404)

	s.profile(t, access).want(t, 401)
	s.profile(t, tokens.access).want(t, 401)
	s.call(t, "POST", "/api/user/refresh", nil, bearer(tokens.refresh)).want(t, 401)
	s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": o.password}).want(t, 400)
	s.profile(t, s.login(t, fresh).access).want(t, 200)
	if told := s.newLetter(t, o.email, 5); told.Secret() != "" {
		t.Errorf("the mail that tells of the new password carries a link with a secret: %q", told.Subject)
	}
}

// TestServeNeedsNoSettings starts the program with no word but serve, in an empty
// directory: what it makes is durable and its own, and it tells where it is.
func TestServeNeedsNoSettings(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.env = []string{"MATRICULA_DATA="} // an empty variable is none
	s := in.serve(t)
	eventually(t, startTime, "the address on standard output", func() bool {
		return s.out.String() == "Matricula serves http://localhost:"+s.port+"\n"
	})
	for name, want := range map[string]os.FileMode{"": 0o700, "matricula.db": 0o600, "secret": 0o600, "mail": 0o700} {
		info, err := os.Stat(filepath.Join(filepath.Dir(in.data), "matricula-data", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("matricula-data/%s has mode %v, want %v", name, got, want)
		}
	}
	s.call(t, "GET", "/healthz", nil).want(t, 200)
	s.call(t, "GET", "/readyz", nil).want(t, 200)
	s.call(t, "GET", "/dev/mail", nil).want(t, 404)
	s.call(t, "GET", "/debug/pprof/", nil).want(t, 404)
	s.call(t, "GET", "/metrics", nil).want(t, 404)
	for _, path := range []string{"/api/nothing", "/api/user/nothing", "/api/auth/nothing", "/" + url.PathEscape("../secret")} {
		s.call(t, "GET", path, nil).want(t, 404)
	}
	s.stop(t)
}
