package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

const (
	chess  = "chess@x.test"
	good   = "a long passphrase of mine"
	better = "another long passphrase"
)

// someone signs in from a network of its own; a stranger has never been seen.
var (
	someone  = account.Caller{Client: netip.MustParseAddr("192.0.2.7"), RequestID: "r1"}
	stranger = account.Caller{Client: netip.MustParseAddr("198.51.100.9"), RequestID: "r2"}
)

func wants(t *testing.T, what string, err error, want account.Code) {
	t.Helper()
	if account.CodeOf(err) != want || (want == "" && err != nil) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func registration(email string) account.SignUp {
	return account.SignUp{Name: "Chess Club", Email: email, Password: token.SecretOf(good), Tags: []int64{3, 1, 4}, AppRequired: true, NewMembers: true}
}

// officer registers and confirms a club officer.
func officer(t *testing.T, k *accounttest.Kit, email string) account.Account {
	t.Helper()
	_, err := k.AddToRoster(t.Context(), account.Caller{}, []string{email})
	must(t, err)
	must(t, k.SignUp(t.Context(), someone, registration(email)))
	must(t, k.Confirm(t.Context(), someone, confirmToken(t, k, email)))
	a, err := k.FindAccount(t.Context(), email)
	must(t, err)
	return a
}

func confirmToken(t *testing.T, k *accounttest.Kit, email string) token.Secret {
	t.Helper()
	path := k.Link(t, email).Path
	return token.SecretOf(path[len("/api/user/confirm/"):])
}

func resetToken(t *testing.T, k *accounttest.Kit, email string) token.Secret {
	t.Helper()
	must(t, k.RequestReset(t.Context(), someone, email))
	return token.SecretOf(k.Link(t, email).Query().Get("token"))
}

func signedIn(t *testing.T, k *accounttest.Kit, email, secret string) (account.Pair, account.Cookie) {
	t.Helper()
	pair, err := k.SignInOfficer(t.Context(), someone, email, secret)
	must(t, err)
	_, cookie, err := k.SignInMember(t.Context(), someone, email, secret, token.Secret{})
	must(t, err)
	return pair, cookie
}

func TestOneAccountOfManyRegistrations(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), account.Caller{}, []string{chess})
	must(t, err)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			email := chess
			if i%2 == 1 {
				email = "CHESS@X.test"
			}
			if err := k.SignUp(t.Context(), someone, registration(email)); err != nil {
				t.Errorf("registration %d: %v", i, err)
			}
		})
	}
	all.Wait()
	accounts, err := k.Accounts(t.Context(), 0, 100)
	must(t, err)
	clubs, err := k.Clubs(t.Context(), 0, 100)
	must(t, err)
	if len(accounts) != 1 || len(clubs) != 1 {
		t.Errorf("50 registrations made %d accounts and %d clubs, want 1 and 1", len(accounts), len(clubs))
	}
	confirm, again := 0, 0
	for _, m := range k.Deliver(t) {
		if m.To != accounts[0].Email.Text {
			t.Errorf("a mail went to %q, want the stored address %q", m.To, accounts[0].Email.Text)
		}
		if accountLink := m.Text; containsConfirm(accountLink) {
			confirm++
		} else {
			again++
		}
	}
	if confirm != 1 || again != 5 { // 5 notices an hour
		t.Errorf("%d confirmations and %d notices, want 1 and 5", confirm, again)
	}
}

func containsConfirm(text string) bool {
	for i := range text {
		if len(text)-i > 18 && text[i:i+18] == "/api/user/confirm/" {
			return true
		}
	}
	return false
}

func TestOneUseOfAResetToken(t *testing.T) {
	for _, contract := range []account.Contract{account.Clubs, account.Cohorts} {
		t.Run(string(contract), func(t *testing.T) {
			k := accounttest.New(t)
			a := officer(t, k, chess)
			var use func(fresh string) error
			if contract == account.Clubs {
				secret := resetToken(t, k, chess)
				use = func(fresh string) error { return k.Reset(t.Context(), someone, secret, fresh) }
			} else {
				must(t, k.RequestResetLink(t.Context(), someone, chess, accounttest.Origin))
				secret := token.SecretOf(k.Link(t, chess).Query().Get("token"))
				use = func(fresh string) error { return k.ResetByLink(t.Context(), someone, a.ID, secret, fresh) }
			}
			var winner atomic.Value
			var wins atomic.Int64
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					fresh := fmt.Sprintf("one of fifty passphrases, %d", i)
					err := use(fresh)
					if err == nil {
						wins.Add(1)
						winner.Store(fresh)
					} else if !errors.Is(err, account.TokenInvalid) {
						t.Errorf("use %d: %v", i, err)
					}
				})
			}
			all.Wait()
			if wins.Load() != 1 {
				t.Fatalf("%d uses of one token succeeded, want 1", wins.Load())
			}
			signedIn(t, k, chess, winner.Load().(string))
			_, err := k.SignInOfficer(t.Context(), someone, chess, good)
			wants(t, "the old password", err, account.SignInRefused)
		})
	}
}

func TestAResetEndsEveryCredential(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	revoked, _ := signedIn(t, k, chess, good)
	must(t, k.RevokeAccess(t.Context(), someone, revoked.Access))
	must(t, k.RevokeRefresh(t.Context(), someone, revoked.Refresh))
	pair, cookie := signedIn(t, k, chess, good)
	must(t, k.RequestResetLink(t.Context(), someone, chess, accounttest.Origin))
	link := token.SecretOf(k.Link(t, chess).Query().Get("token"))
	other := resetToken(t, k, chess)
	secret := resetToken(t, k, chess)

	must(t, k.Reset(t.Context(), someone, secret, better))
	for _, p := range []account.Pair{revoked, pair} {
		_, _, err := k.ClubOf(t.Context(), p.Access)
		wants(t, "an access token after the reset", err, account.Unauthenticated)
		_, err = k.Refresh(t.Context(), p.Refresh)
		wants(t, "a refresh token after the reset", err, account.Unauthenticated)
	}
	_, err := k.Who(t.Context(), cookie.Secret)
	wants(t, "a cookie after the reset", err, account.Unauthenticated)
	wants(t, "the token once more", k.Reset(t.Context(), someone, secret, good), account.TokenInvalid)
	wants(t, "another reset token", k.Reset(t.Context(), someone, other, good), account.TokenInvalid)
	wants(t, "a token of the other contract", k.ResetByLink(t.Context(), someone, a.ID, link, good), account.TokenInvalid)
	signedIn(t, k, chess, better)
}

// TestASignInThatRacesAResetEndsWithIt looks for a session that the old password
// started and that outlived the reset.
func TestASignInThatRacesAResetEndsWithIt(t *testing.T) {
	for range 20 {
		k := accounttest.New(t)
		officer(t, k, chess)
		secret := resetToken(t, k, chess)
		first, _ := signedIn(t, k, chess, good)
		var pairs [8]account.Pair
		var all sync.WaitGroup
		for i := range pairs {
			all.Go(func() { pairs[i], _ = k.SignInOfficer(t.Context(), someone, chess, good) })
		}
		all.Go(func() { must(t, k.Reset(t.Context(), someone, secret, better)) })
		for range 50 {
			all.Go(func() { _, _ = k.Refresh(t.Context(), first.Refresh) })
		}
		all.Wait()
		for _, p := range append(pairs[:], first) {
			if p.Refresh.IsZero() {
				continue // refused: the reset came first
			}
			if _, err := k.Refresh(t.Context(), p.Refresh); !errors.Is(err, account.Unauthenticated) {
				t.Fatalf("a session of the old password lives on after the reset: %v", err)
			}
		}
	}
}

func TestEachRevocationEndsWhatWasPresented(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	for _, accessFirst := range []bool{true, false} {
		pair, _ := signedIn(t, k, chess, good)
		other, _ := signedIn(t, k, chess, good)
		second, err := k.Refresh(t.Context(), pair.Refresh)
		must(t, err)
		if accessFirst {
			must(t, k.RevokeAccess(t.Context(), someone, pair.Access))
			must(t, k.RevokeRefresh(t.Context(), someone, pair.Refresh))
		} else {
			must(t, k.RevokeRefresh(t.Context(), someone, pair.Refresh))
			must(t, k.RevokeAccess(t.Context(), someone, pair.Access))
		}
		wants(t, "revoked access again", k.RevokeAccess(t.Context(), someone, pair.Access), account.Unauthenticated)
		wants(t, "revoked refresh again", k.RevokeRefresh(t.Context(), someone, pair.Refresh), account.Unauthenticated)
		_, _, err = k.ClubOf(t.Context(), pair.Access)
		wants(t, "revoked access", err, account.Unauthenticated)
		_, err = k.Refresh(t.Context(), pair.Refresh)
		wants(t, "revoked refresh", err, account.Unauthenticated)
		_, _, err = k.ClubOf(t.Context(), second.Access)
		wants(t, "another access token of the session", err, "")
		_, _, err = k.ClubOf(t.Context(), other.Access)
		wants(t, "another session", err, "")
	}
}

func TestTokensOfOneKindAreNoOther(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	must(t, k.ResendConfirm(t.Context(), someone, chess)) // confirmed: a decoy
	reset := resetToken(t, k, chess)
	must(t, k.RequestResetLink(t.Context(), someone, chess, accounttest.Origin))
	link := token.SecretOf(k.Link(t, chess).Query().Get("token"))
	all := map[string]token.Secret{
		"access": pair.Access, "refresh": pair.Refresh, "cookie": cookie.Secret, "reset": reset, "link": link,
		"empty": token.SecretOf(""), "noise": token.SecretOf("e30.e30.e30"),
	}
	for name, secret := range all {
		try := func(as string, err error, want account.Code) {
			t.Helper()
			if name != as {
				wants(t, name+" as "+as, err, want)
			}
		}
		_, _, err := k.ClubOf(t.Context(), secret)
		try("access", err, account.Unauthenticated)
		_, err = k.Refresh(t.Context(), secret)
		try("refresh", err, account.Unauthenticated)
		_, err = k.Who(t.Context(), secret)
		try("cookie", err, account.Unauthenticated)
		try("confirm", k.Confirm(t.Context(), someone, secret), account.TokenInvalid)
		if name != "reset" {
			wants(t, name+" as reset", k.Reset(t.Context(), someone, secret, better), account.TokenInvalid)
		}
		if name != "link" {
			wants(t, name+" as link", k.ResetByLink(t.Context(), someone, a.ID, secret, better), account.TokenInvalid)
		}
	}
}

func TestADeletedAccountsTokensServeNobody(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	reset := resetToken(t, k, chess)
	must(t, k.DeleteAccount(t.Context(), account.Caller{Actor: "operator"}, a.ID))
	again := officer(t, k, chess)
	if again.ID <= a.ID {
		t.Errorf("the new account has id %d, not above %d", again.ID, a.ID)
	}
	_, _, err := k.ClubOf(t.Context(), pair.Access)
	wants(t, "access", err, account.Unauthenticated)
	_, err = k.Refresh(t.Context(), pair.Refresh)
	wants(t, "refresh", err, account.Unauthenticated)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "cookie", err, account.Unauthenticated)
	wants(t, "reset", k.Reset(t.Context(), someone, reset, better), account.TokenInvalid)
}

func TestDisabledMeansDisabled(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	reset := resetToken(t, k, chess)
	must(t, k.SetDisabled(t.Context(), account.Caller{Actor: "operator"}, a.ID, true))
	must(t, k.Reset(t.Context(), someone, reset, better))
	_, err := k.SignInOfficer(t.Context(), someone, chess, better)
	wants(t, "a login while disabled", err, account.SignInRefused)
	must(t, k.SetDisabled(t.Context(), account.Caller{Actor: "operator"}, a.ID, false))
	_, _, err = k.ClubOf(t.Context(), pair.Access)
	wants(t, "access after enabling", err, account.Unauthenticated)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "cookie after enabling", err, account.Unauthenticated)
	signedIn(t, k, chess, better)
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	mine, cookie := signedIn(t, k, chess, good)
	other, _ := signedIn(t, k, chess, good)
	reset := resetToken(t, k, chess)
	change := func(old, fresh string) error {
		return k.ChangePassword(t.Context(), someone, mine.Access, old, fresh)
	}
	wants(t, "a wrong old one", change("wrong", better), account.WrongPassword)
	wants(t, "the same", change(good, good), account.SamePassword)
	wants(t, "a weak one", change(good, "12345678"), account.WeakPassword)
	wants(t, "the club's name", change(good, "chess club"), account.WeakPassword)
	must(t, change(good, better))
	_, _, err := k.ClubOf(t.Context(), mine.Access)
	wants(t, "this session", err, "")
	_, err = k.Refresh(t.Context(), mine.Refresh)
	wants(t, "this session's refresh token", err, "")
	_, _, err = k.ClubOf(t.Context(), other.Access)
	wants(t, "another session", err, account.Unauthenticated)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "a cookie", err, account.Unauthenticated)
	wants(t, "a reset token", k.Reset(t.Context(), someone, reset, good), account.TokenInvalid)
}

func TestUnconfirmed(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), account.Caller{}, []string{chess})
	must(t, err)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	first := confirmToken(t, k, chess)

	_, err = k.SignInOfficer(t.Context(), someone, chess, "a wrong passphrase")
	wants(t, "a wrong password", err, account.SignInRefused)
	_, _, err = k.SignInMember(t.Context(), someone, chess, good, token.Secret{})
	wants(t, "the right password, cohorts", err, account.SignInRefused)
	_, err = k.SignInOfficer(t.Context(), someone, chess, good)
	wants(t, "the right password, clubs", err, account.Unconfirmed)
	if n := len(k.Deliver(t)); n != 1 {
		t.Errorf("%d mails after a login with the right password, want a fresh one", n)
	}

	k.Clock.Move(8 * 24 * time.Hour)
	wants(t, "an old link", k.Confirm(t.Context(), someone, first), account.TokenInvalid)
	must(t, k.ResendConfirm(t.Context(), someone, chess))
	second := confirmToken(t, k, chess)
	for range 3 {
		must(t, k.Confirm(t.Context(), someone, second))
	}
	signedIn(t, k, chess, good)
}

func TestSessionsEndByTheClock(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	k.Clock.Move(15*time.Minute - time.Second)
	_, _, err := k.ClubOf(t.Context(), pair.Access)
	wants(t, "access before its end", err, "")
	k.Clock.Move(time.Second)
	_, _, err = k.ClubOf(t.Context(), pair.Access)
	wants(t, "access at its end", err, account.Unauthenticated)
	k.Clock.Move(24*time.Hour - 15*time.Minute - time.Second)
	late, err := k.Refresh(t.Context(), pair.Refresh)
	wants(t, "refresh before its end", err, "")
	k.Clock.Move(time.Second)
	_, err = k.Refresh(t.Context(), pair.Refresh)
	wants(t, "refresh at its end", err, account.Unauthenticated)
	must(t, k.Purge(t.Context()))
	_, _, err = k.ClubOf(t.Context(), late.Access)
	wants(t, "an access token outlives its refresh token, purged or not", err, "")

	k.Clock.Move(9*24*time.Hour - time.Second)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "a cookie before its end", err, "")
	k.Clock.Move(time.Second)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "a cookie at its end", err, account.Unauthenticated)
	k.Clock.Move(time.Second)
	must(t, k.Purge(t.Context()))
	k.Clock.Move(-10 * 24 * time.Hour)
	_, err = k.Who(t.Context(), cookie.Secret)
	wants(t, "a purged cookie after the clock went back", err, account.Unauthenticated)
}

func TestASignInEndsTheSessionPresented(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	_, first := signedIn(t, k, chess, good)
	_, _, err := k.SignInMember(t.Context(), someone, chess, "wrong", first.Secret)
	wants(t, "a wrong password", err, account.SignInRefused)
	_, err = k.Who(t.Context(), first.Secret)
	wants(t, "the session presented with it", err, "")
	_, second, err := k.SignInMember(t.Context(), someone, chess, good, first.Secret)
	must(t, err)
	_, err = k.Who(t.Context(), first.Secret)
	wants(t, "the session presented", err, account.Unauthenticated)
	must(t, k.SignOut(t.Context(), someone, second.Secret))
	wants(t, "signing out again", k.SignOut(t.Context(), someone, second.Secret), account.Unauthenticated)
}

func TestARefusedEditNamesEveryField(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	text := func(s string) *string { return &s }
	err := k.SetClub(t.Context(), operator, a.ClubID, account.ClubEdit{
		Name: text(""), ApplyLink: text("javascript:alert(1)"), Tags: []int64{99}, Social: map[string]string{"website": "ftp://x"},
	})
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || refusal.Code != account.Invalid {
		t.Fatalf("got %v, want %v", err, account.Invalid)
	}
	var fields []string
	for _, f := range refusal.Fields {
		fields = append(fields, f.Field)
	}
	if got := strings.Join(fields, " "); got != "apply_link social_media_links.website name tags" {
		t.Errorf("the fields at fault are %s", got)
	}
}
