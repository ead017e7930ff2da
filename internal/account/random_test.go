package account_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// TestRandomStoriesAgreeWithTheModel makes calls at random, of officers, members,
// strangers, operators and the clock, and wants of each what the model says; and
// after each, that everything that anybody ever held opens what the model says.
// More and longer stories: -rapid.checks=2000 -rapid.steps=200.
func TestRandomStoriesAgreeWithTheModel(t *testing.T) {
	store := accounttest.Open(t)
	stories := 0
	rapid.Check(t, func(r *rapid.T) {
		stories++
		newStory(t, store, stories).tell(r)
	})
}

// story plays calls against the Service and the model alike.
type story struct {
	*accounttest.Kit
	t       *testing.T
	ctx     context.Context
	world   *world
	emails  []string // the last is not on the roster
	highest int64    // account id there was so far
}

// newStory begins one among addresses of its own, in a database that it shares with
// other stories.
func newStory(t *testing.T, store account.Store, n int) *story {
	s := &story{
		Kit: accounttest.Over(t, store, func(c *account.Config) { c.Limits.Off = true }),
		t:   t, ctx: t.Context(), world: &world{now: accounttest.Start, roster: map[string]bool{}},
	}
	for _, name := range []string{"ada", "bob", "eve"} {
		s.emails = append(s.emails, fmt.Sprintf("%s@%d.test", name, n))
		s.world.roster[s.emails[len(s.emails)-1]] = true
	}
	_, err := s.AddToRoster(s.ctx, operator, s.emails)
	must(t, err)
	s.emails = append(s.emails, fmt.Sprintf("joe@%d.test", n))
	s.begin()
	return s
}

// begin makes an officer, so that something is there from the start.
func (s *story) begin() {
	a, err := s.CreateAccount(s.ctx, operator, account.NewAccount{Email: s.emails[0], Name: "Ada", Password: token.SecretOf(good)})
	must(s.t, err)
	name := "Chess Club"
	_, err = s.CreateClub(s.ctx, operator, a.ID, account.ClubEdit{Name: &name})
	must(s.t, err)
	s.world.people = []*person{{email: s.emails[0], password: good, confirmed: true, owner: true}}
}

func (s *story) tell(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"":                s.look,
		"register":        s.register,
		"resend-confirm":  s.resendConfirm,
		"confirm":         s.confirm,
		"login":           s.login,
		"sign-in":         s.signIn,
		"login again":     s.login,
		"sign-in again":   s.signIn,
		"refresh":         s.refresh,
		"revoke-access":   s.revokeAccess,
		"revoke-refresh":  s.revokeRefresh,
		"sign-out":        s.signOut,
		"request-reset":   s.requestReset,
		"reset-password":  s.resetPassword,
		"confirm-reset":   s.confirmReset,
		"change by link":  s.changeByLink,
		"change-password": s.changePassword,
		"operator":        s.operate,
		"operator again":  s.operate,
		"time":            s.pass,
	})
}

// What is drawn: somebody's address, a password, and one of those there are, or
// none.

func (s *story) email(t *rapid.T) string { return rapid.SampledFrom(s.emails).Draw(t, "email") }

func (s *story) password(t *rapid.T) string {
	return rapid.SampledFrom([]string{good, better, "a third passphrase", weak}).Draw(t, "password")
}

// tried is a password that somebody tries: more often than not the right one.
func (s *story) tried(t *rapid.T, p *person) string {
	if p != nil && p.password != "" && rapid.IntRange(0, 4).Draw(t, "right") > 0 {
		return p.password
	}
	return s.password(t)
}

// credentials are an address and a password, more often than not right.
func (s *story) credentials(t *rapid.T) (email, password string) {
	if p := one(t, "person", s.world.people, func(p *person) bool { return !p.gone && !p.disabled }); p != nil {
		return p.email, s.tried(t, p)
	}
	return s.email(t), s.password(t)
}

// one draws one of them or none, more often than not of those that are alive.
func one[T any](t *rapid.T, what string, all []*T, alive func(*T) bool) *T {
	if rapid.IntRange(0, 3).Draw(t, "alive") > 0 {
		if living := slices.DeleteFunc(slices.Clone(all), func(x *T) bool { return !alive(x) }); len(living) > 0 {
			return rapid.SampledFrom(living).Draw(t, what)
		}
	}
	if n := rapid.IntRange(-1, len(all)-1).Draw(t, what); n >= 0 {
		return all[n]
	}
	return nil
}

var madeUp = token.SecretOf("made up")

func (s *story) session(t *rapid.T, contract account.Contract) (*session, token.Secret) {
	all := slices.DeleteFunc(slices.Clone(s.world.sessions), func(one *session) bool { return one.contract != contract })
	drawn := one(t, "session", all, s.world.cookie)
	if drawn == nil {
		return nil, madeUp
	}
	return drawn, drawn.secret
}

func (s *story) accessToken(t *rapid.T) (*accessToken, token.Secret) {
	var all []*accessToken
	for _, one := range s.world.sessions {
		all = append(all, one.access...)
	}
	drawn := one(t, "access token", all, s.world.opens)
	if drawn == nil {
		return nil, madeUp
	}
	return drawn, drawn.secret
}

func (s *story) letter(t *rapid.T, kinds ...account.MailTokenKind) (*letter, token.Secret) {
	drawn := one(t, "letter", s.world.letters, func(l *letter) bool { return s.world.good(l, kinds...) })
	if drawn == nil {
		return nil, madeUp
	}
	return drawn, drawn.secret
}

func (s *story) person(t *rapid.T) *person {
	return one(t, "person", s.world.people, func(p *person) bool { return !p.gone })
}

// agree fails the story where the Service answers otherwise than the model.
func (s *story) agree(t *rapid.T, call string, err error, want account.Code) {
	t.Helper()
	if account.CodeOf(err) != want || want == ok && err != nil {
		t.Fatalf("%s: got %v, the model says %q", call, err, want)
	}
}

// read opens the letter that a call has brought.
func (s *story) read(l *letter) {
	if l == nil {
		return
	}
	link := s.Link(s.t, l.of.email)
	if l.kind == account.ConfirmToken {
		l.secret = token.SecretOf(link.Path[len("/api/user/confirm/"):])
		return
	}
	l.secret = token.SecretOf(link.Query().Get("token"))
}

func (s *story) register(t *rapid.T) {
	in := registration(s.email(t))
	password := s.password(t)
	in.Password = token.SecretOf(password)
	want, letter := s.world.register(in.Email, password)
	s.agree(t, "register", s.SignUp(s.ctx, someone, in), want)
	s.read(letter)
}

func (s *story) resendConfirm(t *rapid.T) {
	email := s.email(t)
	s.agree(t, "resend-confirm", s.ResendConfirm(s.ctx, someone, email), ok)
	s.read(s.world.resendConfirm(email))
}

func (s *story) confirm(t *rapid.T) {
	letter, secret := s.letter(t, account.ConfirmToken)
	s.agree(t, "confirm", s.Confirm(s.ctx, someone, secret), s.world.confirm(letter))
}

func (s *story) login(t *rapid.T) {
	email, password := s.credentials(t)
	want, session, letter := s.world.login(account.Clubs, email, password, nil)
	pair, err := s.SignInOfficer(s.ctx, someone, email, password)
	s.agree(t, "login", err, want)
	s.read(letter)
	if session != nil {
		session.secret, session.access[0].secret = pair.Refresh, pair.Access
	}
}

func (s *story) signIn(t *rapid.T) {
	email, password := s.credentials(t)
	presented, secret := s.session(t, account.Cohorts)
	want, session, _ := s.world.login(account.Cohorts, email, password, presented)
	_, cookie, err := s.SignInMember(s.ctx, someone, email, password, secret)
	s.agree(t, "sign-in", err, want)
	if session != nil {
		session.secret = cookie.Secret
	}
}

func (s *story) refresh(t *rapid.T) {
	session, secret := s.session(t, account.Clubs)
	access, err := s.Refresh(s.ctx, secret)
	if !s.world.refreshes(session) {
		s.agree(t, "refresh", err, account.Unauthenticated)
		return
	}
	s.agree(t, "refresh", err, ok)
	s.world.mint(session).secret = access.Access
}

func (s *story) revokeAccess(t *rapid.T) {
	access, secret := s.accessToken(t)
	err := s.RevokeAccess(s.ctx, someone, secret)
	if !s.world.opens(access) {
		s.agree(t, "revoke-access", err, account.Unauthenticated)
		return
	}
	s.agree(t, "revoke-access", err, ok)
	access.revoked = true
}

func (s *story) revokeRefresh(t *rapid.T) {
	session, secret := s.session(t, account.Clubs)
	err := s.RevokeRefresh(s.ctx, someone, secret)
	if !s.world.refreshes(session) {
		s.agree(t, "revoke-refresh", err, account.Unauthenticated)
		return
	}
	s.agree(t, "revoke-refresh", err, ok)
	session.refreshEnded = true
	if keep := s.world.now.Add(15 * time.Minute); keep.Before(session.keep) {
		session.keep = keep
	}
}

func (s *story) signOut(t *rapid.T) {
	session, secret := s.session(t, account.Cohorts)
	err := s.SignOut(s.ctx, someone, secret)
	if !s.world.cookie(session) {
		s.agree(t, "sign-out", err, account.Unauthenticated)
		return
	}
	s.agree(t, "sign-out", err, ok)
	session.ended = true
}

func (s *story) requestReset(t *rapid.T) {
	email := s.email(t)
	s.agree(t, "request-reset", s.RequestReset(s.ctx, someone, email), ok)
	if p := s.world.with(email); p != nil {
		s.read(s.world.post(p, account.ResetToken, 30*time.Minute))
	}
}

func (s *story) resetPassword(t *rapid.T) {
	email := s.email(t)
	s.agree(t, "reset-password", s.RequestResetLink(s.ctx, someone, email, accounttest.Origin), ok)
	if p := s.world.with(email); p != nil {
		s.read(s.world.post(p, account.ResetLinkToken, 30*time.Minute))
	}
}

func (s *story) confirmReset(t *rapid.T) {
	letter, secret := s.letter(t, account.ResetToken)
	fresh := s.password(t)
	want := s.world.reset(s.world.good(letter, account.ResetToken), letter, fresh)
	s.agree(t, "confirm-reset", s.Reset(s.ctx, someone, secret, fresh), want)
}

func (s *story) changeByLink(t *rapid.T) {
	letter, secret := s.letter(t, account.ResetLinkToken, account.SetPasswordToken)
	fresh, id := s.password(t), int64(0)
	if letter != nil {
		id = letter.of.id
	}
	if p := s.person(t); p != nil && rapid.IntRange(0, 3).Draw(t, "another's id") == 0 {
		id = p.id
	}
	fits := s.world.good(letter, account.ResetLinkToken, account.SetPasswordToken) && letter.of.id == id
	want := s.world.reset(fits, letter, fresh)
	s.agree(t, "change-password by link", s.ResetByLink(s.ctx, someone, id, secret, fresh), want)
}

func (s *story) changePassword(t *rapid.T) {
	access, secret := s.accessToken(t)
	var owner *person
	if access != nil {
		owner = access.in.of
	}
	old, fresh := s.tried(t, owner), s.password(t)
	want := s.world.changePassword(access, old, fresh)
	s.agree(t, "change-password", s.ChangePassword(s.ctx, someone, secret, old, fresh), want)
}

func (s *story) pass(t *rapid.T) {
	by := rapid.SampledFrom([]time.Duration{
		time.Second, time.Minute, 14 * time.Minute, 15 * time.Minute, 16 * time.Minute, 30 * time.Minute, day - time.Minute, day, 6 * day, 7 * day, 10 * day,
		-time.Second, -clockSkew, -2 * clockSkew, -time.Hour, -2 * day,
	}).Draw(t, "by")
	s.Clock.Move(by)
	s.world.now = s.world.now.Add(by)
	if rapid.Bool().Draw(t, "purge") {
		s.agree(t, "purge", s.Purge(s.ctx), ok)
		s.world.purge()
	}
}
