package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/password"
	"matricula/internal/token"
)

// addWithHash makes a confirmed account with a hash of elsewhere.
func addWithHash(t *testing.T, k *accounttest.Kit, email, hash string) account.Account {
	t.Helper()
	address, err := account.ParseAddress(email)
	must(t, err)
	class := ""
	if hash != "" {
		class, err = password.ClassOf(hash)
		must(t, err)
	}
	must(t, k.Store.Update(t.Context(), func(tx account.Tx) error {
		_, err := tx.AddAccount(account.Account{
			Email: address, Name: "Somebody", PasswordHash: hash, ConfirmedAt: accounttest.Start, CreatedAt: accounttest.Start,
		}, class)
		return err
	}))
	a, err := k.FindAccount(t.Context(), email)
	must(t, err)
	return a
}

func bcryptOf(t *testing.T, secret string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	must(t, err)
	return strings.Replace(string(hash), "$2a$", "$2b$", 1)
}

func TestASignInReplacesAnOldHash(t *testing.T) {
	k := accounttest.New(t)
	addWithHash(t, k, "old@x.test", bcryptOf(t, "Grüße"))
	must(t, k.RequestResetLink(t.Context(), someone, "old@x.test", accounttest.Origin))
	link := token.SecretOf(k.Link(t, "old@x.test").Query().Get("token"))

	var all sync.WaitGroup
	for range 8 { // at once: one of them replaces the hash under the others
		all.Go(func() {
			_, _, err := k.SignInMember(t.Context(), someone, "old@x.test", "Grüße", token.Secret{})
			wants(t, "the old password", err, "")
		})
	}
	all.Wait()
	a, err := k.FindAccount(t.Context(), "old@x.test")
	must(t, err)
	if !strings.HasPrefix(a.PasswordHash, "$argon2id$") {
		t.Errorf("the hash still is %.12s…", a.PasswordHash)
	}
	_, _, err = k.SignInMember(t.Context(), someone, "old@x.test", "Gru\u0308ße", token.Secret{})
	wants(t, "the same in NFD", err, "")
	wants(t, "a link from before the new hash", k.ResetByLink(t.Context(), someone, a.ID, link, better), account.TokenInvalid)
}

func TestANewHashNeverOverwritesANewerPassword(t *testing.T) {
	for range 20 {
		k := accounttest.New(t)
		a := addWithHash(t, k, "old@x.test", bcryptOf(t, good))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				_, _, err := k.SignInMember(t.Context(), someone, "old@x.test", good, token.Secret{})
				if err != nil && !errors.Is(err, account.SignInRefused) {
					t.Errorf("sign-in: %v", err)
				}
			})
		}
		all.Go(func() { must(t, k.SetPassword(t.Context(), account.Caller{Actor: "operator"}, a.ID, better)) })
		all.Wait()
		_, _, err := k.SignInMember(t.Context(), someone, "old@x.test", better, token.Secret{})
		wants(t, "the newer password", err, "")
		_, _, err = k.SignInMember(t.Context(), someone, "old@x.test", good, token.Secret{})
		wants(t, "the older password", err, account.SignInRefused)
	}
}

func TestOneRefusalForEveryKindOfFailure(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	addWithHash(t, k, "none@x.test", "")
	disabled := officer(t, k, "disabled@x.test")
	must(t, k.SetDisabled(t.Context(), account.Caller{}, disabled.ID, true))
	student := addWithHash(t, k, "student@x.test", bcryptOf(t, good))
	for _, test := range []struct{ what, email, secret string }{
		{"unknown", "unknown@x.test", good},
		{"wrong password", chess, "wrong"},
		{"no password", "none@x.test", ""},
		{"disabled", "disabled@x.test", good},
		{"no club", student.Email.Text, good},
		{"no address", "no address", good},
		{"look-alike", "che\u017f\u017f@x.test", good},
	} {
		_, err := k.SignInOfficer(t.Context(), someone, test.email, test.secret)
		if !errors.Is(err, account.SignInRefused) {
			t.Errorf("%s: %v, want %v", test.what, err, account.SignInRefused)
		}
		if err.Error() != string(account.SignInRefused) {
			t.Errorf("%s: the refusal says more: %v", test.what, err)
		}
	}
}

func TestDecoysHaveTheFormatsOfTheStoredHashes(t *testing.T) {
	k := accounttest.New(t)
	for i := range 30 {
		addWithHash(t, k, fmt.Sprintf("old%d@x.test", i), bcryptOf(t, good))
	}
	for i := range 10 {
		_, err := k.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: fmt.Sprintf("new%d@x.test", i), Name: "New", Password: token.SecretOf(good)})
		must(t, err)
	}
	must(t, k.CountDecoys(t.Context()))
	chosen := map[string]int{}
	for i := range 4000 {
		key := fmt.Sprintf("unknown%d@x.test", i)
		class := k.DecoyFor(key)
		if again := k.DecoyFor(key); again != class {
			t.Fatalf("the decoy of %s is %s, then %s", key, class, again)
		}
		chosen[class]++
	}
	if n := chosen["$2b$04"]; n < 2800 || n > 3200 {
		t.Errorf("decoys of 4000 addresses: %v; want three quarters bcrypt, as stored", chosen)
	}
}

func TestAnAddressRestsAfterTooManyFailures(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) {
		c.Limits = account.Limits{Failures: 10, Rest: 15 * time.Minute}
	})
	a := officer(t, k, chess)
	pair, _ := signedIn(t, k, chess, good)
	for _, email := range []string{chess, "unknown@x.test"} {
		for i := range 10 {
			typed := email
			if i%2 == 1 {
				typed = strings.ToUpper(email) // the same account, so the same count
			}
			_, err := k.SignInOfficer(t.Context(), stranger, typed, "wrong")
			wants(t, fmt.Sprintf("failure %d of %s", i+1, email), err, account.SignInRefused)
		}
		_, err := k.SignInOfficer(t.Context(), stranger, email, good)
		refusal, ok := errors.AsType[*account.Error](err)
		if !ok || refusal.Code != account.TooMany || refusal.RetryAfter != 15*time.Minute {
			t.Errorf("after ten failures of %s: %v, want %v for 15 minutes", email, err, account.TooMany)
		}
	}
	_, _, err := k.SignInMember(t.Context(), stranger, chess, good, token.Secret{})
	wants(t, "the other contract", err, account.TooMany)
	_, _, err = k.ClubOf(t.Context(), pair.Access)
	wants(t, "a live token", err, "")

	must(t, k.Unlock(t.Context(), account.Caller{Actor: "operator"}, a.ID))
	for range 10 {
		_, err := k.SignInOfficer(t.Context(), stranger, chess, "wrong")
		wants(t, "a failure after the unlocking", err, account.SignInRefused)
	}
	k.Clock.Move(15 * time.Minute)
	_, err = k.SignInOfficer(t.Context(), stranger, chess, good)
	wants(t, "after the rest", err, "")
}

func TestABurstCantPassTheLimitTogether(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 20 })
	officer(t, k, chess)
	var mu sync.Mutex
	evaluated := 0
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, err := k.SignInOfficer(t.Context(), someone, chess, "wrong")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, account.SignInRefused) {
				evaluated++
			} else if !errors.Is(err, account.TooMany) {
				t.Errorf("sign-in: %v", err)
			}
		})
	}
	all.Wait()
	if evaluated > 20 {
		t.Errorf("%d wrong passwords of a burst were looked at, at most 20 may be", evaluated)
	}
}

func TestTheRosterIsToldOnABudget(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Lookups = 5 })
	officer(t, k, chess) // its registration was one
	ask := func(client, email string) error {
		_, err := k.OnRoster(t.Context(), account.Caller{Client: netip.MustParseAddr(client)}, email)
		return err
	}
	const home = "192.0.2.7"
	for i := range 4 {
		wants(t, "a question", ask(home, fmt.Sprintf("a%d@x.test", i)), "")
	}
	wants(t, "the same question again", ask(home, "A0@x.test"), "")
	wants(t, "one too many", ask(home, "a9@x.test"), account.TooMany)
	wants(t, "registering draws on it too", k.SignUp(t.Context(), someone, registration("a9@x.test")), account.TooMany)
	wants(t, "the IPv6 form of the network", ask("::ffff:192.0.2.7", "a9@x.test"), account.TooMany)
	wants(t, "another network", ask("192.0.2.8", "a9@x.test"), "")
	signedIn(t, k, chess, good) // gives its address back
	wants(t, "after a sign-in", ask(home, "a9@x.test"), "")
	wants(t, "and then", ask(home, "a10@x.test"), account.TooMany)
	k.Clock.Move(time.Hour + time.Second)
	wants(t, "an hour later", ask(home, "a10@x.test"), "")

	for i := range 5 {
		wants(t, "a question from a site", ask(fmt.Sprintf("2001:db8:0:1::%d", i+1), fmt.Sprintf("b%d@x.test", i)), "")
	}
	wants(t, "the same /64", ask("2001:db8:0:1:ffff::1", "b9@x.test"), account.TooMany)
	wants(t, "the next /64", ask("2001:db8:0:2::1", "b9@x.test"), "")
}

func TestEveryWayInIsWritten(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	_, _ = k.SignInOfficer(t.Context(), someone, chess, "wrong")
	must(t, k.SignOut(t.Context(), someone, cookie.Secret))
	must(t, k.RevokeAccess(t.Context(), someone, pair.Access))
	must(t, k.RevokeRefresh(t.Context(), someone, pair.Refresh))
	must(t, k.Reset(t.Context(), someone, resetToken(t, k, chess), better))
	want := map[account.EventKind]int{
		account.SignedUp: 1, account.EmailConfirmed: 1, account.SignedIn: 2, account.SignInFailed: 1, account.SignedOut: 1,
		account.AccessRevoked: 1, account.RefreshRevoked: 1, account.ResetAsked: 1, account.PasswordReset: 1,
	}
	got := kinds(t, k, a.ID)
	for kind, n := range want {
		if got[kind] != n {
			t.Errorf("%d events %s, want %d", got[kind], kind, n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the events are %v, want %v", got, want)
	}
	events, err := k.Events(t.Context(), a.ID, 0, 1)
	must(t, err)
	if e := events[0]; e.Kind != account.PasswordReset || e.Client != "192.0.2.7" || e.RequestID != "r1" || !e.At.Equal(accounttest.Start) {
		t.Errorf("the newest event is %+v", e)
	}
}

// TestAHashThatNobodyKnowsIsNobodysPassword: one that was damaged, or written into
// the database by hand, must not set its account apart.
func TestAHashThatNobodyKnowsIsNobodysPassword(t *testing.T) {
	k := accounttest.New(t)
	a := addWithHash(t, k, "odd@x.test", bcryptOf(t, good))
	for _, hash := range []string{"$md5$x", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "secret"} {
		must(t, k.Store.Update(t.Context(), func(tx account.Tx) error { return tx.SetPassword(a.ID, hash, "odd") }))
		_, _, err := k.SignInMember(t.Context(), someone, "odd@x.test", good, token.Secret{})
		wants(t, hash, err, account.SignInRefused)
	}
	must(t, k.CountDecoys(t.Context()))
	_, _, err := k.SignInMember(t.Context(), someone, "nobody@x.test", good, token.Secret{})
	wants(t, "an unknown address, whose decoy would be of that class", err, account.SignInRefused)
}
