package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
)

// many is how many do the same thing at once.
const many = 50

// both opens a database twice, for what must hold over instances too; worker i
// takes one of the two.
func both(t *testing.T, open Open) func(i int) account.Store {
	stores := []account.Store{open(t), open(t)}
	return func(i int) account.Store { return stores[i%2] }
}

// raceOneAddress registers as the rules do: look, and add where nothing was found.
func raceOneAddress(t *testing.T, open Open) {
	s := both(t, open)
	var firsts atomic.Int64
	together(many, func(i int) {
		var first bool
		err := s(i).Update(background, func(tx account.Tx) error {
			first = false
			_, err := tx.AccountByEmail("ada@x.test")
			if !errors.Is(err, account.NotFound) {
				return err
			}
			id, err := tx.AddAccount(person("ada@x.test"), "")
			if err != nil {
				return err
			}
			if _, err := tx.AddClub(chess(id, "chess")); err != nil {
				return err
			}
			first = true
			return tx.AddEvent(account.Event{At: noon, Kind: account.SignedUp, Account: id})
		})
		if err != nil {
			t.Errorf("registration %d: %v", i, err)
		}
		if first {
			firsts.Add(1)
		}
	})
	want(t, "registrations that made the account", firsts.Load(), int64(1))
	wantRead(t, "accounts", 1)(count(read(t, s(0)).Accounts(0, 10)))
	wantRead(t, "clubs", 1)(count(read(t, s(0)).Clubs(0, 10)))
	wantRead(t, "events", 1)(count(read(t, s(0)).Events(0, 0, 10)))

	// And blindly: then all but one are refused.
	var taken atomic.Int64
	together(many, func(i int) {
		err := s(i).Update(background, func(tx account.Tx) error {
			_, err := tx.AddAccount(person("bob@x.test"), "")
			return err
		})
		switch account.CodeOf(err) {
		case account.Taken:
			taken.Add(1)
		case "":
			if err != nil {
				t.Errorf("account %d: %v", i, err)
			}
		}
	})
	want(t, "accounts that were refused", taken.Load(), int64(many-1))
}

// trues counts how many of many changes at once answer true.
func trues(t *testing.T, s func(int) account.Store, change func(tx account.Tx, i int) (bool, error)) (n int64) {
	t.Helper()
	var all atomic.Int64
	together(many, func(i int) {
		var yes bool
		err := s(i).Update(background, func(tx account.Tx) (err error) {
			yes, err = change(tx, i)
			return err
		})
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
		if yes {
			all.Add(1)
		}
	})
	return all.Load()
}

func raceOneMailToken(t *testing.T, open Open) {
	s := both(t, open)
	of := addAccount(t, s(0), "ada@x.test")
	update(t, s(0), func(tx account.Tx) error {
		return tx.AddMailToken(account.MailToken{ID: tokenID(1), Account: of, Kind: account.ResetToken, CreatedAt: noon, ExpiresAt: noon})
	})
	got := trues(t, s, func(tx account.Tx, i int) (bool, error) {
		used, err := tx.EndMailToken(tokenID(1))
		if err != nil || !used {
			return false, err
		}
		return true, tx.SetPassword(of, fmt.Sprint("hash ", i), "argon2id")
	})
	want(t, "uses that won", got, int64(1))
}

func raceOneRehash(t *testing.T, open Open) {
	s := both(t, open)
	a := person("ada@x.test")
	a.PasswordHash = "old"
	id := made(t, s(0), func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "bcrypt") })
	got := trues(t, s, func(tx account.Tx, i int) (bool, error) {
		return tx.Rehash(id, "old", fmt.Sprint("fresh ", i), "argon2id")
	})
	want(t, "rehashes that won", got, int64(1))
}

// raceLinkNames makes clubs of one name as the rules do: ask for the names in use
// and take the first that is free.
func raceLinkNames(t *testing.T, open Open) {
	s := both(t, open)
	var owners []int64
	for i := range many {
		owners = append(owners, addAccount(t, s(0), fmt.Sprintf("p%d@x.test", i)))
	}
	together(many, func(i int) {
		err := s(i).Update(background, func(tx account.Tx) error {
			names, err := tx.LinkNames("chess")
			if err != nil {
				return err
			}
			link := "chess"
			if n := len(names); n > 0 {
				link = fmt.Sprintf("chess-%d", n+1)
			}
			_, err = tx.AddClub(chess(owners[i], link))
			return err
		})
		if err != nil {
			t.Errorf("club %d: %v", i, err)
		}
	})
	wantRead(t, "link names", many)(count(read(t, s(0)).LinkNames("chess")))
}

// raceClaims has workers claim and end mails until none is left.
func raceClaims(t *testing.T, open Open) {
	s := both(t, open)
	const mails = 60
	addMails(t, s(0), mails)
	now := noon.Add(time.Hour)
	var mu sync.Mutex
	sent := map[int64]int{}
	together(8, func(worker int) {
		for round := 0; ; round++ {
			lease := tokenID(100*worker + round)
			var claimed []account.OutboxMail
			err := s(worker).Update(background, func(tx account.Tx) (err error) {
				claimed, err = tx.ClaimMail(now, lease, now.Add(time.Minute), 3)
				return err
			})
			if err != nil {
				t.Errorf("claim: %v", err)
				return
			}
			if len(claimed) == 0 {
				return
			}
			mu.Lock()
			for _, m := range claimed {
				sent[m.ID]++
			}
			mu.Unlock()
			for _, m := range claimed {
				var held bool
				err := s(worker).Update(background, func(tx account.Tx) (err error) {
					held, err = tx.EndMail(m.ID, lease)
					return err
				})
				if err != nil || !held {
					t.Errorf("mail %d: held %v, %v", m.ID, held, err)
				}
			}
		}
	})
	if len(sent) != mails {
		t.Errorf("%d mails were sent, want %d", len(sent), mails)
	}
	for id, n := range sent {
		if n != 1 {
			t.Errorf("mail %d was sent %d times", id, n)
		}
	}
}

func raceFailures(t *testing.T, open Open) {
	raceCount(t, open, func(tx account.Tx, _ int) (int64, error) { return tx.AddFailure(digest(1), strangers, noon) })
}

// raceCount counts a subject up on both sides.
func raceCount(t *testing.T, open Open, add func(account.Tx, int) (int64, error)) {
	s := both(t, open)
	var mu sync.Mutex
	counts := map[int64]bool{}
	together(many, func(i int) {
		var n int64
		err := s(i).Update(background, func(tx account.Tx) (err error) {
			n, err = add(tx, i)
			return err
		})
		if err != nil {
			t.Errorf("number %d: %v", i, err)
		}
		mu.Lock()
		counts[n] = true
		mu.Unlock()
	})
	if len(counts) != many || !counts[1] || !counts[many] {
		t.Errorf("got %d different counts, want each from 1 to %d", len(counts), many)
	}
}

// raceLookups spends a budget as the rules do: what is over it is rolled back.
func raceLookups(t *testing.T, open Open) {
	s := both(t, open)
	const limit = 10
	over := errors.New("over the limit")
	var within atomic.Int64
	together(many, func(i int) {
		err := s(i).Update(background, func(tx account.Tx) error {
			asked, err := tx.AddLookup(digest(1), digest(i), noon, noon.Add(-time.Hour))
			if err == nil && asked.Count > limit {
				return over
			}
			return err
		})
		switch err {
		case nil:
			within.Add(1)
		case over:
		default:
			t.Errorf("lookup %d: %v", i, err)
		}
	})
	want(t, "lookups within the limit", within.Load(), int64(limit))
}

func raceTallies(t *testing.T, open Open) {
	raceCount(t, open, func(tx account.Tx, i int) (int64, error) {
		return tx.AddTally(digest(1), noon.Add(time.Duration(i)), noon.Add(-time.Hour))
	})
}

// raceReads has everybody ask again and again whom a session stands for: each is told of
// the own account, and of none from when its sessions have ended.
func raceReads(t *testing.T, open Open) {
	s := both(t, open)
	addCohort(t, s(0), 2026)
	ids := make([]int64, many/2)
	for i := range ids {
		name := fmt.Sprint("person-", i)
		ids[i] = addAccount(t, s(0), name)
		addClub(t, s(0), ids[i], name)
		addSession(t, s(0), clubsSession(ids[i], tokenID(i)))
		addSession(t, s(0), cohortsSession(ids[i], digest(i)))
		made(t, s(0), func(tx account.Tx) (int64, error) {
			return tx.AddStudent(account.Student{Account: ids[i], Year: 2026, MatricNo: name})
		})
	}
	together(many, func(i int) {
		person, r, absent := i/2, s(i).Read(background), digest(i/2)
		for round := range 12 {
			ends := i%2 == 0
			if ends && round == 6 {
				endAll(t, s(i), ids[person])
			}
			for what, told := range toldOf(r, person) {
				switch {
				case ends && round >= 6 && told != nobody:
					t.Errorf("%s, round %d: account %d, whose sessions have ended", what, round, told)
				case (ends && round < 6 || told != nobody) && told != ids[person]:
					t.Errorf("%s, round %d: account %d, want %d", what, round, told, ids[person])
				}
			}
			if _, err := r.Holder(account.Clubs, absent[:]); !errors.Is(err, account.NotFound) { // of the other contract
				t.Errorf("a session that isn't there: %v", err)
			}
		}
	})
}

// nobody is the account of a session that isn't there.
const nobody = 0

// toldOf answers whom the sessions of a person stand for, by the way it was asked; -1 is
// for what doesn't fit together, and for an error.
func toldOf(r account.Reader, person int) map[string]int64 {
	token, cookie, name := tokenID(person), digest(person), fmt.Sprint("person-", person)
	told := map[string]int64{}
	note := func(what string, id int64, fits bool, err error) {
		switch {
		case errors.Is(err, account.NotFound):
			id = nobody
		case err != nil || !fits:
			id = -1
		}
		told[what] = id
	}
	h, err := r.Holder(account.Clubs, token[:])
	note("holder", h.Account.ID, h.Session.Account == h.Account.ID && h.Account.Name == "Ada "+name, err)
	h, club, err := r.Officer(token, tokenID(1000+person))
	note("officer", h.Account.ID, club.Owner == h.Account.ID && club.LinkName == name, err)
	m, _, err := r.Member(cookie[:], noon)
	note("member", m.Account.ID, m.Roles.Student != nil && m.Roles.Student.MatricNo == name, err)
	return told
}

func endAll(t *testing.T, s account.Store, of int64) {
	err := s.Update(background, func(tx account.Tx) error {
		_, err := tx.EndSessions(of, nil, account.Clubs, account.Cohorts)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func raceMeta(t *testing.T, open Open) {
	s := both(t, open)
	var mu sync.Mutex
	kept := map[string]bool{}
	together(many, func(i int) {
		var value string
		err := s(i).Update(background, func(tx account.Tx) (err error) {
			value, err = tx.SetMeta("issuer", fmt.Sprint(i))
			return err
		})
		if err != nil {
			t.Errorf("set %d: %v", i, err)
		}
		mu.Lock()
		kept[value] = true
		mu.Unlock()
	})
	if len(kept) != 1 {
		t.Errorf("got %d different values, want one for all", len(kept))
	}
}
