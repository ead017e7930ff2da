package acceptance

import (
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
	at := time.Now()
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
	if took := time.Since(at); took > 10*time.Second {
		t.Errorf("without a mail server the calls took %v", took)
	}

	box := &sink{hangUp: func(l letter, copies int) bool { return l.to == grace.email && copies == 0 }}
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
			in.secrets.add(l.secret())
			if l.secret() == "" || l.secret() != his[0].secret() {
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
