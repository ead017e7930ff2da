package postgres_test

import (
	"context"
	"sync"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/store/postgres"
	"matricula/internal/store/postgres/pgtest"
	"matricula/internal/token"
)

// paused is a store whose first change waits before its commit until meanwhile is
// done.
type paused struct {
	account.Store
	meanwhile func()
	once      sync.Once
}

// Update implements account.Store.
func (p *paused) Update(ctx context.Context, change func(account.Tx) error) error {
	return p.Store.Update(ctx, func(tx account.Tx) error {
		err := change(tx)
		p.once.Do(p.meanwhile)
		return err
	})
}

// TestSignOutEverywhereEndsWhatWasGotMeanwhile: signing an account out everywhere and signing in are
// one after the other, and everybody sees them so. A session that was answered before the
// sign-out was, and taken by others while older ones still were, must not outlive it.
func TestSignOutEverywhereEndsWhatWasGotMeanwhile(t *testing.T) {
	store, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t), Migrate: true, AllowLoss: true, Pool: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	const email, secret = "ada@x.test", "a passphrase that is long enough"
	k := accounttest.Over(t, store)
	ada, err := k.CreateAccount(t.Context(), account.Caller{Actor: "operator"}, account.NewAccount{Email: email, Name: "Ada", Password: token.SecretOf(secret)})
	if err != nil {
		t.Fatal(err)
	}
	signIn := func() token.Secret {
		_, cookie, err := k.SignInMember(t.Context(), account.Caller{}, email, secret, token.Secret{})
		if err != nil {
			t.Error(err)
		}
		return cookie.Secret
	}
	older := signIn()
	var newer token.Secret
	config := k.Config
	config.Store = &paused{Store: store, meanwhile: func() {
		newer = signIn()
		if _, err := k.Who(t.Context(), older); err != nil {
			t.Errorf("before the sign-out an older session answers %v, want somebody", err)
		}
	}}
	if _, err := account.New(config).EndSessions(t.Context(), account.Caller{Actor: "operator"}, ada.ID); err != nil {
		t.Fatal(err)
	}
	for name, cookie := range map[string]token.Secret{"older": older, "newer": newer} {
		if _, err := k.Who(t.Context(), cookie); account.CodeOf(err) != account.Unauthenticated {
			t.Errorf("after the sign-out the %s session answers %v, want %v", name, err, account.Unauthenticated)
		}
	}
}
