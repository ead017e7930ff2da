package pages

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// asked asks for a reset link by the page, and answers it as the mail has it.
func (b *browser) asked(t *testing.T, email string) string {
	t.Helper()
	p := b.submit(t, b.open(t, "/forgot"), "/forgot", url.Values{"email": {email}})
	if p.status != 200 || p.path != "/forgot"+sent {
		t.Fatalf("asking for a link: got %d %s", p.status, p.path)
	}
	link := b.site.Link(t, email)
	if own := link.Scheme + "://" + link.Host; own != accounttest.PublicURL {
		t.Fatalf("the link leads to %s, want this site", link)
	}
	return link.RequestURI()
}

func twice(password string) url.Values {
	return url.Values{"password": {password}, "again": {password}}
}

// TestAForgottenPassword plays the whole way of both links, mail to sign-in: that
// of the page, and that of the clubs contract.
func TestAForgottenPassword(t *testing.T) {
	for action, link := range map[string]func(*testing.T, *browser) string{
		"/change-password": func(t *testing.T, b *browser) string { return b.asked(t, chess) },
		"/reset": func(t *testing.T, b *browser) string {
			must(t, b.site.RequestReset(t.Context(), account.Caller{}, chess))
			return b.site.Link(t, chess).RequestURI()
		},
	} {
		t.Run(action, func(t *testing.T) {
			s := newSite(t)
			s.officer(t, chess)
			elsewhere := s.browser(t)
			elsewhere.signIn(t, chess, good)
			b := s.browser(t)
			b.signIn(t, chess, good)
			mailed := link(t, b)
			form := b.open(t, mailed)

			differ := b.submit(t, form, action, url.Values{"password": {better}, "again": {better + "!"}})
			if differ.status != 400 || differ.fault("again") == "" {
				t.Errorf("two different passwords: got %d %q", differ.status, differ.fault("again"))
			}
			for weak, why := range map[string]string{"": "", "password123": "", chess: "address"} {
				p := b.submit(t, differ, action, twice(weak))
				if p.status != 400 || p.fault("password") == "" || !strings.Contains(p.fault("password"), why) {
					t.Errorf("the password %q: got %d %q", weak, p.status, p.fault("password"))
				}
				if values := p.form(t, action); values.Get("password") != "" || values.Get("again") != "" {
					t.Errorf("the password %q is shown again: %v", weak, values)
				}
				form = p
			}
			done := b.submit(t, form, action, twice(better))
			if done.status != 200 || done.path != "/sign-in?reset=true" || !strings.Contains(done.said(), "new password is set") || b.hasCookie(t) {
				t.Fatalf("got %d %s %q and a cookie: %v", done.status, done.path, done.said(), b.hasCookie(t))
			}
			if p := elsewhere.open(t, "/account"); p.path != "/sign-in" {
				t.Errorf("another browser still sees %s", p.path)
			}
			if p := b.submit(t, done, "/sign-in", url.Values{"email": {chess}, "password": {good}}); p.status != 401 {
				t.Errorf("the old password: got %d", p.status)
			}
			if p := b.signIn(t, chess, better); p.path != "/club" {
				t.Errorf("the new password leads to %s", p.path)
			}
			for what, used := range map[string]page{
				"followed": b.open(t, mailed), "sent": b.submit(t, form, action, twice("a third passphrase altogether")),
			} {
				if used.status != 404 || text(used.all("h1")[0]) != titleEnded {
					t.Errorf("the link once more, %s: got %d %q", what, used.status, used.text())
				}
				used.form(t, "/forgot") // which offers another
			}
			if !b.hasCookie(t) {
				t.Error("a link that no longer works signed somebody out")
			}
		})
	}
}

func TestALinkThatNeverWorked(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	s.person(t, "ada@x.test", "Ada")
	b := s.browser(t)
	link, err := url.Parse(b.asked(t, chess))
	must(t, err)
	real := link.Query().Get("token")
	for name, form := range map[string]url.Values{
		"garbage":            {"token": {"x.y.z"}, "id": {"1"}},
		"no id":              {"token": {real}},
		"another account":    {"token": {real}, "id": {"2"}},
		"nobody's account":   {"token": {real}, "id": {"99"}},
		"an id with a sign":  {"token": {real}, "id": {"+1"}},
		"an id with a zero":  {"token": {real}, "id": {"01"}},
		"an id with a space": {"token": {real}, "id": {" 1"}},
		"a negative id":      {"token": {real}, "id": {"-1"}},
		"an id too large":    {"token": {real}, "id": {"9223372036854775808"}},
	} {
		for _, action := range []string{"/change-password", "/reset"} {
			for field, texts := range twice(better) {
				form[field] = texts
			}
			if p := b.open(t, action+"?"+form.Encode()); p.status != 404 || text(p.all("h1")[0]) != titleEnded {
				t.Errorf("%s at %s, followed: got %d %q", name, action, p.status, p.text())
			}
			if p := b.post(t, action, form); p.status != 404 || text(p.all("h1")[0]) != titleEnded {
				t.Errorf("%s at %s: got %d %q", name, action, p.status, p.text())
			}
		}
	}
	if a.ID != 1 {
		t.Fatalf("the account has the id %d", a.ID)
	}
	if p := b.submit(t, b.open(t, link.RequestURI()), "/change-password", twice(better)); p.path != "/sign-in?reset=true" {
		t.Errorf("the link itself, afterwards: got %d %s", p.status, p.path)
	}
}

func TestAResetLinkExpires(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	form := b.open(t, b.asked(t, chess))
	s.Clock.Move(30 * time.Minute)
	if p := b.submit(t, form, "/change-password", twice(better)); p.status != 404 {
		t.Errorf("got %d %s, want 404", p.status, p.path)
	}
}

// TestAnInvitationSetsThePassword: the mail to somebody whose account an operator
// made leads to the same page.
func TestAnInvitationSetsThePassword(t *testing.T) {
	s := newSite(t)
	_, err := s.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: "ada@x.test", Name: "Ada"})
	must(t, err)
	b := s.browser(t)
	link := s.Link(t, "ada@x.test").RequestURI()
	if !strings.HasPrefix(link, "/change-password?") {
		t.Fatalf("the invitation leads to %s", link)
	}
	b.submit(t, b.open(t, link), "/change-password", twice(better))
	if p := b.signIn(t, "ada@x.test", better); p.path != "/account" {
		t.Errorf("signing in leads to %s", p.path)
	}
}

// TestTokensStandInHiddenFieldsAlone: what comes in the query is shown nowhere
// else, so that it can't be copied, clicked or read over a shoulder.
func TestTokensStandInHiddenFieldsAlone(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	linked := b.asked(t, chess)
	must(t, s.RequestReset(t.Context(), account.Caller{}, chess))
	for path, action := range map[string]string{
		linked:                               "/change-password",
		linked + "&q=":                       "/change-password",
		s.Link(t, chess).RequestURI():        "/reset",
		s.Link(t, chess).RequestURI() + "&q": "/reset",
	} {
		mailed, err := url.Parse(path)
		must(t, err)
		secret := mailed.Query().Get("token")
		p := b.open(t, path)
		if p.status != 200 || strings.Count(p.body, secret) != 1 || p.form(t, action).Get("token") != secret {
			t.Errorf("%s: got %d and the token %d times", path, p.status, strings.Count(p.body, secret))
		}
		for _, n := range p.all("input") {
			if name := attr(n, "name"); (name == "token" || name == "id") && attr(n, "type") != "hidden" {
				t.Errorf("%s: the input %q is of type %q", path, name, attr(n, "type"))
			}
		}
		again := b.submit(t, p, action, url.Values{"password": {better}, "again": {"x"}})
		if again.path != action || strings.Count(again.body, secret) != 1 {
			t.Errorf("%s: the form shown again has the token %d times at %s", path, strings.Count(again.body, secret), again.path)
		}
	}
	for _, path := range []string{"/reset", "/reset?token=", "/change-password", "/change-password?id=1"} {
		if p := b.open(t, path); p.path != "/forgot" {
			t.Errorf("%s leads to %s, want /forgot", path, p.path)
		}
	}
}
