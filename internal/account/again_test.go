package account_test

import (
	"strings"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// TestRegisteringAgainBringsWhatIsMissing: who has not confirmed the address can't
// "just sign in", so the second mail carries a link that confirms it, too.
func TestRegisteringAgainBringsWhatIsMissing(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), operator, []string{chess})
	must(t, err)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	first := k.Link(t, chess)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	second := k.Link(t, chess)
	if first.String() == second.String() || !strings.HasPrefix(second.Path, "/api/user/confirm/") {
		t.Fatalf("the second mail leads to %s, the first to %s", second, first)
	}
	if mails := k.Deliver(t); len(mails) != 0 {
		t.Errorf("%d mails are left, want none", len(mails))
	}
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
