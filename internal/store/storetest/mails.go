package storetest

import (
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

func mailTokenEndsOnce(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	m := account.MailToken{ID: tokenID(1), Account: of, Kind: account.ConfirmToken, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	decoy := account.MailToken{ID: tokenID(2), Kind: account.ResetToken, CreatedAt: noon, ExpiresAt: noon}
	for _, m := range []account.MailToken{m, decoy} {
		update(t, s, func(tx account.Tx) error { return tx.AddMailToken(m) })
		wantRead(t, "mail token", m)(read(t, s).MailToken(m.ID))
	}
	end := func(tx account.Tx) (bool, error) { return tx.EndMailToken(m.ID) }
	did(t, s, "end", true, end)
	did(t, s, "end again", false, end)
	if _, err := read(t, s).MailToken(m.ID); err != account.NotFound {
		t.Errorf("a token that ended: got %v, want NotFound", err)
	}
	wantRead(t, "the other one", decoy)(read(t, s).MailToken(decoy.ID))
	refused(t, s, account.NotFound, "", func(tx account.Tx) error {
		return tx.AddMailToken(account.MailToken{ID: tokenID(3), Account: 99, Kind: account.ResetToken, CreatedAt: noon, ExpiresAt: noon})
	})
}

func mailTokensEndByKind(t *testing.T, open Open) {
	s := open(t)
	kinds := []account.MailTokenKind{account.ConfirmToken, account.ResetToken, account.ResetLinkToken, account.SetPasswordToken}
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	for i, of := range []int64{ada, bob} {
		for j, kind := range kinds {
			update(t, s, func(tx account.Tx) error {
				return tx.AddMailToken(account.MailToken{ID: tokenID(10*i + j), Account: of, Kind: kind, CreatedAt: noon, ExpiresAt: noon})
			})
		}
	}
	update(t, s, func(tx account.Tx) error { return tx.EndMailTokens(ada) })
	update(t, s, func(tx account.Tx) error { return tx.EndMailTokens(ada, account.ResetToken, account.SetPasswordToken) })
	for i := range 2 {
		for j, kind := range kinds {
			wanted := error(nil)
			if i == 0 && (kind == account.ResetToken || kind == account.SetPasswordToken) {
				wanted = account.NotFound
			}
			if _, err := read(t, s).MailToken(tokenID(10*i + j)); err != wanted {
				t.Errorf("%s token of account %d: got %v, want %v", kind, i+1, err, wanted)
			}
		}
	}
}

// addMails puts n mails into the outbox, each due a second after the one before.
func addMails(t *testing.T, s account.Store, n int) {
	t.Helper()
	update(t, s, func(tx account.Tx) error {
		for i := range n {
			at := noon.Add(time.Duration(i) * time.Second)
			err := tx.AddMail(account.OutboxMail{Template: "reset", To: fmt.Sprintf("p%d@x.test", i), CreatedAt: at, DueAt: at})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// claim leases mails and answers whom they are to.
func claim(t *testing.T, s account.Store, now time.Time, lease token.ID, until time.Time, limit int) (to []string) {
	t.Helper()
	var mails []account.OutboxMail
	update(t, s, func(tx account.Tx) (err error) {
		mails, err = tx.ClaimMail(now, lease, until, limit)
		return err
	})
	for _, m := range mails {
		to = append(to, m.To)
	}
	return to
}

func mailIsClaimedOldestFirst(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	m := account.OutboxMail{
		Account: of, Template: "confirm", To: "Ada@x.test", Token: tokenID(1),
		Data:      account.MailData{Club: "Chess \"& Co\"", Origin: "https://x.test", OldEmail: "o@x.test", NewEmail: "n@x.test"},
		CreatedAt: noon.Add(-time.Hour), DueAt: noon.Add(-time.Minute), Attempts: 2, LastError: "451 later",
	}
	update(t, s, func(tx account.Tx) error { return tx.AddMail(m) })
	var got []account.OutboxMail
	update(t, s, func(tx account.Tx) (err error) {
		got, err = tx.ClaimMail(noon, tokenID(7), noon.Add(time.Minute), 10)
		return err
	})
	m.ID = 1
	want(t, "the claimed mail", got, []account.OutboxMail{m})

	addMails(t, s, 5)
	late := noon.Add(time.Hour)
	update(t, s, func(tx account.Tx) error { // added last, due first
		return tx.AddMail(account.OutboxMail{To: "first@x.test", CreatedAt: noon, DueAt: noon.Add(-time.Second)})
	})
	want(t, "due three seconds later", claim(t, s, noon.Add(3*time.Second), tokenID(8), late, 3), []string{"first@x.test", "p0@x.test", "p1@x.test"})
	want(t, "the next ones", claim(t, s, noon.Add(3*time.Second), tokenID(9), late, 3), []string{"p2@x.test", "p3@x.test"})
	want(t, "nothing more is due", claim(t, s, noon.Add(3*time.Second), tokenID(10), late, 3), []string{})
	want(t, "the last one", claim(t, s, noon.Add(4*time.Second), tokenID(11), late, 3), []string{"p4@x.test"})
}

func leaseHolds(t *testing.T, open Open) {
	s := open(t)
	addMails(t, s, 1)
	until := noon.Add(time.Minute)
	first, second := tokenID(1), tokenID(2)
	want(t, "first", claim(t, s, noon, first, until, 1), []string{"p0@x.test"})
	want(t, "while the lease holds", claim(t, s, until, second, until.Add(time.Minute), 1), []string{})
	want(t, "after the lease", claim(t, s, until.Add(time.Microsecond), second, until.Add(time.Minute), 1), []string{"p0@x.test"})
}

// staleLease has a worker come back after its lease went to another.
func staleLease(t *testing.T, open Open) {
	s := open(t)
	addMails(t, s, 1)
	until := noon.Add(time.Minute)
	stale, holder := tokenID(1), tokenID(2)
	claim(t, s, noon, stale, until, 1)
	claim(t, s, until.Add(time.Second), holder, until.Add(time.Minute), 1)
	did(t, s, "end by the stale lease", false, func(tx account.Tx) (bool, error) { return tx.EndMail(1, stale) })
	did(t, s, "defer by the stale lease", false, func(tx account.Tx) (bool, error) {
		return tx.DeferMail(1, stale, noon, "stale", noon)
	})
	wantRead(t, "stats", account.OutboxStats{Waiting: 1, Oldest: noon})(read(t, s).OutboxStats())
	did(t, s, "end by the holder", true, func(tx account.Tx) (bool, error) { return tx.EndMail(1, holder) })
	did(t, s, "end again", false, func(tx account.Tx) (bool, error) { return tx.EndMail(1, holder) })
	wantRead(t, "stats after the end", account.OutboxStats{})(read(t, s).OutboxStats())
}

func mailIsDeferred(t *testing.T, open Open) {
	s := open(t)
	addMails(t, s, 1)
	until := noon.Add(time.Minute)
	claim(t, s, noon, tokenID(1), until, 1)
	due := noon.Add(10 * time.Second)
	did(t, s, "defer", true, func(tx account.Tx) (bool, error) {
		return tx.DeferMail(1, tokenID(1), due, "451 later\x00\xff", time.Time{}) // a server may say anything
	})
	did(t, s, "end by a lease that was given back", false, func(tx account.Tx) (bool, error) { return tx.EndMail(1, tokenID(1)) })
	want(t, "before it is due", claim(t, s, due.Add(-time.Microsecond), tokenID(2), until, 1), []string{})
	var got []account.OutboxMail
	update(t, s, func(tx account.Tx) (err error) {
		got, err = tx.ClaimMail(due, tokenID(3), until, 1)
		return err
	})
	want(t, "when it is due", got, []account.OutboxMail{{
		ID: 1, Template: "reset", To: "p0@x.test", CreatedAt: noon, DueAt: due, Attempts: 1, LastError: "451 later\uFFFD\uFFFD",
	}})

	did(t, s, "give up", true, func(tx account.Tx) (bool, error) {
		return tx.DeferMail(1, tokenID(3), due, "550 no such user", noon)
	})
	want(t, "given up", claim(t, s, due.Add(time.Hour), tokenID(4), due.Add(2*time.Hour), 1), []string{})
	wantRead(t, "stats", account.OutboxStats{Dead: 1})(read(t, s).OutboxStats())
}

func outboxStats(t *testing.T, open Open) {
	s := open(t)
	addMails(t, s, 3)
	wantRead(t, "stats", account.OutboxStats{Waiting: 3, Oldest: noon})(read(t, s).OutboxStats())
	claim(t, s, noon, tokenID(1), noon.Add(time.Minute), 1)
	did(t, s, "give up", true, func(tx account.Tx) (bool, error) { return tx.DeferMail(1, tokenID(1), noon, "550", noon) })
	wantRead(t, "stats with a dead one", account.OutboxStats{Waiting: 2, Dead: 1, Oldest: noon.Add(time.Second)})(read(t, s).OutboxStats())
}
