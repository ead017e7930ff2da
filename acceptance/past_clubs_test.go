package acceptance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// registered is a server with an officer who has registered, and a free address on
// the roster, go@example.edu.
func registered(t *testing.T, env ...string) (*server, officer) {
	t.Helper()
	in := install(t, env...)
	o := officer{"chess@example.edu", "the password of chess", "Chess Club"}
	in.roster(t, o.email, "go@example.edu")
	s := in.serve(t)
	s.register(t, o)
	return s, o
}

// The old backend's reset deleted the rows of the officer's tokens, and took a token
// without a row for one that was never revoked: every token lived on, and revoked
// ones came back to life.
func TestOA1ResetRevivesNothing(t *testing.T) {
	t.Parallel()
	s, o := registered(t)
	live, revoked := s.login(t, o), s.login(t, o)
	second := s.refresh(t, live.refresh)
	s.call(t, "DELETE", "/api/user/revoke-access", nil, bearer(revoked.access)).want(t, 200)
	s.call(t, "DELETE", "/api/user/revoke-refresh", nil, bearer(revoked.refresh)).want(t, 200)

	mails := 1
	o.password = "a new password of chess"
	s.askReset(t, o, &mails, true)(o.password).want(t, 200)
	for _, access := range []string{live.access, second, revoked.access} {
		s.profile(t, access).want(t, 401)
		s.call(t, "DELETE", "/api/user/revoke-access", nil, bearer(access)).want(t, 401)
	}
	for _, refresh := range []string{live.refresh, revoked.refresh} {
		s.call(t, "POST", "/api/user/refresh", nil, bearer(refresh)).want(t, 401)
		s.call(t, "DELETE", "/api/user/revoke-refresh", nil, bearer(refresh)).want(t, 401)
	}
	s.profile(t, s.login(t, o).access).want(t, 200)
}

// The old backend gave reset links the life of confirmation links, a week.
func TestOA2ResetLinkLivesHalfAnHour(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t)
	o := officer{"chess@example.edu", "the password of chess", "Chess Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.register(t, o)
	mails := 1
	reset := s.askReset(t, o, &mails, true)
	clock.move(t, 29*time.Minute)
	reset("password").want(t, 400) // weak, and the link still good
	clock.move(t, 2*time.Minute)
	reset("a new password of chess").want(t, 404)
	s.login(t, o)
}

// The old backend made the same reset token for two requests within a second, and
// left one token good when the other had been used.
func TestOA3OneResetLinkUsedEndsTheOthers(t *testing.T) {
	t.Parallel()
	s, o := registered(t)
	mails := 1
	first, second, cohorts := s.askReset(t, o, &mails, true), s.askReset(t, o, &mails, true), s.askReset(t, o, &mails, false)
	his := s.lettersTo(t, o.email)
	if his[1].Secret() == his[2].Secret() {
		t.Error("two mails carry the same token")
	}
	second("a new password of chess").want(t, 200)
	first("another password of chess").want(t, 404)
	second("another password of chess").want(t, 404)
	cohorts("another password of chess").want(t, 400)
	s.login(t, officer{o.email, "a new password of chess", ""})
}

// The old backend ended a confirmation link before it looked at it, so that a mail
// scanner's visit, or a second click, found it invalid.
func TestOA4ConfirmLinkOutlivesScannersAndClicks(t *testing.T) {
	t.Parallel()
	in := install(t)
	o := officer{"chess@example.edu", "the password of chess", "Chess Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200)
	mailed := in.newLetter(t, o.email, 1)
	link := mailed.link(t).RequestURI()
	s.call(t, "HEAD", link, nil).want(t, 405)
	s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": o.password}).want(t, 403)
	where := s.follow(t, mailed).want(t, 303).header.Get("Location")
	for _, accept := range []string{"*/*", "text/html"} { // a scanner was first: the person finds the same
		if got := s.call(t, "GET", link, nil, "Accept: "+accept).want(t, 303).header.Get("Location"); got != where || got == "" {
			t.Errorf("another click leads to %q, the first to %q", got, where)
		}
	}
	s.login(t, o)
}

// The old backend measured a confirmation link by the age of the account, so that a
// week after registering no fresh link could ever confirm it.
func TestOA5ResentLinkConfirmsAnOldAccount(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t)
	o := officer{"chess@example.edu", "the password of chess", "Chess Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200)
	first := in.newLetter(t, o.email, 1)
	clock.move(t, 60*24*time.Hour)
	s.follow(t, first).want(t, 404)
	s.call(t, "POST", "/api/user/resend-confirm", object{"email": o.email}).want(t, 200)
	s.follow(t, in.newLetter(t, o.email, 2)).want(t, 303)
	s.login(t, o)
}

// The old backend said whether the user or the password was wrong, whether an
// address had an account and whether it was confirmed, and answered at once, without
// hashing, where there was none.
func TestOA6NoAnswerTellsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	s, o := registered(t, realHash)
	in := s.installation
	unconfirmed := officer{"go@example.edu", "the password of go", "Go Club"}
	disabled := officer{"disabled@example.edu", "the password of disabled", "Disabled Club"}
	clubless := member{"clubless@example.edu", "the password of clubless"}
	in.roster(t, disabled.email, "fresh@example.edu")
	s.call(t, "POST", "/api/user/register", unconfirmed.sample()).want(t, 200)
	s.register(t, disabled)
	in.run(t, "", "account", "disable", disabled.email)
	in.person(t, clubless.email, "Clubless", clubless.password)
	const nobody = "nobody@example.edu"
	known := []string{o.email, unconfirmed.email, disabled.email, clubless.email}

	login := func(email, password string) string {
		return s.call(t, "POST", "/api/user/login", object{"email": email, "password": password}).want(t, 400).whole()
	}
	want := login(nobody, o.password)
	for _, email := range known {
		if got := login(email, "the password of nobody"); got != want {
			t.Errorf("a login with %s and a wrong password: %s, with an unknown address: %s", email, got, want)
		}
	}
	for email, password := range map[string]string{disabled.email: disabled.password, clubless.email: clubless.password} {
		if got := login(email, password); got != want {
			t.Errorf("a login with %s and the right password: %s, with an unknown address: %s", email, got, want)
		}
	}
	for _, path := range []string{"/api/user/request-reset", "/api/user/resend-confirm"} {
		want := s.call(t, "POST", path, object{"email": nobody}).want(t, 200).whole()
		for _, email := range known {
			if got := s.call(t, "POST", path, object{"email": email}).whole(); got != want {
				t.Errorf("%s for %s: %s, for an unknown address: %s", path, email, got, want)
			}
		}
	}
	fresh := s.call(t, "POST", "/api/user/register", officer{"fresh@example.edu", o.password, "Fresh"}.sample()).want(t, 200).whole()
	for _, email := range known[:3] { // those on the roster
		if got := s.call(t, "POST", "/api/user/register", officer{email, o.password, "Fresh"}.sample()).whole(); got != fresh {
			t.Errorf("registering %s again: %s, a fresh address: %s", email, got, fresh)
		}
	}
	for email, listed := range map[string]bool{o.email: true, disabled.email: true, clubless.email: false, nobody: false} { // the roster, not accounts
		s.call(t, "POST", "/api/user/email-exists", object{"email": email}).want(t, 200).says(t, "exists", listed)
	}
	sameTime(t, func() { login(nobody, "the password of nobody") }, func() { login(o.email, "the password of nobody") })
}

// The old backend looked for the address and then inserted, with no unique index
// but what a script made that somebody had to run by hand: two registrations at once
// made two accounts.
func TestOA7RegistrationsAtOnceMakeOneAccount(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.roster(t, "chess@example.edu")
	s := in.serve(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			o := officer{[]string{"chess@example.edu", "CHESS@Example.EDU"}[i%2], fmt.Sprintf("the password of try %d", i), fmt.Sprintf("Club %d", i)}
			if a, err := s.try("POST", "/api/user/register", o.sample()); err != nil || a.status != 200 {
				t.Errorf("registration %d: %d %v %s", i, a.status, err, a.body)
			}
		})
	}
	all.Wait()
	if emails := in.accounts(t); len(emails) != 1 {
		t.Errorf("the accounts are %v, want one", emails)
	}
	var clubs []any
	if err := json.Unmarshal([]byte(in.run(t, "", "club", "list", "--json")), &clubs); err != nil || len(clubs) != 1 {
		t.Errorf("the clubs are %v (%v), want one", clubs, err)
	}
	const indices = "SELECT COUNT(*) FROM pragma_index_list('accounts') AS l JOIN pragma_index_info(l.name) AS i WHERE l.\"unique\" AND i.name = 'email_key'"
	if unique := column(t, in.data, indices); unique[0] != "1" {
		t.Errorf("%s unique indices of the address in a new database, want 1", unique[0])
	}
}

// The old backend's tokens named an address, a role and whether it was confirmed:
// confirming ended them, and who registered an address anew got the tokens of the
// one before.
func TestOA8TokensNameAnAccountNotItsAddress(t *testing.T) {
	t.Parallel()
	s, o := registered(t)
	in := s.installation
	tokens := s.login(t, o)
	s.follow(t, in.lettersTo(t, o.email)[0]).want(t, 303) // confirmed once more
	s.profile(t, tokens.access).want(t, 200)
	in.run(t, "", "account", "set-email", o.email, "new@example.edu")
	s.profile(t, tokens.access).want(t, 200).says(t, "owner", "new@example.edu")
	s.profile(t, s.refresh(t, tokens.refresh)).want(t, 200)

	in.newLetter(t, o.email, 2) // both addresses are told
	in.run(t, "", "account", "delete", "new@example.edu")
	s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200)
	s.follow(t, in.newLetter(t, o.email, 3)).want(t, 303)
	s.profile(t, s.login(t, o).access).want(t, 200)
	s.profile(t, tokens.access).want(t, 401)
	s.call(t, "POST", "/api/user/refresh", nil, bearer(tokens.refresh)).want(t, 401)
}

// The old backend had one secret, and signed sessions, tokens and the links in mails
// with it as it was.
func TestOA9OnePurposeOneKey(t *testing.T) {
	t.Parallel()
	const secret = "the secret of an installation, in everybody's hands"
	s, o := registered(t, "MATRICULA_SECRET="+secret)
	s.secrets.Add(secret)
	tokens := s.login(t, o)
	mails := 1
	clubs := s.askReset(t, o, &mails, true)
	s.askReset(t, o, &mails, false)
	link := resetLinkOf(s.lettersTo(t, o.email)[2].link(t))
	confirm := s.lettersTo(t, o.email)[0].Secret()

	// The text of good tokens, signed with the secret itself.
	s.call(t, "POST", "/api/user/refresh", nil, bearer(resign(tokens.refresh, secret))).want(t, 401)
	s.profile(t, resign(tokens.access, secret)).want(t, 401)
	s.call(t, "POST", "/api/auth/change-password", resetLink{link.id, resign(link.token, secret)}.change("a new password of chess")).want(t, 400)
	// Good tokens, in the place of others.
	for _, token := range []string{tokens.access, confirm, link.token} {
		s.call(t, "POST", "/api/user/refresh", nil, bearer(token)).want(t, 401)
	}
	for _, token := range []string{tokens.refresh, confirm, link.token} {
		s.profile(t, token).want(t, 401)
	}
	for _, token := range []string{tokens.access, tokens.refresh, confirm, link.token} {
		s.call(t, "POST", "/api/user/confirm-reset", object{"token": token, "password": "a new password of chess"}).want(t, 404)
	}
	s.profile(t, tokens.access).want(t, 200)
	s.refresh(t, tokens.refresh)
	clubs("a new password of chess").want(t, 200)
}

// resign signs what a JWT says anew, by HS256.
func resign(jwt, key string) string {
	parts := strings.Split(jwt, ".")
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// The old backend sent the mail within the registration, after the account was
// saved: without a mail server it answered 500 with that server's words, and the
// next try was told that the address was taken.
func TestOA10RegistrationNeedsNoMailServer(t *testing.T) {
	t.Parallel()
	mx := closedPort(t)
	in := install(t, "MATRICULA_SMTP=smtp://"+mx.String())
	o := officer{"chess@example.edu", "the password of chess", "Chess Club"}
	in.roster(t, o.email)
	s := in.serve(t)
	for range 2 { // the second is told to the owner, by mail
		s.call(t, "POST", "/api/user/register", o.sample()).want(t, 200).says(t, "status", "success")
	}
	eventually(t, mailTime, "a mail that was not sent", func() bool { return strings.Contains(in.log.String(), "a mail was not sent") })
	box := &sink{}
	box.listen(t, mx)
	var his []letter
	eventually(t, time.Minute, "the mails", func() bool {
		his = box.letters()[o.email]
		return len(his) == 2
	})
	for _, l := range his {
		in.secrets.Add(l.Secret())
		if strings.Contains(l.Text, "/api/user/confirm/") {
			s.follow(t, l).want(t, 303)
		}
	}
	s.login(t, o)
	s.stop(t)
}

// The old backend allowed every origin, and answered every OPTIONS with OK.
func TestOA11NoOriginIsAWildcard(t *testing.T) {
	t.Parallel()
	const front = "http://localhost:3000"
	s := install(t).serve(t, "--origins", front)
	preflight := []string{"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: access-control-allow-origin,content-type"}
	ask := func(method, path, origin string, headers ...string) answer {
		return s.call(t, method, path, nil, append(headers, "Origin: "+origin)...)
	}
	for _, origin := range []string{"https://evil.example", "null", "http://localhost:3001", "https://localhost:3000", front + ".evil.example", "http://LOCALHOST:3000"} {
		for _, a := range []answer{
			ask("OPTIONS", "/api/user/login", origin, preflight...), ask("GET", "/api/catalog/tags", origin), ask("GET", "/api/auth/info", origin),
		} {
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s from %s is allowed to %q", a.call, origin, got)
			}
		}
	}
	for _, a := range []answer{
		ask("OPTIONS", "/api/user/login", front, preflight...), ask("GET", "/api/catalog/tags", front), ask("GET", "/api/auth/info", front),
	} {
		if got := a.header.Get("Access-Control-Allow-Origin"); got != front || !strings.Contains(strings.Join(a.header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s from a listed origin is allowed to %q, and varies by %v", a.call, got, a.header.Values("Vary"))
		}
	}
	for _, path := range []string{"/api/user/login", "/api/user/nothing", "/api/auth/info"} {
		if a := s.call(t, "OPTIONS", path, nil); a.status < 400 {
			t.Errorf("an OPTIONS that is no preflight: %s: got %d, want a refusal", a.call, a.status)
		}
	}
}

// The old backend read bodies of 16 MiB, ran its expressions over passwords of any
// length, failed with 500 on those over 4096 characters, and hashed the others by
// 25,000 rounds of PBKDF2.
func TestOA12TooMuchIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s, o := registered(t, realHash)
	mails := 1
	reset := s.askReset(t, o, &mails, true)
	timed := func(what string, status int, call func() answer) {
		t.Helper()
		at := time.Now()
		call().want(t, status).saysNothingInternal(t)
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("%s takes %v", what, took)
		}
	}
	const head = "POST /api/user/password-strength HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16777216\r\n\r\n"
	timed("a body of 16 MiB", 413, func() answer {
		answers := s.raw(t, head+`{"password":"`+strings.Repeat("x", 128<<10))
		if len(answers) != 1 {
			t.Fatalf("%d answers", len(answers))
		}
		return answers[0]
	})
	for _, length := range []int{257, 4097, 60 << 10} {
		long := strings.Repeat("Long 1! ", length/8+1)[:length]
		what := fmt.Sprintf("a password of %d characters", length)
		timed(what, 400, func() answer {
			return s.call(t, "POST", "/api/user/register", officer{"go@example.edu", long, "Go"}.sample())
		})
		timed(what, 400, func() answer {
			return s.call(t, "POST", "/api/user/login", object{"email": o.email, "password": long})
		})
		timed(what, 400, func() answer { return reset(long) })
		timed(what, 200, func() answer {
			return s.call(t, "POST", "/api/user/password-strength", object{"password": long}).says(t, "strong", false)
		})
	}
	s.login(t, o)
	if hashes := column(t, s.data, "SELECT password_hash FROM accounts"); !strings.HasPrefix(hashes[0], "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the stored hash begins %.24q", hashes[0])
	}
}

// The old backend answered a body that was no object, or a size that there was not,
// with 500, a stack and the names of its database's fields.
func TestOA13BodiesOfAnyShapeAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := registered(t)
	for _, path := range []string{"email-exists", "password-strength", "register", "resend-confirm", "login", "request-reset", "confirm-reset"} {
		for _, body := range []string{`[]`, `"x"`, `null`, `1`, `true`, `{}`, `[{}]`, `{`, ``, `{"email":null,"password":null}`, `{"email":[],"token":{},"password":7}`} {
			a := s.call(t, "POST", "/api/user/"+path, body).want(t, 400).says(t, "status", "error").saysNothingInternal(t)
			if reason, _ := a.members(t)["reason"].(string); reason == "" {
				t.Errorf("%s with %s: no reason: %s", a.call, body, a.body)
			}
		}
	}
	for _, size := range []any{"0", -1, 1e9, 1.5, nil, object{}, []int{0}, true, object{"$gt": 0}} {
		body := officer{"go@example.edu", "the password of go", "Go"}.sample()
		body["num_users"] = size
		a := s.call(t, "POST", "/api/user/register", body).want(t, 400).saysNothingInternal(t)
		data, _ := a.members(t)["data"].([]any)
		if len(data) != 1 || data[0].(object)["field"] != "num_users" {
			t.Errorf("num_users %v: the refusal doesn't name it: %s", size, a.body)
		}
	}
	if emails := s.accounts(t); len(emails) != 1 {
		t.Errorf("the accounts are %v, want the one there was", emails)
	}
}

// The old backend gave students who came by another way a password made of a fixed
// text and their address. Nobody comes that way here yet, and an account without a
// password has no hash that any could match.
func TestOA14NoPasswordIsNoPassword(t *testing.T) {
	t.Parallel()
	in := install(t)
	const email = "student@example.edu"
	in.run(t, "", "account", "create", email, "--name", "A Student")
	in.run(t, "", "club", "create", "A Club", "--owner", email)
	if hashes := column(t, in.data, "SELECT password_hash FROM accounts"); len(hashes) != 1 || hashes[0] != "" {
		t.Errorf("an account without a password has the hash %q", hashes)
	}
	s := in.serve(t)
	for _, password := range []string{"UNUSABLE_PASSWORD" + email, "UNUSABLE_PASSWORD", "", " ", "student", "!", "*", "null", "undefined"} {
		s.call(t, "POST", "/api/user/login", object{"email": email, "password": password}).want(t, 400)
		s.call(t, "POST", "/api/auth/sign-in", object{"email": email, "password": password}).want(t, 401)
	}
}

// The old backend named a club's page by its name alone: two clubs of one name
// shared one.
func TestOA15ClubsOfOneNameHaveTwoPages(t *testing.T) {
	t.Parallel()
	in := install(t)
	names := []string{"Chess Club", "Chess Club", "CHESS  club!", "Chess-Club", "Chess Club 2", "Chess Club"}
	var officers []officer
	for i, name := range names {
		officers = append(officers, officer{fmt.Sprintf("chess%d@example.edu", i), fmt.Sprintf("the password of chess %d", i), name})
		in.roster(t, officers[i].email)
	}
	s := in.serve(t)
	owners := map[string]string{}
	for _, o := range officers {
		s.register(t, o)
		club := s.profile(t, s.login(t, o).access).want(t, 200).says(t, "name", o.club).members(t)
		link, _ := club["link_name"].(string)
		if link == "" || owners[link] != "" {
			t.Errorf("the club of %s has the page %q, which is that of %q", o.email, link, owners[link])
		}
		owners[link] = o.email
	}
}

// The old backend asked nothing of the account when it refreshed a token, so that
// one who was locked out went on, and kept every session through a change of the
// password.
func TestOA16RefreshAsksAgainWhoItIs(t *testing.T) {
	t.Parallel()
	s, o := registered(t)
	in := s.installation
	refused := func(p pair) {
		t.Helper()
		s.call(t, "POST", "/api/user/refresh", nil, bearer(p.refresh)).want(t, 401)
		s.profile(t, p.access).want(t, 401)
	}
	disabled := s.login(t, o)
	in.run(t, "", "account", "disable", o.email)
	refused(disabled)
	in.run(t, "", "account", "enable", o.email)
	refused(disabled)

	mine, other := s.login(t, o), s.login(t, o)
	change := object{"old_password": o.password, "new_password": "a new password of chess"}
	s.call(t, "POST", "/api/admin/change-password", change, bearer(mine.access)).want(t, 200)
	refused(other)
	s.refresh(t, mine.refresh)

	in.run(t, "", "club", "delete", "chess-club")
	refused(mine)
}
