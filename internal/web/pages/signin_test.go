package pages

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

func TestAnOfficerSignsInAndOut(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	if p := b.open(t, "/"); p.path != "/sign-in" || p.status != 200 {
		t.Fatalf("the start leads a stranger to %d %s, want the sign-in page", p.status, p.path)
	}
	club := b.signIn(t, "Chess@X.test", good)
	if club.path != "/club" || club.status != 200 {
		t.Fatalf("signing in leads an officer to %d %s, want the club", club.status, club.path)
	}
	own := b.open(t, "/")
	if own.path != "/account" || !strings.Contains(own.text(), "signed in as Chess Club, "+chess) {
		t.Errorf("the start leads to %s: %s", own.path, own.text())
	}
	out := b.submit(t, own, "/sign-out", nil)
	if out.path != "/sign-in?signed-out=true" || out.said() != "You are signed out." || b.hasCookie(t) {
		t.Errorf("got %s %q and a cookie: %v, want the sign-in page and none", out.path, out.said(), b.hasCookie(t))
	}
	if p := b.open(t, "/account"); p.path != "/sign-in" {
		t.Errorf("the account is shown to somebody who signed out: %s", p.path)
	}
	if p := b.post(t, "/sign-out", nil); p.path != "/sign-in?signed-out=true" {
		t.Errorf("signing out twice leads to %d %s", p.status, p.path)
	}
}

func TestSigningOutEndsTheSessionOnTheServer(t *testing.T) {
	s := newSite(t)
	a := s.officer(t, chess)
	b := s.browser(t)
	club := b.signIn(t, chess, good)
	b.signIn(t, chess, good) // in the same browser: the session before ends
	if live, err := s.Sessions(t.Context(), a.ID); err != nil || len(live) != 1 {
		t.Fatalf("got %d sessions, %v, want 1", len(live), err)
	}
	b.submit(t, club, "/sign-out", nil)
	if live, err := s.Sessions(t.Context(), a.ID); err != nil || len(live) != 0 {
		t.Errorf("got %d sessions, %v, want none", len(live), err)
	}
}

// TestARefusedSignInTellsNothing: whatever the reason, the page is the same to the
// byte, but for the address that was typed.
func TestARefusedSignInTellsNothing(t *testing.T) {
	s := newSite(t)
	s.officer(t, "good@x.test")
	s.register(t, "new@x.test", "Go Club")
	off := s.person(t, "off@x.test", "Ada")
	must(t, s.SetDisabled(t.Context(), account.Caller{}, off.ID, true))
	_, err := s.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: "bare@x.test", Name: "Ada"})
	must(t, err)

	seen := map[string]string{}
	for name, typed := range map[string][2]string{
		"a wrong password":        {"good@x.test", better},
		"no password":             {"good@x.test", ""},
		"unknown":                 {"none@x.test", good},
		"unconfirmed":             {"new@x.test", good},
		"unconfirmed and wrong":   {"new@x.test", better},
		"disabled":                {"off@x.test", good},
		"an account without one":  {"bare@x.test", ""},
		"an address that is none": {"none", good},
	} {
		b := s.browser(t)
		p := b.signIn(t, typed[0], typed[1])
		if p.status != 401 || p.path != "/sign-in" || b.hasCookie(t) {
			t.Errorf("%s: got %d %s and a cookie: %v, want 401 and none", name, p.status, p.path, b.hasCookie(t))
		}
		if got := p.form(t, "/sign-in"); got.Get("email") != typed[0] || got.Get("password") != "" {
			t.Errorf("%s: the form holds %q, want the address and no password", name, got)
		}
		seen[strings.ReplaceAll(p.body, typed[0], "…")] = name
	}
	if len(seen) != 1 {
		t.Errorf("there are %d different pages: %v", len(seen), seen)
	}
}

func TestASessionEnds(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	b := s.browser(t)
	b.signIn(t, chess, good)
	s.Clock.Move(240 * time.Hour)
	if p := b.open(t, "/account"); p.path != "/sign-in" {
		t.Errorf("an expired session sees %s", p.path)
	}
	if p := b.open(t, "/club"); p.status != 200 || p.said() != "" || p.byID("password") == nil {
		t.Errorf("an expired session sees %d %q, want the sign-in form", p.status, p.text())
	}
}

func TestTooManyTriesSayWhenToComeBack(t *testing.T) {
	s := newSiteOver(t, accounttest.New(t, func(c *account.Config) {
		c.Limits = account.Limits{Failures: 2, Rest: 90 * time.Second}
	}))
	s.officer(t, chess)
	b := s.browser(t)
	for range 2 {
		b.signIn(t, chess, better)
	}
	p := b.signIn(t, chess, good)
	if p.status != 429 || p.header.Get("Retry-After") != "90" || !strings.Contains(p.said(), "too many tries") {
		t.Errorf("got %d, Retry-After %q, %q", p.status, p.header.Get("Retry-After"), p.said())
	}
	if got := p.form(t, "/sign-in").Get("email"); got != chess {
		t.Errorf("the form holds %q, want the address", got)
	}
}

// TestABrowserIsKnownAgain: who signed in by a browser, and out again, comes in by it
// while somebody on the same network guesses.
func TestABrowserIsKnownAgain(t *testing.T) {
	s := newSiteOver(t, accounttest.New(t, func(c *account.Config) { c.Limits.Failures, c.Limits.KnownFailures = 2, 1 }))
	s.officer(t, chess)
	b, other := s.browser(t), s.browser(t)
	club := b.signIn(t, chess, good)
	b.submit(t, club, "/sign-out", nil)
	if b.hasCookie(t) {
		t.Fatal("the session's cookie is kept at sign-out")
	}
	for range 3 {
		other.signIn(t, chess, "a guess")
	}
	if p := other.signIn(t, chess, good); p.status != 429 {
		t.Errorf("another browser gets %d, want 429", p.status)
	}
	if p := b.signIn(t, chess, good); p.path != "/club" {
		t.Errorf("the browser sees %s: %d %s", p.path, p.status, p.said())
	}
}

func TestTheAccountPageTellsTheRoles(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Singapore")
	must(t, err)
	s := newSite(t, func(c *Config) { c.Zone = zone })
	a := s.person(t, "ada@x.test", "Ada Lovelace")
	none := account.Caller{}
	must(t, s.AddCohorts(t.Context(), none, []account.Cohort{
		{Year: 2026, Start: s.Clock.Now().Add(-time.Hour), End: s.Clock.Now().Add(time.Hour)},
	}))
	b := s.browser(t)
	bare := b.signIn(t, "ada@x.test", good)
	if bare.path != "/account" || strings.Contains(bare.text(), "cohort") || strings.Contains(bare.text(), "Administrator") {
		t.Errorf("an account without roles sees %s: %s", bare.path, bare.text())
	}
	must(t, s.GrantStudent(t.Context(), none, account.Student{Account: a.ID, Year: 2026}))
	must(t, s.GrantAdviser(t.Context(), none, account.Adviser{Account: a.ID, Year: 2026}))
	must(t, s.GrantMentor(t.Context(), none, account.Mentor{Account: a.ID, Year: 2026}))
	must(t, s.GrantAdministrator(t.Context(), none, account.Administrator{
		Account: a.ID, Start: s.Clock.Now(), End: time.Date(2026, 12, 30, 16, 0, 0, 0, time.UTC),
	}))
	p := b.open(t, "/account")
	for _, want := range []string{
		"signed in as Ada Lovelace, ada@x.test", "Student of the cohort 2026", "Adviser of the cohort 2026",
		"Mentor of the cohort 2026", "Administrator until 31 December 2026",
	} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("the page lacks %q: %s", want, p.text())
		}
	}
}

// TestNoRedirectComesFromOutside plays what open redirects are made of (CVE-2025-67713).
func TestNoRedirectComesFromOutside(t *testing.T) {
	s := newSite(t)
	s.officer(t, chess)
	for _, target := range []string{"https://evil.test/", "//evil.test", `/\evil.test`, "javascript:alert(1)", "data:text/html,x", "/account"} {
		b := s.browser(t)
		query := "?" + url.Values{"next": {target}, "redirect_to": {target}, "return_to": {target}, "redirect": {target}}.Encode()
		for path, want := range map[string]string{"/": "/sign-in", "/account": "/sign-in", "/reset": "/forgot", "/change-password": "/forgot"} {
			if p := b.open(t, path+query); p.path != want {
				t.Errorf("%s%s leads to %s, want %s", path, query, p.path, want)
			}
		}
		p := b.post(t, "/sign-in"+query, url.Values{"email": {chess}, "password": {good}, "next": {target}, "redirect_to": {target}})
		if p.path != "/club" {
			t.Errorf("with %s signing in leads to %s, want /club", target, p.path)
		}
		if p := b.post(t, "/sign-out"+query, url.Values{"next": {target}}); p.path != "/sign-in?signed-out=true" {
			t.Errorf("with %s signing out leads to %s", target, p.path)
		}
	}
}
