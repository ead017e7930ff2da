package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
)

func accountComesBack(t *testing.T, open Open) {
	s := open(t)
	a := account.Account{
		Email: account.Address{Text: "Ada.Lovelace@X.test", Key: "ada.lovelace@x.test"}, Name: "Ada Lovelace ♛",
		PasswordHash: "$argon2id$…", ConfirmedAt: noon.Add(time.Microsecond), DisabledAt: noon.Add(time.Hour), CreatedAt: noon,
		ProfilePicURL: "https://x.test/p", GithubURL: "https://x.test/g", LinkedinURL: "https://x.test/l",
		PersonalSiteURL: "https://x.test/s", SelfIntro: "Two\nlines, and a \"quote\".",
	}
	a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "argon2id") })
	if a.ID != 1 {
		t.Errorf("got id %d for the first account, want 1", a.ID)
	}
	wantRead(t, "by id", a)(read(t, s).Account(a.ID))
	wantRead(t, "by address", a)(read(t, s).AccountByEmail(a.Email.Key))
	if _, err := read(t, s).AccountByEmail(a.Email.Text); !errors.Is(err, account.NotFound) {
		t.Errorf("an address was found by another form than its key: %v", err)
	}

	b := person("bob@x.test") // nothing optional
	b.ID = made(t, s, func(tx account.Tx) (int64, error) {
		copied := b
		copied.ID, copied.ClubID = 99, 98 // ignored
		return tx.AddAccount(copied, "ignored without a hash")
	})
	wantRead(t, "with nothing set", b)(read(t, s).Account(b.ID))

	b.ClubID = addClub(t, s, b.ID, "chess")
	wantRead(t, "with a club", b)(read(t, s).Account(b.ID))
	wantRead(t, "with a club, by address", b)(read(t, s).AccountByEmail(b.Email.Key))
}

func oneAccountForEachAddress(t *testing.T, open Open) {
	s := open(t)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	refused(t, s, account.Taken, "email", func(tx account.Tx) error {
		_, err := tx.AddAccount(person("ada@x.test"), "")
		return err
	})
	refused(t, s, account.Taken, "email", func(tx account.Tx) error {
		return tx.SetEmail(bob, account.Address{Text: "Ada@x.test", Key: "ada@x.test"})
	})
	other := account.Address{Text: "ADA@x.test", Key: "ada@x.test"}
	update(t, s, func(tx account.Tx) error { return tx.SetEmail(ada, other) }) // its own, typed otherwise
	a, err := read(t, s).Account(ada)
	if err != nil || a.Email != other {
		t.Errorf("got %v and %v, want %v", a.Email, err, other)
	}
	fresh := account.Address{Text: "eve@x.test", Key: "eve@x.test"}
	update(t, s, func(tx account.Tx) error { return tx.SetEmail(ada, fresh) })
	update(t, s, func(tx account.Tx) error { return tx.SetEmail(bob, other) }) // free again
}

func accountChanges(t *testing.T, open Open) {
	s := open(t)
	other := addAccount(t, s, "other@x.test")
	a := person("ada@x.test")
	a.PasswordHash = "old"
	a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "bcrypt") })
	steps := []struct {
		what   string
		change func(account.Tx) error
		note   func()
	}{
		{"SetAccount", func(tx account.Tx) error {
			return tx.SetAccount(account.Account{
				ID: a.ID, Name: "Countess", ProfilePicURL: "p", GithubURL: "g", LinkedinURL: "l", PersonalSiteURL: "s", SelfIntro: "i",
				Email: account.Address{Text: "no@x.test", Key: "no@x.test"}, PasswordHash: "no", ConfirmedAt: noon, DisabledAt: noon,
			})
		}, func() {
			a.Name, a.ProfilePicURL, a.GithubURL, a.LinkedinURL, a.PersonalSiteURL, a.SelfIntro = "Countess", "p", "g", "l", "s", "i"
		}},
		{"SetConfirmed", func(tx account.Tx) error { return tx.SetConfirmed(a.ID, noon) }, func() { a.ConfirmedAt = noon }},
		{"SetDisabled", func(tx account.Tx) error { return tx.SetDisabled(a.ID, noon) }, func() { a.DisabledAt = noon }},
		{"SetDisabled zero", func(tx account.Tx) error { return tx.SetDisabled(a.ID, time.Time{}) }, func() { a.DisabledAt = time.Time{} }},
		{"SetPassword", func(tx account.Tx) error { return tx.SetPassword(a.ID, "new", "argon2id") }, func() { a.PasswordHash = "new" }},
		{"SetPassword none", func(tx account.Tx) error { return tx.SetPassword(a.ID, "", "") }, func() { a.PasswordHash = "" }},
	}
	for _, step := range steps {
		update(t, s, step.change)
		step.note()
		wantRead(t, step.what, a)(read(t, s).Account(a.ID))
	}
	untouched := person("other@x.test")
	untouched.ID = other
	wantRead(t, "the other account", untouched)(read(t, s).Account(other))
}

func accountSettersFindNobody(t *testing.T, open Open) {
	s := open(t)
	for what, change := range map[string]func(account.Tx) error{
		"SetAccount":    func(tx account.Tx) error { return tx.SetAccount(account.Account{ID: 1, Name: "x"}) },
		"SetEmail":      func(tx account.Tx) error { return tx.SetEmail(1, account.Address{Text: "a@x.test", Key: "a@x.test"}) },
		"SetConfirmed":  func(tx account.Tx) error { return tx.SetConfirmed(1, noon) },
		"SetDisabled":   func(tx account.Tx) error { return tx.SetDisabled(1, noon) },
		"SetPassword":   func(tx account.Tx) error { return tx.SetPassword(1, "h", "c") },
		"DeleteAccount": func(tx account.Tx) error { return tx.DeleteAccount(1) },
	} {
		wantRefusal(t, what, s.Update(t.Context(), change), account.NotFound, "")
	}
}

func accountPages(t *testing.T, open Open) {
	s := open(t)
	var all []int64
	for i := range 7 {
		all = append(all, addAccount(t, s, fmt.Sprintf("p%d@x.test", i)))
	}
	update(t, s, func(tx account.Tx) error { return tx.DeleteAccount(all[2]) })
	all = append(all[:2], all[3:]...)
	var got []int64
	after := int64(0)
	for range 10 {
		page, err := read(t, s).Accounts(after, 4)
		if err != nil || len(page) > 4 {
			t.Fatalf("got %d accounts and %v, want 4 at most", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			got = append(got, a.ID)
		}
		after = got[len(got)-1]
	}
	want(t, "the ids of all pages", got, all)
}

func passwordClasses(t *testing.T, open Open) {
	s := open(t)
	for i, class := range []string{"argon2id", "bcrypt", "bcrypt", "pbkdf2", ""} {
		a := person(fmt.Sprintf("p%d@x.test", i))
		if class != "" {
			a.PasswordHash = "hash"
		}
		made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, class) })
	}
	wantRead(t, "classes", map[string]int64{"argon2id": 1, "bcrypt": 2, "pbkdf2": 1})(read(t, s).PasswordClasses())
	update(t, s, func(tx account.Tx) error {
		if _, err := tx.Rehash(2, "hash", "fresh", "argon2id"); err != nil {
			return err
		}
		if err := tx.SetPassword(4, "", ""); err != nil {
			return err
		}
		return tx.DeleteAccount(3)
	})
	wantRead(t, "classes after changes", map[string]int64{"argon2id": 2})(read(t, s).PasswordClasses())
}

func rehash(t *testing.T, open Open) {
	s := open(t)
	a := person("ada@x.test")
	a.PasswordHash = "old"
	a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "bcrypt") })
	did(t, s, "rehash of another hash", false, func(tx account.Tx) (bool, error) { return tx.Rehash(a.ID, "older", "new", "argon2id") })
	wantRead(t, "after no rehash", a)(read(t, s).Account(a.ID))
	did(t, s, "rehash", true, func(tx account.Tx) (bool, error) { return tx.Rehash(a.ID, "old", "new", "argon2id") })
	a.PasswordHash = "new"
	wantRead(t, "after the rehash", a)(read(t, s).Account(a.ID))
	did(t, s, "rehash of nobody", false, func(tx account.Tx) (bool, error) { return tx.Rehash(99, "old", "new", "argon2id") })
	update(t, s, func(tx account.Tx) error { return tx.SetPassword(a.ID, "", "") })
	did(t, s, "rehash without a password", false, func(tx account.Tx) (bool, error) { return tx.Rehash(a.ID, "", "new", "argon2id") })
}

// deleteAccount deletes an account that has one of everything, beside one that
// must keep everything.
func deleteAccount(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2026)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	var adviser, mentor int64
	for i, of := range []int64{ada, bob} {
		update(t, s, func(tx account.Tx) error {
			club := chess(of, fmt.Sprintf("chess-%d", i))
			clubID, cookie := tokenID(i), digest(i)
			var errs []error
			note := func(_ any, err error) { errs = append(errs, err) }
			note(tx.AddClub(club))
			note(nil, tx.AddSession(clubsSession(of, clubID)))
			note(nil, tx.AddSession(cohortsSession(of, cookie)))
			note(nil, tx.AddMailToken(account.MailToken{ID: clubID, Account: of, Kind: account.ResetToken, CreatedAt: noon, ExpiresAt: noon}))
			note(nil, tx.AddMail(account.OutboxMail{Account: of, To: "x@x.test", Template: "reset", CreatedAt: noon, DueAt: noon}))
			note(tx.AddStudent(account.Student{Account: of, Year: 2026}))
			id, err := tx.AddAdviser(account.Adviser{Account: of, Year: 2026})
			note(nil, err)
			adviser = id
			id, err = tx.AddMentor(account.Mentor{Account: of, Year: 2026})
			note(nil, err)
			mentor = id
			note(tx.AddAdministrator(account.Administrator{Account: of, Start: noon, End: noon}))
			note(tx.AddProject(account.Project{Year: 2026, Name: fmt.Sprint("of ", of), Adviser: adviser, Mentor: mentor}))
			note(nil, tx.AddEvent(account.Event{At: noon, Kind: account.SignedUp, Account: of}))
			note(tx.AddToRoster(account.RosterEntry{Email: account.Address{Text: fmt.Sprint(of), Key: fmt.Sprint(of)}, AddedAt: noon}))
			return errors.Join(errs...)
		})
	}
	update(t, s, func(tx account.Tx) error { return tx.DeleteAccount(ada) })

	r := read(t, s)
	left := func(of int64) map[string]int {
		t.Helper()
		sessions, err1 := r.Sessions(of)
		grants, err2 := r.Grants(of)
		events, err3 := r.Events(of, 0, 10)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		return map[string]int{"sessions": len(sessions), "grants": len(grants), "events": len(events)}
	}
	want(t, "left of the deleted account", left(ada), map[string]int{"sessions": 0, "grants": 0, "events": 1})
	want(t, "left of the other account", left(bob), map[string]int{"sessions": 2, "grants": 4, "events": 1})
	for i, wanted := range []error{account.NotFound, nil} {
		if _, err := r.ClubByLink(fmt.Sprintf("chess-%d", i)); err != wanted {
			t.Errorf("club %d: got %v, want %v", i, err, wanted)
		}
		if _, err := r.MailToken(tokenID(i)); err != wanted {
			t.Errorf("mail token %d: got %v, want %v", i, err, wanted)
		}
	}
	stats, err := r.OutboxStats()
	if err != nil || stats.Waiting != 1 {
		t.Errorf("got %d waiting mails (%v), want that of the other account alone", stats.Waiting, err)
	}
	wantRead(t, "projects", []account.Project{
		{ID: 1, Year: 2026, Name: "of 1"}, {ID: 2, Year: 2026, Name: "of 2", Adviser: adviser, Mentor: mentor},
	})(r.Projects(2026))
	wantRead(t, "roster", true)(r.OnRoster(fmt.Sprint(ada)))
}

func idsAreNeverUsedAgain(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2026)
	last := map[string]int64{}
	for round := range 3 {
		var fresh map[string]int64
		update(t, s, func(tx account.Tx) error {
			of, err := tx.AddAccount(person(fmt.Sprintf("p%d@x.test", round)), "")
			if err != nil {
				return err
			}
			fresh = map[string]int64{"account": of}
			var errs []error
			note := func(what string) func(int64, error) {
				return func(id int64, err error) { fresh[what], errs = id, append(errs, err) }
			}
			note("club")(tx.AddClub(chess(of, "chess")))
			note("student")(tx.AddStudent(account.Student{Account: of, Year: 2026}))
			note("adviser")(tx.AddAdviser(account.Adviser{Account: of, Year: 2026}))
			note("mentor")(tx.AddMentor(account.Mentor{Account: of, Year: 2026}))
			note("administrator")(tx.AddAdministrator(account.Administrator{Account: of, Start: noon, End: noon}))
			return errors.Join(errs...)
		})
		for what, id := range fresh {
			if id <= last[what] {
				t.Errorf("round %d: the %s has id %d, want more than %d, which was deleted", round, what, id, last[what])
			}
		}
		last = fresh
		update(t, s, func(tx account.Tx) error { return tx.DeleteAccount(last["account"]) })
	}
	for what, id := range last {
		if id != 3 {
			t.Errorf("the third %s has id %d, want 3: each table counts its own", what, id)
		}
	}
}
