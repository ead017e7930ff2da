package acceptance

import (
	"testing"
	"time"
)

// TestTimeEndsLinksTokensAndCookies moves the clock over the end of each lifetime,
// with the program that lets a test do so.
func TestTimeEndsLinksTokensAndCookies(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t)
	ada := officer{"ada@example.edu", "the password of ada", "Ada's Club"}
	eve := officer{"eve@example.edu", "the password of eve", "Eve's Club"}
	in.roster(t, ada.email, eve.email)
	s := in.serve(t)
	s.register(t, ada)
	tokens := s.login(t, ada)
	cookie, _ := s.signIn(t, member{ada.email, ada.password})
	s.call(t, "POST", "/api/user/register", eve.sample()).want(t, 200)
	confirm := in.newLetter(t, eve.email, 1)
	mails := 1
	askBoth := func() (clubs, cohorts func(string) answer) {
		return s.askReset(t, ada, &mails, true), s.askReset(t, ada, &mails, false)
	}

	// Reset links live 30 minutes, access tokens 15.
	early, late := askBoth()
	clock.move(t, 15*time.Minute-time.Second*10)
	s.profile(t, tokens.access).want(t, 200)
	clock.move(t, 11*time.Second)
	s.profile(t, tokens.access).want(t, 401)
	s.profile(t, s.refresh(t, tokens.refresh)).want(t, 200)
	clock.move(t, 15*time.Minute)
	early("a new password, too late").want(t, 404)
	late("a new password, too late").want(t, 400)
	early, late = askBoth()
	clock.move(t, 30*time.Minute-time.Second*10)
	early("password").want(t, 400) // weak, and still in time
	late("a new password, in time").want(t, 200)
	ada.password = "a new password, in time"
	s.info(t, cookie).want(t, 401)
	mails++ // the one that tells of it
	in.newLetter(t, ada.email, mails)

	// Refresh tokens live a day, cookies ten, whatever they were used for.
	tokens = s.login(t, ada)
	cookie, _ = s.signIn(t, member{ada.email, ada.password})
	clock.move(t, 24*time.Hour-time.Second*10)
	s.refresh(t, tokens.refresh)
	clock.move(t, 11*time.Second)
	s.call(t, "POST", "/api/user/refresh", nil, bearer(tokens.refresh)).want(t, 401)
	clock.move(t, 9*24*time.Hour-time.Second*11)
	s.info(t, cookie).want(t, 200)
	clock.move(t, 11*time.Second)
	s.info(t, cookie).want(t, 401)

	// The confirmation link has ended after seven days; a new one works, whatever
	// the account's age, and so does the old registration's password.
	s.follow(t, confirm).want(t, 404).says(t, "status", "error")
	browser := s.call(t, "GET", confirm.link(t).RequestURI(), nil, "Accept: text/html,*/*").want(t, 303)
	if got, want := browser.header.Get("Location"), s.base+"/link-ended"; got != want {
		t.Errorf("a browser with an ended link is sent to %s, want %s", got, want)
	}
	s.call(t, "GET", "/link-ended", nil).want(t, 404)
	s.call(t, "POST", "/api/user/resend-confirm", object{"email": eve.email}).want(t, 200)
	again := in.newLetter(t, eve.email, 2)
	clock.move(t, 7*24*time.Hour-time.Second*10)
	s.follow(t, again).want(t, 303)
	s.profile(t, s.login(t, eve).access).want(t, 200)
	clock.move(t, -24*time.Hour) // a clock that is set back brings nothing to life
	s.follow(t, confirm).want(t, 404)
	s.info(t, cookie).want(t, 401)
	s.stop(t)
}

// TestReleasedProgramIgnoresTheTestClock gives the variable to the program as it is
// released: its time is the machine's.
func TestReleasedProgramIgnoresTheTestClock(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t)
	in.program = program
	ada := officer{"ada@example.edu", "the password of ada", "Ada's Club"}
	in.roster(t, ada.email)
	s := in.serve(t)
	s.register(t, ada)
	tokens := s.login(t, ada)
	clock.move(t, 365*24*time.Hour)
	s.profile(t, tokens.access).want(t, 200)
	s.stop(t)
}
