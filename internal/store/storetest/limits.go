package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

func events(t *testing.T, open Open) {
	s := open(t)
	full := account.Event{
		At: noon, Kind: account.SignedIn, Account: 7, Actor: "operator", Client: "2001:db8::1", RequestID: "r1", Detail: "clubs",
	}
	update(t, s, func(tx account.Tx) error { return tx.AddEvent(full) })
	full.ID = 1
	wantRead(t, "the event", []account.Event{full})(read(t, s).Events(7, 0, 10))
	for i := range 6 {
		update(t, s, func(tx account.Tx) error {
			// Later ids with earlier times: newest is by id, as it was written.
			return tx.AddEvent(account.Event{At: noon.Add(-time.Duration(i) * time.Hour), Kind: account.SignInFailed, Account: int64(i % 2)})
		})
	}
	pages := func(of int64) (got []int64) {
		for before := int64(0); ; {
			page, err := read(t, s).Events(of, before, 2)
			if err != nil || len(page) > 2 {
				t.Fatalf("got %d events and %v, want 2 at most", len(page), err)
			}
			if len(page) == 0 {
				return got
			}
			for _, e := range page {
				got, before = append(got, e.ID), e.ID
			}
		}
	}
	want(t, "of all", pages(0), []int64{7, 6, 5, 4, 3, 2, 1})
	want(t, "of one account", pages(1), []int64{7, 5, 3})
}

func signingKeys(t *testing.T, open Open) {
	s := open(t)
	keys := []account.SealedKey{
		{ID: "b", CreatedAt: noon, Sealed: []byte{0, 1, 255}},
		{ID: "a", CreatedAt: noon.Add(time.Second), Sealed: []byte("sealed")},
	}
	for _, i := range []int{1, 0} {
		update(t, s, func(tx account.Tx) error { return tx.AddSigningKey(keys[i]) })
	}
	wantRead(t, "keys", keys)(read(t, s).SigningKeys())
	refused(t, s, account.Taken, "", func(tx account.Tx) error { return tx.AddSigningKey(keys[0]) })
}

func meta(t *testing.T, open Open) {
	s := open(t)
	set := func(value string) (kept string) {
		update(t, s, func(tx account.Tx) (err error) {
			kept, err = tx.SetMeta("issuer", value)
			return err
		})
		return kept
	}
	want(t, "first", set("https://one.test"), "https://one.test")
	want(t, "second", set("https://two.test"), "https://one.test")
	wantRead(t, "meta", "https://one.test")(read(t, s).Meta("issuer"))
}

func lookups(t *testing.T, open Open) {
	s := open(t)
	ask := func(network, address int, at time.Time) (n int64) {
		update(t, s, func(tx account.Tx) (err error) {
			asked, err := tx.AddLookup(digest(network), digest(address), at, at.Add(-time.Hour))
			n = asked.Count
			return err
		})
		return n
	}
	for _, step := range []struct {
		what             string
		network, address int
		at               time.Duration
		want             int64
	}{
		{"a first address", 1, 1, 0, 1},
		{"the same again", 1, 1, 10 * time.Minute, 1},
		{"a second address", 1, 2, 20 * time.Minute, 2},
		{"another network", 2, 3, 20 * time.Minute, 1},
		{"an hour after the first", 1, 3, time.Hour, 3},
		{"when the first has gone", 1, 2, time.Hour + time.Microsecond, 2}, // not moved by being asked again
		{"the first once more", 1, 1, time.Hour + time.Second, 3},
		{"when the second has gone", 1, 1, 80*time.Minute + time.Microsecond, 2},
		{"a clock that runs ahead", 3, 1, 24 * time.Hour, 1},
		{"the clock put right, another address", 3, 2, 0, 1},
		{"the clock put right, the first address", 3, 1, 0, 2},
	} {
		if got := ask(step.network, step.address, noon.Add(step.at)); got != step.want {
			t.Errorf("%s: got %d, want %d", step.what, got, step.want)
		}
	}
	for i, isNew := range []bool{true, false} {
		var asked account.Asked
		update(t, s, func(tx account.Tx) (err error) {
			asked, err = tx.AddLookup(digest(4), digest(1), noon.Add(time.Duration(i)*time.Minute), noon.Add(-time.Hour))
			return err
		})
		want(t, "what it asked", asked, account.Asked{Count: 1, Oldest: noon, New: isNew})
	}
	update(t, s, func(tx account.Tx) error { return tx.ForgetLookup(digest(1), digest(1)) })
	update(t, s, func(tx account.Tx) error { return tx.ForgetLookup(digest(1), digest(9)) })
	want(t, "after one was taken back", ask(1, 5, noon.Add(81*time.Minute)), int64(2))
	for _, n := range []int64{3, 0} {
		var gone int64
		update(t, s, func(tx account.Tx) (err error) { gone, err = tx.ForgetLookups(digest(1)); return err })
		want(t, "taken back together", gone, n)
	}
	want(t, "after all were taken back", ask(1, 6, noon.Add(81*time.Minute)), int64(1))
	want(t, "of another network", ask(2, 6, noon.Add(79*time.Minute)), int64(2))
}

// purge puts in one row of each kind on either side of its end, and each kind has
// an end of its own.
func purge(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	end := func(hours int) time.Time { return noon.Add(time.Duration(-hours) * time.Hour) }
	ends := account.Ends{
		Sessions: end(1), MailTokens: end(2), Revoked: end(3), DeadMails: end(4), Lookups: end(5), Failures: end(6), Events: end(7),
		Known: end(8), Tallies: end(10),
	}
	event := func(tx account.Tx, at time.Time, concerned int64, actor string) error {
		return tx.AddEvent(account.Event{At: at, Kind: account.SignInFailed, Account: concerned, Actor: actor})
	}
	update(t, s, func(tx account.Tx) error {
		for i, before := range []time.Duration{time.Microsecond, 0} {
			session := clubsSession(of, tokenID(i))
			session.KeepUntil = ends.Sessions.Add(-before)
			if err := tx.AddSession(session); err != nil {
				return err
			}
			if _, err := tx.RevokeAccess(tokenID(i), ends.Revoked.Add(-before)); err != nil {
				return err
			}
			m := account.MailToken{ID: tokenID(i), Account: of, Kind: account.ResetToken, CreatedAt: end(9), ExpiresAt: ends.MailTokens.Add(-before)}
			if err := tx.AddMailToken(m); err != nil {
				return err
			}
			if err := tx.AddMail(account.OutboxMail{CreatedAt: end(9), DueAt: end(9), DeadAt: ends.DeadMails.Add(-before)}); err != nil {
				return err
			}
			if _, err := tx.AddLookup(digest(1), digest(i), ends.Lookups.Add(-before), end(9)); err != nil {
				return err
			}
			if _, err := tx.AddFailure(digest(i), strangers, ends.Failures.Add(-before)); err != nil {
				return err
			}
			if err := tx.AddKnown(digest(1), digest(i), end(9), ends.Known.Add(-before), 10); err != nil {
				return err
			}
			if _, err := tx.AddTally(digest(i), ends.Tallies.Add(-before), end(99)); err != nil {
				return err
			}
			at := ends.Events.Add(-before)
			if err := errors.Join(event(tx, at, 0, ""), event(tx, at, of, ""), event(tx, at, 0, "operator")); err != nil {
				return err
			}
		}
		return tx.AddMail(account.OutboxMail{CreatedAt: end(9), DueAt: end(9)}) // waits, however old
	})
	gone := func() (n int64) {
		update(t, s, func(tx account.Tx) (err error) {
			n, err = tx.Purge(ends, 100)
			return err
		})
		return n
	}
	want(t, "gone", gone(), int64(9))
	want(t, "gone the second time", gone(), int64(0))

	r := read(t, s)
	for i, wanted := range []error{account.NotFound, nil} {
		id := tokenID(i)
		if _, err := r.Holder(account.Clubs, id[:]); err != wanted {
			t.Errorf("session %d: got %v, want %v", i, err, wanted)
		}
		if _, err := r.MailToken(id); err != wanted {
			t.Errorf("mail token %d: got %v, want %v", i, err, wanted)
		}
		f, err := r.Failures(digest(i), strangers)
		if err != nil || f.Count != int64(i) {
			t.Errorf("failures %d: got %d and %v, want %d", i, f.Count, err, i)
		}
		did(t, s, fmt.Sprint("revoke again ", i), i == 0, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(id, noon) })
	}
	wantRead(t, "mails", account.OutboxStats{Waiting: 1, Dead: 1, Oldest: end(9)})(r.OutboxStats())
	wantRead(t, "events of the account", 2)(count(r.Events(of, 0, 10)))
	wantRead(t, "events of all", 5)(count(r.Events(0, 0, 10)))
	wantRead(t, "known left", []token.Digest{digest(1)})(r.Known(digest(1), end(99), digest(0), digest(1)))
	wantRead(t, "tallies left", int64(1))(r.Rows(account.TallyRows))
	var asked account.Asked
	update(t, s, func(tx account.Tx) (err error) {
		asked, err = tx.AddLookup(digest(1), digest(1), noon, time.UnixMicro(0))
		return err
	})
	want(t, "lookups left", asked.Count, int64(1))
}

func purgeIsBounded(t *testing.T, open Open) {
	s := open(t)
	update(t, s, func(tx account.Tx) error {
		for i := range 5 {
			if _, err := tx.RevokeAccess(tokenID(i), noon); err != nil {
				return err
			}
			if err := tx.AddEvent(account.Event{At: noon, Kind: account.SignInFailed}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, wanted := range []int64{4, 4, 2, 0} {
		var gone int64
		update(t, s, func(tx account.Tx) (err error) {
			after := noon.Add(time.Second)
			gone, err = tx.Purge(account.Ends{Revoked: after, Events: after}, 2)
			return err
		})
		want(t, "gone", gone, wanted)
	}
}
