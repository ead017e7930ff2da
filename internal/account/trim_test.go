package account_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// TestTablesStayBounded floods with addresses that nobody has, from networks that
// change, while the server trims as it does: no heap grows past its bound and what
// one round brings, and who is guessed at keeps resting.
func TestTablesStayBounded(t *testing.T) {
	const most, round, rounds = 200, 100, 30
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Rows = most })
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	if n := looked(t, k, stranger, ada); n != 80 {
		t.Fatalf("%d tries, want 80", n)
	}
	for range 9 {
		must(t, k.RequestReset(t.Context(), stranger, ada))
	}
	k.Deliver(t)
	before := map[account.Heap]int64{}
	for r := range rounds {
		flood(t, k, r*round, round)
		for _, heap := range account.Heaps {
			n, err := k.Store.Read(t.Context()).Rows(heap)
			must(t, err)
			before[heap] = max(before[heap], n)
			if n > most+3*round { // a call brings two events at most, and register one of each
				t.Errorf("round %d: %d %s, want %d at most", r, n, heap, most+3*round)
			}
		}
		must(t, k.Trim(t.Context()))
		for _, heap := range account.Heaps {
			if n, err := k.Store.Read(t.Context()).Rows(heap); err != nil || n > most {
				t.Errorf("round %d: %d %s are left (%v), want %d at most", r, n, heap, err, most)
			}
		}
		k.Clock.Move(time.Second)
	}
	for heap, n := range before {
		if n <= most {
			t.Errorf("the flood brought %d %s at most, and tests nothing", n, heap)
		}
	}
	if n := looked(t, k, stranger, ada); n != 0 {
		t.Errorf("a stranger had %d tries at the resting address after the flood, want none", n)
	}
	_, err = signIn(t, k, from(1), ada, good)
	wants(t, "the owner", err, "")
	must(t, k.RequestReset(t.Context(), stranger, ada))
	if mails := k.Deliver(t); len(mails) != 0 {
		t.Errorf("%d mails beyond the limit went out after the flood", len(mails))
	}
}

// flood makes calls of every kind that strangers make, about addresses that nobody has.
func flood(t *testing.T, k *accounttest.Kit, first, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := first; i < first+n; i++ {
		all.Go(func() {
			ctx, c, email := context.Background(), from(5000+i), fmt.Sprintf("flood%d@x.test", i)
			_, _, err := k.SignInMember(ctx, c, email, "guess", account.Cookie{}.Secret)
			wants(t, "a guess", err, account.SignInRefused)
			_, err = k.OnRoster(ctx, c, email)
			wants(t, "a question", err, "")
			wants(t, "a reset", k.RequestReset(ctx, c, email), "")
		})
	}
	all.Wait()
}

// TestWhatEndsByTimeGoes: a day after a flood little of it is left, and after a month
// nothing.
func TestWhatEndsByTimeGoes(t *testing.T) {
	k := accounttest.New(t)
	flood(t, k, 0, 50)
	rows := func() (n [4]int64) {
		for i, heap := range account.Heaps {
			var err error
			n[i], err = k.Store.Read(t.Context()).Rows(heap)
			must(t, err)
		}
		return n
	}
	k.Clock.Move(time.Hour)
	must(t, k.Purge(t.Context()))
	if got := rows(); got[1] == 0 || got[2] == 0 {
		t.Errorf("within the hour the rows are %v, want all still", got)
	}
	k.Clock.Move(time.Second)
	must(t, k.Purge(t.Context()))
	if got := rows(); got[0] != 50 || got[1] != 0 || got[2] != 0 || got[3] == 0 {
		t.Errorf("after the hour the rows are %v, want failures and events alone", got)
	}
	k.Clock.Move(30 * 24 * time.Hour)
	must(t, k.Purge(t.Context()))
	if got := rows(); got != [4]int64{} {
		t.Errorf("after a month the rows are %v, want none", got)
	}
}
