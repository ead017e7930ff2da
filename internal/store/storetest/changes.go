package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
)

func updateIsWhole(t *testing.T, open Open) {
	s := open(t)
	update(t, s, func(tx account.Tx) error {
		id, err := tx.AddAccount(person("ada@x.test"), "")
		if err != nil {
			return err
		}
		if _, err := tx.AddClub(chess(id, "chess")); err != nil {
			return err
		}
		return tx.AddEvent(account.Event{At: noon, Kind: account.SignedUp, Account: id})
	})
	club, err := read(t, s).ClubByLink("chess")
	if err != nil {
		t.Fatalf("a change that was answered must be there: %v", err)
	}
	wantEvents(t, s, club.Owner, 1)

	stop := errors.New("stop")
	err = s.Update(t.Context(), func(tx account.Tx) error {
		if err := tx.DeleteClub(club.ID); err != nil {
			return err
		}
		if _, err := tx.AddAccount(person("bob@x.test"), ""); err != nil {
			return err
		}
		if err := tx.AddEvent(account.Event{At: noon, Kind: account.ClubDeleted, Account: club.Owner}); err != nil {
			return err
		}
		return stop
	})
	if err != stop {
		t.Fatalf("got %v, want the change's own error", err)
	}
	if _, err := read(t, s).Club(club.ID); err != nil {
		t.Errorf("a change that failed deleted the club: %v", err)
	}
	if _, err := read(t, s).AccountByEmail("bob@x.test"); !errors.Is(err, account.NotFound) {
		t.Errorf("a change that failed left an account: %v", err)
	}
	wantEvents(t, s, club.Owner, 1)
}

func wantEvents(t *testing.T, s account.Store, of int64, n int) {
	t.Helper()
	all, err := read(t, s).Events(of, 0, 100)
	if err != nil || len(all) != n {
		t.Errorf("got %d events of account %d (%v), want %d", len(all), of, err, n)
	}
}

func updateAnswersTheError(t *testing.T, open Open) {
	s := open(t)
	plain := errors.New("plain")
	refusal := &account.Error{Code: account.TooMany, RetryAfter: time.Minute}
	for _, wanted := range []error{plain, refusal, account.WeakPassword} {
		if got := s.Update(t.Context(), func(account.Tx) error { return wanted }); got != wanted {
			t.Errorf("got %v, want %v itself", got, wanted)
		}
	}
}

func updateTurnsAPanic(t *testing.T, open Open) {
	s := open(t)
	err := s.Update(t.Context(), func(tx account.Tx) error {
		if _, err := tx.AddAccount(person("ada@x.test"), ""); err != nil {
			return err
		}
		panic("a slip of a rule")
	})
	if err == nil || account.CodeOf(err) != "" {
		t.Fatalf("got %v, want an error that is no refusal", err)
	}
	if _, err := read(t, s).AccountByEmail("ada@x.test"); !errors.Is(err, account.NotFound) {
		t.Errorf("a change that panicked left an account: %v", err)
	}
	addAccount(t, s, "ada@x.test") // the store lives on
}

func updateShowsItsWrites(t *testing.T, open Open) {
	s := open(t)
	update(t, s, func(tx account.Tx) error {
		id, err := tx.AddAccount(person("ada@x.test"), "")
		if err != nil {
			return err
		}
		if _, err := tx.Account(id); err != nil {
			return fmt.Errorf("a change must see what it wrote: %w", err)
		}
		if _, err := s.Read(background).Account(id); !errors.Is(err, account.NotFound) {
			return fmt.Errorf("somebody else sees a change that has not ended: %v", err)
		}
		return nil
	})
}

func refusedWriteUndoesItself(t *testing.T, open Open) {
	s := open(t)
	addAccount(t, s, "ada@x.test")
	refused(t, s, account.Taken, "email", func(tx account.Tx) error {
		if err := tx.AddEvent(account.Event{At: noon, Kind: account.AccountMade, Account: 77}); err != nil {
			return err
		}
		_, err := tx.AddAccount(person("ada@x.test"), "")
		return err
	})
	wantEvents(t, s, 77, 0)
}

func updateAfterTheCaller(t *testing.T, open Open) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	err := s.Update(ctx, func(account.Tx) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if ran {
		t.Error("a change ran for a caller who had gone before its turn")
	}
	if _, err := s.Read(ctx).Tags(); !errors.Is(err, context.Canceled) {
		t.Errorf("a read for a caller who has gone: got %v, want context.Canceled", err)
	}
}

func updateCarriesThrough(t *testing.T, open Open) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx account.Tx) error {
		cancel()
		_, err := tx.AddAccount(person("ada@x.test"), "")
		return err
	})
	if err != nil {
		t.Fatalf("a change that has begun must be waited for, and was answered %v", err)
	}
	if _, err := read(t, s).AccountByEmail("ada@x.test"); err != nil {
		t.Errorf("what was answered is not there: %v", err)
	}
}

// failingNeighbours makes many changes at once, so that they share commits where
// the engine does that. Every third fails, every fifth panics.
func failingNeighbours(t *testing.T, open Open) {
	s := open(t)
	const n = 150
	stop := errors.New("stop")
	answers := make([]error, n)
	together(n, func(i int) {
		answers[i] = s.Update(background, func(tx account.Tx) error {
			id, err := tx.AddAccount(person(fmt.Sprintf("p%d@x.test", i)), "")
			if err != nil {
				return err
			}
			if err := tx.AddEvent(account.Event{At: noon, Kind: account.AccountMade, Account: id}); err != nil {
				return err
			}
			switch {
			case i%3 == 0:
				return stop
			case i%5 == 0:
				panic(i)
			}
			return nil
		})
	})
	for i, answer := range answers {
		a, err := read(t, s).AccountByEmail(fmt.Sprintf("p%d@x.test", i))
		there := err == nil
		switch {
		case i%3 == 0:
			if answer != stop || there {
				t.Errorf("change %d failed: got %v and there %v, want its error and nothing", i, answer, there)
			}
		case i%5 == 0:
			if answer == nil || there {
				t.Errorf("change %d panicked: got %v and there %v, want an error and nothing", i, answer, there)
			}
		case answer != nil || !there:
			t.Errorf("change %d was good: got %v and there %v", i, answer, there)
		default:
			wantEvents(t, s, a.ID, 1)
		}
	}
}

// twoInstances has two instances change the same database in turn and at once.
func twoInstances(t *testing.T, open Open) {
	one, two := open(t), open(t)
	id := addAccount(t, one, "ada@x.test")
	if _, err := read(t, two).Account(id); err != nil {
		t.Fatalf("one instance doesn't see what the other was answered: %v", err)
	}
	const n = 40
	together(n, func(i int) {
		s := one
		if i%2 == 0 {
			s = two
		}
		err := s.Update(background, func(tx account.Tx) error {
			_, err := tx.AddFailure(digest(1), digest(2), noon)
			return err
		})
		if err != nil {
			t.Errorf("change %d: %v", i, err)
		}
	})
	for _, s := range []account.Store{one, two} {
		wantRead(t, "failures", account.Failures{Count: n, LastAt: noon})(read(t, s).Failures(digest(1), digest(2)))
	}
}

func readSeesWhatWasAnswered(t *testing.T, open Open) {
	s := open(t)
	together(8, func(worker int) {
		for i := range 10 {
			address := fmt.Sprintf("p%d.%d@x.test", worker, i)
			err := s.Update(background, func(tx account.Tx) error {
				_, err := tx.AddAccount(person(address), "")
				return err
			})
			if err != nil {
				t.Errorf("update: %v", err)
				return
			}
			if _, err := s.Read(background).AccountByEmail(address); err != nil {
				t.Errorf("a read doesn't see what was answered before it: %v", err)
				return
			}
		}
	})
}

func whatIsNotThere(t *testing.T, open Open) {
	r := read(t, open(t))
	id, d := tokenID(1), digest(1)
	for what, ask := range map[string]func() error{
		"Account":        func() error { _, err := r.Account(1); return err },
		"AccountByEmail": func() error { _, err := r.AccountByEmail("ada@x.test"); return err },
		"Holder clubs":   func() error { _, err := r.Holder(account.Clubs, id[:]); return err },
		"Holder cohorts": func() error { _, err := r.Holder(account.Cohorts, d[:]); return err },
		"Officer":        func() error { _, _, err := r.Officer(id, id); return err },
		"MailToken":      func() error { _, err := r.MailToken(id); return err },
		"Club":           func() error { _, err := r.Club(1); return err },
		"ClubByOwner":    func() error { _, err := r.ClubByOwner(1); return err },
		"ClubByLink":     func() error { _, err := r.ClubByLink("chess"); return err },
		"Project":        func() error { _, err := r.Project(1); return err },
		"Meta":           func() error { _, err := r.Meta("issuer"); return err },
	} {
		if err := ask(); err != account.NotFound {
			t.Errorf("%s: got %v, want NotFound itself", what, err)
		}
	}
	empty := func(what string, n int, err error) {
		t.Helper()
		if err != nil || n != 0 {
			t.Errorf("%s: got %d and %v, want none", what, n, err)
		}
	}
	accounts, err := r.Accounts(0, 10)
	empty("Accounts", len(accounts), err)
	sessions, err := r.Sessions(1)
	empty("Sessions", len(sessions), err)
	clubs, err := r.Clubs(0, 10)
	empty("Clubs", len(clubs), err)
	names, err := r.LinkNames("chess")
	empty("LinkNames", len(names), err)
	roster, err := r.Roster("", 10)
	empty("Roster", len(roster), err)
	cohorts, err := r.Cohorts()
	empty("Cohorts", len(cohorts), err)
	projects, err := r.Projects(0)
	empty("Projects", len(projects), err)
	grants, err := r.Grants(0)
	empty("Grants", len(grants), err)
	events, err := r.Events(0, 0, 10)
	empty("Events", len(events), err)
	keys, err := r.SigningKeys()
	empty("SigningKeys", len(keys), err)
	classes, err := r.PasswordClasses()
	empty("PasswordClasses", len(classes), err)
	wantRead(t, "OutboxStats", account.OutboxStats{})(r.OutboxStats())
	wantRead(t, "Failures", account.Failures{})(r.Failures(d, d))
	wantRead(t, "Known", 0)(count(r.Known(d, noon, d)))
	for _, heap := range account.Heaps {
		wantRead(t, "Rows of "+string(heap), int64(0))(r.Rows(heap))
	}
	wantRead(t, "Roles", account.Roles{})(r.Roles(1, 2026, noon))
	wantRead(t, "OnRoster", false)(r.OnRoster("ada@x.test"))
}

func closeEnds(t *testing.T, open Open) {
	s := open(t)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := s.Update(t.Context(), func(account.Tx) error { return nil }); err == nil {
		t.Error("a closed store made a change")
	}
	if _, err := read(t, s).Tags(); err == nil {
		t.Error("a closed store answered a read")
	}
	if err := s.Close(); err != nil {
		t.Errorf("close a second time: %v", err)
	}
}
