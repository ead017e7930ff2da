package account_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"matricula/internal/account"
)

// TestAnswersLeaveAtMultiplesOfAGrain has changes take this long and that.
func TestAnswersLeaveAtMultiplesOfAGrain(t *testing.T) {
	for takes, want := range map[time.Duration]time.Duration{
		0:                        time.Millisecond,
		300 * time.Microsecond:   time.Millisecond,
		980 * time.Microsecond:   time.Millisecond,
		1020 * time.Microsecond:  2 * time.Millisecond,
		23400 * time.Microsecond: 24 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := account.New(account.Config{Store: slowStore{takes: takes}, Now: time.Now})
			begun := time.Now()
			must(t, s.RequestReset(t.Context(), someone, chess))
			if took := time.Since(begun); took != want {
				t.Errorf("a change of %v is answered after %v, want %v", takes, took, want)
			}
		})
	}
}

// TestWhoHasGoneIsNotWaitedFor ends the request while the answer waits.
func TestWhoHasGoneIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := account.New(account.Config{Store: slowStore{}, Now: time.Now})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Microsecond)
		defer cancel()
		begun := time.Now()
		must(t, s.ResendConfirm(ctx, someone, chess))
		if took := time.Since(begun); took != 100*time.Microsecond {
			t.Errorf("answered after %v, want %v", took, 100*time.Microsecond)
		}
	})
}

// slowStore takes a time for each change, and does nothing.
type slowStore struct {
	account.Store
	takes time.Duration
}

func (s slowStore) Update(context.Context, func(account.Tx) error) error {
	if s.takes > 0 {
		<-time.After(s.takes)
	}
	return nil
}
