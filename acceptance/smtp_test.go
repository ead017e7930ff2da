package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMailsOutliveTheMailServer takes registrations and resets while no mail server
// answers, starts anew, and then lets one answer: every mail arrives, with a link
// that works, and none that nobody is owed.
func TestMailsOutliveTheMailServer(t *testing.T) {
	t.Parallel()
	mx := closedPort(t)
	in := install(t, "MATRICULA_SMTP=smtp://"+mx.String())
	ada, eve := officer{"ada@example.edu", "the password of ada", "Ada's Club"}, officer{"eve@example.edu", "the password of eve", "Eve's Club"}
	grace := member{"grace@example.edu", "the password of grace"}
	in.roster(t, ada.email, eve.email)
	in.person(t, grace.email, "Grace", grace.password)

	s := in.serve(t)
	s.call(t, "POST", "/api/user/register", ada.sample()).want(t, 200)
	s.call(t, "POST", "/api/auth/reset-password", object{"email": grace.email, "origin": s.base}).want(t, 200)
	// Nobody is owed a mail for any of these.
	s.call(t, "POST", "/api/user/register", officer{"stranger@example.edu", "the password of a stranger", "Club"}.sample()).want(t, 404)
	s.call(t, "POST", "/api/user/register", officer{eve.email, "password", "Club"}.sample()).want(t, 400)
	s.call(t, "POST", "/api/user/request-reset", object{"email": "nobody@example.edu"}).want(t, 200)
	s.call(t, "POST", "/api/user/resend-confirm", object{"email": grace.email}).want(t, 200)
	s.call(t, "POST", "/api/auth/reset-password", object{"email": grace.email, "origin": "https://evil.example"}).want(t, 400)
	eventually(t, mailTime, "a mail that was not sent", func() bool { return strings.Contains(s.log.String(), "a mail was not sent") })
	s.stop(t)

	s = in.serve(t)
	s.call(t, "POST", "/api/user/register", eve.sample()).want(t, 200)

	box := &sink{hangUp: func(l letter, copies int) bool { return l.To == grace.email && copies == 0 }}
	box.listen(t, mx)
	var mails map[string][]letter
	eventually(t, time.Minute, "all mails", func() bool {
		mails = box.letters()
		return len(mails[ada.email]) > 0 && len(mails[eve.email]) > 0 && len(mails[grace.email]) > 1
	})
	for to, his := range mails {
		most := map[string]int{ada.email: 1, eve.email: 1, grace.email: 2}[to]
		if len(his) > most {
			t.Errorf("%s has %d mails, want at most %d", to, len(his), most)
		}
		for _, l := range his {
			in.secrets.Add(l.Secret())
			if l.Secret() == "" || l.Secret() != his[0].Secret() {
				t.Errorf("a second copy to %s carries another link", to)
			}
		}
	}

	for _, o := range []officer{ada, eve} {
		s.follow(t, mails[o.email][0]).want(t, 303)
		s.profile(t, s.login(t, o).access).want(t, 200)
	}
	link := resetLinkOf(mails[grace.email][1].link(t))
	s.call(t, "POST", "/api/auth/change-password", link.change("a new password of grace")).want(t, 200)
	s.signIn(t, member{grace.email, "a new password of grace"})
	eventually(t, mailTime, "the mail that tells of the new password", func() bool { return len(box.letters()[grace.email]) == 3 })
	s.stop(t)
	for to, his := range box.letters() {
		if want := map[string]int{ada.email: 1, eve.email: 1, grace.email: 3}[to]; len(his) != want {
			t.Errorf("%s has %d mails in the end, want %d", to, len(his), want)
		}
	}
}

// TestNobodyWaitsForTheMailServer has a mail server that takes connections and says
// nothing: no call is slower for it. When it speaks at last, each mail is there once.
func TestNobodyWaitsForTheMailServer(t *testing.T) {
	t.Parallel()
	mx := closedPort(t)
	mute := mx.open(t)
	in := install(t, "MATRICULA_SMTP=smtp://"+mx.String())
	var emails []string
	for i := range 8 {
		emails = append(emails, fmt.Sprintf("patient%d@example.edu", i))
	}
	in.roster(t, emails...)
	s := in.serve(t)
	for _, email := range emails {
		at := time.Now()
		s.call(t, "POST", "/api/user/register", officer{email, "the password of " + email, "Club"}.sample()).want(t, 200)
		if took := time.Since(at); took > 5*time.Second {
			t.Errorf("beside a mute mail server a registration took %v", took)
		}
	}
	box := &sink{}
	box.answer(t, mute)
	eventually(t, time.Minute, "all mails", func() bool { return len(box.letters()) == len(emails) })
	s.stop(t)
	for to, his := range box.letters() {
		in.secrets.Add(his[0].Secret())
		if len(his) != 1 {
			t.Errorf("%s has %d mails, want 1", to, len(his))
		}
	}
}

// TestLinksAndCookiesFollowThePublicAddress serves people at an https address behind
// a proxy: links lead there whatever a request says of its host, and cookies are for
// TLS alone.
func TestLinksAndCookiesFollowThePublicAddress(t *testing.T) {
	t.Parallel()
	const public = "https://accounts.example.edu"
	mx, box := closedPort(t), &sink{}
	box.listen(t, mx)
	in := install(t, "MATRICULA_SMTP=smtp://"+mx.String(), "MATRICULA_PUBLIC_URL="+public+"/", "MATRICULA_COOKIE_SAME_SITE=none")
	o := officer{"public@example.edu", "the password of the public", "Public Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	newest := func(n int) letter {
		eventually(t, mailTime, "a mail", func() bool { return len(box.letters()[o.email]) == n })
		l := box.letters()[o.email][n-1]
		in.secrets.Add(l.Secret())
		return l
	}
	evil := "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n"
	post := func(path string, body object) {
		t.Helper()
		text, err := encode(body)
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, evil, len(text))
		if answers := s.raw(t, head+string(text)); len(answers) != 1 || answers[0].status != 200 {
			t.Fatalf("%s: %v", path, answers)
		}
	}
	post("/api/user/register", o.sample())
	confirm := newest(1)
	s.follow(t, confirm).want(t, 303)
	post("/api/user/request-reset", object{"email": o.email})
	clubs := newest(2)
	post("/api/auth/reset-password", object{"email": o.email, "origin": public})
	cohorts := newest(3)
	for _, l := range []letter{confirm, clubs, cohorts} {
		if !strings.HasPrefix(l.link(t).String(), public+"/") || strings.Contains(l.Text+l.HTML, "evil.example") {
			t.Errorf("the mail %q leads elsewhere than to %s:\n%s", l.Subject, public, l.Text)
		}
	}
	s.call(t, "POST", "/api/auth/reset-password", object{"email": o.email, "origin": s.base}).want(t, 400)

	in.secrets.Add(o.password)
	_, a := s.signIn(t, member{o.email, o.password})
	set := strings.Split(a.header.Get("Set-Cookie"), "; ")
	for _, want := range []string{"Path=/", "Max-Age=864000", "HttpOnly", "Secure", "SameSite=None"} {
		if !slices.Contains(set, want) {
			t.Errorf("the cookie lacks %s: %v", want, set[1:])
		}
	}
	if !strings.HasPrefix(set[0], "__Host-") || len(set) != 6 {
		t.Errorf("the cookie is %v", set)
	}
	if got := a.header.Get("Strict-Transport-Security"); got == "" {
		t.Error("an https address is not told to stay one")
	}
	gone := s.call(t, "GET", "/api/auth/sign-out", nil, cookieOf(t, a), "Origin: "+public).want(t, 200)
	cleared := strings.Split(gone.header.Get("Set-Cookie"), "; ")
	for _, attribute := range set[1:] {
		if attribute != "Max-Age=864000" && !slices.Contains(cleared, attribute) {
			t.Errorf("the cookie is cleared without %s: %v", attribute, cleared)
		}
	}
}
