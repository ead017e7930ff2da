package acceptance

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserFindsItsWayThroughThePages goes where the mails lead, with nothing but
// what the pages offer.
func TestBrowserFindsItsWayThroughThePages(t *testing.T) {
	t.Parallel()
	in := install(t)
	b := openBrowser(t, in.secrets)
	o := officer{"reader@example.edu", "the password of the reader", "Reading & <Writing> Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200)
	first := in.newLetter(t, o.email, 1).link(t)

	// A link that mail programs have broken leads to a new mail.
	b.open(t, first.String()+"broken")
	b.at(t, "/link-ended", "no longer works")
	b.follow(t, fill("email", o.email), press("/resend"))
	b.at(t, "/resend", "mail")
	b.open(t, in.newLetter(t, o.email, 2).link(t).String())
	b.at(t, "/club", "confirmed", "sign in")
	if rules := evaluate[int](t, b, "document.styleSheets[0].cssRules.length"); rules == 0 {
		t.Error("the page has no style")
	}

	b.follow(t, fill("email", o.email), fill("password", "not the password"), press("/sign-in"))
	b.at(t, "/sign-in", "wrong")
	b.follow(t, fill("email", o.email), fill("password", o.password), press("/sign-in"))
	b.at(t, "/club", o.email)
	if name := evaluate[string](t, b, `document.querySelector("[name=name]").value`); name != o.club {
		t.Errorf("the page shows the name %q, want %q", name, o.club)
	}
	if seen := evaluate[string](t, b, "document.cookie"); seen != "" {
		t.Errorf("a script on the page would see the cookie %s", seen)
	}

	// A mistake is shown with what was typed; then it is saved.
	about := "We read on Mondays, and write <b>boldly</b> & often."
	b.follow(t, fill("about_us", about), fill("website", "ftp://club.example.edu"), press("/club"))
	b.at(t, "/club")
	if marked := evaluate[int](t, b, `document.querySelectorAll("[role=alert]").length`); marked != 1 {
		t.Errorf("%d things are said to be wrong, want 1", marked)
	}
	if typed := evaluate[string](t, b, `document.querySelector("[name=about_us]").value`); typed != about {
		t.Errorf("after a mistake the page shows %q, want what was typed", typed)
	}
	b.follow(t, fill("website", "club.example.edu"), press("/club"))
	b.at(t, "/club", "saved")
	is := s.profile(t, s.login(t, o).access).want(t, 200).members(t)
	if is["about_us"] != about || is["social_media_links"].(object)["website"] != "https://club.example.edu" {
		t.Errorf("what was saved is %v", is)
	}
	b.follow(t, press("/sign-out"))
	b.at(t, "/sign-in")
	b.open(t, s.base+"/club")
	b.at(t, "/club", "sign in")

	forgetPassword(t, s, b, o)
	if refused := b.complaints("Content Security Policy"); len(refused) > 0 {
		t.Errorf("the pages break their own policy: %v", refused)
	}
}

// forgetPassword goes from the forgotten password to the new one, and in with it.
func forgetPassword(t *testing.T, s *server, b *browser, o officer) {
	t.Helper()
	const fresh = "a password that the reader remembers"
	s.secrets.Add(fresh)
	b.open(t, s.base+"/sign-in")
	b.follow(t, chromedp.Click(chromedp.CSS(`a[href="/forgot"]`)))
	b.at(t, "/forgot")
	b.follow(t, fill("email", o.email), press("/forgot"))
	b.at(t, "/forgot", "mail")
	mailed := s.newLetter(t, o.email, 3).link(t)
	b.open(t, mailed.String())
	if mailed.Path != "/change-password" {
		t.Errorf("the link leads to %s, want /change-password", mailed.Path)
	}
	b.follow(t, fill("password", fresh), fill("again", "another one altogether"), press("/change-password"))
	b.at(t, "/change-password", "not the same")
	b.follow(t, fill("password", "password"), fill("again", "password"), press("/change-password"))
	b.at(t, "/change-password", "password")
	b.follow(t, fill("password", fresh), fill("again", fresh), press("/change-password"))
	b.at(t, "/sign-in", "password is set")
	b.follow(t, fill("email", o.email), fill("password", fresh), press("/sign-in"))
	b.at(t, "/club", o.email)
	b.open(t, mailed.String())
	b.at(t, "/change-password", "no longer works")

	// The link of the clubs contract leads to a page of its own.
	s.call(t, "POST", "/api/user/request-reset", object{"email": o.email}).want(t, 200)
	b.open(t, s.newLetter(t, o.email, 5).link(t).String())
	b.follow(t, fill("password", fresh+", too"), fill("again", fresh+", too"), press("/reset"))
	b.at(t, "/sign-in", "password is set")
	b.follow(t, fill("email", o.email), fill("password", fresh+", too"), press("/sign-in"))
	b.at(t, "/club", o.email)
}
