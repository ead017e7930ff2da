package account_test

import (
	"context"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// TestHangingUpTakesNoGuessBack: a guess that was looked at counts and is told of,
// also when the guesser doesn't wait for the answer. Else passwords without end could be
// looked at.
func TestHangingUpTakesNoGuessBack(t *testing.T) {
	few := func(c *account.Config) { c.Limits.Failures = 3 }
	whole := accounttest.New(t, few)
	a := officer(t, whole, chess)
	left := &leftStore{Store: whole.Store}
	k := accounttest.Over(t, left, few)
	for range 5 {
		ctx, hangUp := context.WithCancel(t.Context())
		left.in, left.hangUp = 2, hangUp // the try is counted, the refusal is about to be written
		_, _ = k.SignInOfficer(ctx, someone, chess, "wrong")
		hangUp()
	}
	_, err := k.SignInOfficer(t.Context(), someone, chess, "wrong")
	wants(t, "the tries are used up", err, account.TooMany)
	events, err := k.Events(t.Context(), a.ID, 0, 1000)
	must(t, err)
	failed := 0
	for _, e := range events {
		if e.Kind == account.SignInFailed {
			failed++
		}
	}
	if failed != 3 {
		t.Errorf("got %d events of a failure, want 3", failed)
	}
}

// leftStore has the caller gone when a change begins.
type leftStore struct {
	account.Store
	in     int // how many changes from now
	hangUp func()
}

func (s *leftStore) Update(ctx context.Context, change func(account.Tx) error) error {
	if s.in--; s.in == 0 {
		s.hangUp()
	}
	return s.Store.Update(ctx, change)
}
