package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingTellsSecrets takes every way past the log and the database that a
// password, a token, a cookie or a mailed link can take, the mistaken ones too. What
// the data hold is searched while the server runs, and again, with the log, the metrics
// and what the commands printed, by every story of this package when it ends.
func TestNothingTellsSecrets(t *testing.T) {
	t.Parallel()
	in := install(t, "MATRICULA_DEV_MAIL=yes")
	o := officer{"discreet@example.edu", "the password of the discreet", "Discreet Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.register(t, o)
	tokens := s.login(t, o)
	m := member{o.email, o.password}
	cookie, _ := s.signIn(t, m)
	wrong := "a password that is wrong but somebody's"

	s.call(t, "POST", "/api/user/password-strength", object{"password": wrong}).want(t, 200)
	s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": wrong}).want(t, 400)
	s.call(t, "POST", "/api/user/login", object{"email": wrong, "password": wrong}).want(t, 400)
	s.call(t, "POST", "/api/auth/sign-in", object{"email": o.email, "password": wrong}).want(t, 401)
	s.call(t, "POST", "/api/user/login", `{"email": 7, "password": "`+wrong+`"}`).want(t, 400)
	s.call(t, "POST", "/api/user/login", `{"email": "x", "password": "`+wrong+`", "`+wrong+`": tru}`).want(t, 400)
	s.call(t, "POST", "/api/user/"+tokens.access, object{}).want(t, 404)
	s.call(t, "POST", "/api/user/login?password="+o.password[:3]+tokens.refresh, object{}).want(t, 400)
	s.call(t, "POST", "/sign-in", "email=x&password="+tokens.refresh, "Content-Type: application/x-www-form-urlencoded").want(t, 401)
	s.call(t, "GET", "/api/admin/profile", nil, bearer(tokens.refresh)).want(t, 401)
	s.call(t, "GET", "/api/admin/profile", nil, bearer(tokens.access+"x")).want(t, 401)
	s.call(t, "GET", "/api/admin/profile", nil, "Authorization: Basic "+tokens.access).want(t, 401)
	s.call(t, "GET", "/api/auth/info", nil, cookie+"; other="+tokens.access).want(t, 200)
	s.call(t, "POST", "/api/admin/change-password", object{"old_password": wrong, "new_password": o.password}, bearer(tokens.access)).want(t, 400)

	mails := 1
	s.askReset(t, o, &mails, true)("password").want(t, 400)
	reset := s.askReset(t, o, &mails, false)
	for _, l := range in.lettersTo(t, o.email) {
		s.call(t, "GET", l.link(t).RequestURI(), nil).want(t, map[bool]int{true: 303, false: 200}[l.Subject == in.letters(t)[0].Subject])
		s.call(t, "GET", "/api/user/confirm/"+l.Secret()+"/more", nil).want(t, 404)
		s.call(t, "POST", "/api/user/confirm/"+l.Secret(), nil).want(t, 405)
		s.call(t, "GET", "/change-password?token="+l.Secret()+"&id=1", nil, "Referer: "+s.base+l.link(t).RequestURI())
	}
	s.call(t, "GET", "/dev/mail", nil).want(t, 200)
	reset("the second password of the discreet").want(t, 200)
	in.person(t, "ada@example.edu", "Ada", "the password that an operator gave")

	// Nobody writes lines of the log by what he sends.
	forged := `{"level":"INFO","msg":"forged"}`
	s.call(t, "GET", "/x%0d%0a"+strings.ReplaceAll(forged, `"`, "%22"), nil, "User-Agent: "+forged).want(t, 404)
	s.call(t, "POST", "/api/user/login", object{"email": "x@y.example\n" + forged, "password": "x"}).want(t, 400)
	if strings.Contains(in.log.String(), "forged") {
		t.Error("the log holds what a client made up")
	}

	// The search finds what is there to be found.
	if n := in.secrets.Len(); n < 10 {
		t.Errorf("%d secrets passed by, want more of such a story", n)
	}
	paths, err := filepath.Glob(filepath.Join(in.data, "mail", "*.eml"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths[:3] {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l, err := readLetter(raw)
		if err != nil || len(in.secrets.In([]byte(l.Text))) == 0 {
			t.Errorf("the mail %q is not seen to hold its link (%v)", l.Subject, err)
		}
	}
	if strings.Count(in.log.String(), `"msg":"request"`) < 30 {
		t.Errorf("the log does not tell of every request:\n%s", in.log.tail(50))
	}
	if _, err := os.Stat(filepath.Join(in.data, "matricula.db-wal")); err != nil {
		t.Errorf("there is no log of the database to search: %v", err)
	}
	in.checkData(t)
	s.stop(t)
	if !strings.Contains(in.metrics.String(), `route="/api/user/login"`) {
		t.Errorf("these are no metrics of calls: %.500s", in.metrics.String())
	}
	if !strings.Contains(in.said.String(), "ada@example.edu") {
		t.Errorf("what a command printed was not kept: %.500s", in.said.String())
	}
}
