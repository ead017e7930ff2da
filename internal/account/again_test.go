package account_test

import (
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// TestRegisteringAgainConfirmsNobodysPassword: a stranger has registered the owner's
// address first. The owner registers, too, and follows the mail that says what there
// is: the password is the owner's then, and the stranger's is nobody's.
func TestRegisteringAgainConfirmsNobodysPassword(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), operator, []string{chess})
	must(t, err)
	strangers := registration(chess)
	strangers.Password = token.SecretOf(better)
	must(t, k.SignUp(t.Context(), someone, strangers))
	k.Deliver(t) // which the owner takes for spam

	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	if link := k.Link(t, chess); link.Path != "/forgot" {
		t.Fatalf("the second mail leads to %s, want to where a password is asked for", link)
	}
	must(t, k.Reset(t.Context(), someone, resetToken(t, k, chess), good))
	signedIn(t, k, chess, good)
	_, err = k.SignInOfficer(t.Context(), someone, chess, better)
	wants(t, "the stranger's password", err, account.SignInRefused)
}

// TestAnAddressRestsUntilItMayTryAgain holds what an operator is told to what the
// rules do.
func TestAnAddressRestsUntilItMayTryAgain(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 2 })
	a, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ada@x.test", Name: "Ada", Password: token.SecretOf(good)})
	must(t, err)
	rests := func(want time.Time) {
		t.Helper()
		if got, err := k.RestsUntil(t.Context(), a); err != nil || !got.Equal(want) {
			t.Errorf("rests until %v (%v), want %v", got, err, want)
		}
	}
	for range 2 {
		rests(time.Time{})
		_, _, err := k.SignInMember(t.Context(), someone, "ada@x.test", "wrong", token.Secret{})
		wants(t, "a wrong password", err, account.SignInRefused)
	}
	rests(k.Clock.Now().Add(15 * time.Minute))
	k.Clock.Move(15 * time.Minute)
	rests(time.Time{})
}
