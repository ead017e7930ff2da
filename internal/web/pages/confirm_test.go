package pages

import (
	"net/url"
	"strings"
	"testing"

	"matricula/internal/account"
)

// TestConfirmedIsSaid plays where the link of a confirmation mail leads (clubs
// contract, "confirm"): signed in or not, the page says that it worked.
func TestConfirmedIsSaid(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	s.person(t, "ada@x.test", "Ada")
	const arrived = "/club?confirmed=true"
	const thanks = "Thank you, your e-mail address is confirmed."

	b := s.browser(t)
	p := b.open(t, arrived)
	if p.status != 200 || p.said() != thanks+" Sign in to edit your club." {
		t.Errorf("signed out: got %d %q", p.status, p.said())
	}
	club := b.submit(t, p, "/sign-in", url.Values{"email": {chess}, "password": {good}})
	if club.path != "/club" || club.said() != "" {
		t.Errorf("signing in there leads to %s %q", club.path, club.said())
	}
	if p := b.open(t, arrived); p.said() != thanks || p.byID("name") == nil {
		t.Errorf("signed in: got %q, want the thanks over the club", p.said())
	}
	b.signIn(t, "ada@x.test", good)
	if p := b.open(t, arrived); p.status != 404 || p.said() != thanks || !strings.Contains(p.text(), "owns no club") {
		t.Errorf("signed in as somebody else: got %d %q", p.status, p.text())
	}
	for _, path := range []string{"/club", "/club?confirmed=1", "/club?confirmed=false", "/club?confirmed=%3Cb%3E", "/sign-in?confirmed=true", "/account?saved=true"} {
		if p := s.browser(t).open(t, path); p.said() != "" {
			t.Errorf("%s says %q", path, p.said())
		}
	}
}

func TestALinkThatEndedOffersAnother(t *testing.T) {
	s := newSite(t)
	s.register(t, chess, "Chess Club")
	s.Deliver(t)
	b := s.browser(t)
	p := b.open(t, LinkEndedPath)
	if p.status != 404 || text(p.all("h1")[0]) != "This link no longer works" {
		t.Fatalf("got %d %q", p.status, p.text())
	}
	sent := b.submit(t, p, "/resend", url.Values{"email": {chess}})
	if sent.status != 200 || sent.path != "/resend?sent=true" {
		t.Fatalf("got %d %s", sent.status, sent.path)
	}
	must(t, s.Confirm(t.Context(), account.Caller{}, confirmToken(s.Link(t, chess))))
	if p := b.signIn(t, chess, good); p.path != "/club" {
		t.Errorf("after confirming with the new link: %s", p.path)
	}
	b.open(t, sent.path) // loading the answer again
	if mails := s.Deliver(t); len(mails) != 0 {
		t.Errorf("loading the answer again sent %d mails", len(mails))
	}
}

// TestAskingForAMailTellsNothing: the answers to both forms are the same to the
// byte, whoever has or has not an account.
func TestAskingForAMailTellsNothing(t *testing.T) {
	s := newSite(t)
	s.officer(t, "good@x.test")
	s.register(t, "new@x.test", "Go Club")
	off := s.person(t, "off@x.test", "Ada")
	must(t, s.SetDisabled(t.Context(), account.Caller{}, off.ID, true))
	for _, action := range []string{"/resend", "/forgot"} {
		seen := map[string]string{}
		for _, email := range []string{"good@x.test", "new@x.test", "off@x.test", "none@x.test", " None@X.test "} {
			b := s.browser(t)
			form := b.open(t, action).form(t, action)
			form.Set("email", email)
			seen[b.raw(t, "POST", action, form.Encode())+b.raw(t, "GET", action+sent, "")] = email
		}
		if len(seen) != 1 {
			t.Errorf("%s has %d different answers: %v", action, len(seen), seen)
		}
	}
	s.Deliver(t)
	to := map[string]int{}
	for _, m := range s.Kit.Mails.All() {
		to[m.To]++
	}
	if to["none@x.test"] != 0 {
		t.Errorf("mails went to %v", to)
	}
}

func TestAnAddressThatIsNone(t *testing.T) {
	s := newSite(t)
	b := s.browser(t)
	for _, action := range []string{"/resend", "/forgot"} {
		for typed, want := range map[string]string{
			"":                "An e-mail address is needed.",
			"ada":             "This is not an e-mail address.",
			"ada@":            "This is not an e-mail address.",
			"a@x.test, b@y.z": "This is not an e-mail address.",
			`"><b>@x.test`:    "This is not an e-mail address.",
		} {
			p := b.submit(t, b.open(t, action), action, url.Values{"email": {typed}})
			if p.status != 400 || p.fault("email") != want || p.form(t, action).Get("email") != typed {
				t.Errorf("%s of %q: got %d %q and %q in the field", action, typed, p.status, p.fault("email"), p.form(t, action))
			}
			if title := text(p.all("title")[0]); !strings.HasPrefix(title, "Error: ") {
				t.Errorf("%s of %q: the title is %q, want it to begin with the news", action, typed, title)
			}
		}
	}
}
