package storetest

import (
	"fmt"
	"testing"

	"matricula/internal/account"
)

func whatWasAnsweredIsThereAgain(t *testing.T, open Open) {
	s := open(t)
	a := person("ada@x.test")
	a.ID = addAccount(t, s, "ada@x.test")
	club := fullClub(a.ID)
	club.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddClub(club) })
	a.ClubID = club.ID
	before, err := read(t, s).Club(club.ID)
	if err != nil {
		t.Fatal(err)
	}
	session := clubsSession(a.ID, tokenID(1))
	addSession(t, s, session)
	together(20, func(i int) {
		err := s.Update(background, func(tx account.Tx) error {
			_, err := tx.AddToRoster(account.RosterEntry{Email: account.Address{Text: fmt.Sprint(i), Key: fmt.Sprint(i)}, AddedAt: noon})
			return err
		})
		if err != nil {
			t.Errorf("update: %v", err)
		}
	})
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}

	s = open(t)
	id := tokenID(1)
	wantRead(t, "the holder", account.Holder{Session: session, Account: a})(read(t, s).Holder(account.Clubs, id[:]))
	wantRead(t, "the club", before)(read(t, s).Club(club.ID))
	wantRead(t, "the roster", 20)(count(read(t, s).Roster("", 100)))
}

// idsGoOn deletes the newest row and opens the database again: the id that it had
// must not come back.
func idsGoOn(t *testing.T, open Open) {
	s := open(t)
	addAccount(t, s, "ada@x.test")
	bob := addAccount(t, s, "bob@x.test")
	update(t, s, func(tx account.Tx) error { return tx.DeleteAccount(bob) })
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	s = open(t)
	if eve := addAccount(t, s, "eve@x.test"); eve <= bob {
		t.Errorf("got id %d after opening again, want more than %d, which was deleted", eve, bob)
	}
}
