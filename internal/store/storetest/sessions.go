package storetest

import (
	"errors"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

func sessionStandsForItsAccount(t *testing.T, open Open) {
	s := open(t)
	a := person("ada@x.test")
	a.PasswordHash, a.ConfirmedAt = "hash", noon
	a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "bcrypt") })
	session := cohortsSession(a.ID, digest(1))
	addSession(t, s, session)
	d := digest(1)
	wantRead(t, "holder", account.Holder{Session: session, Account: a})(read(t, s).Holder(account.Cohorts, d[:]))

	// It judges nothing: a session that is over, of a disabled account, comes back.
	a.DisabledAt, a.ClubID = noon, addClub(t, s, a.ID, "chess")
	update(t, s, func(tx account.Tx) error { return tx.SetDisabled(a.ID, noon) })
	over := clubsSession(a.ID, tokenID(1))
	over.ExpiresAt, over.KeepUntil, over.RefreshEndedAt = noon.Add(-time.Hour), noon.Add(-time.Minute), noon.Add(-time.Second)
	addSession(t, s, over)
	id := tokenID(1)
	wantRead(t, "holder of a session that is over", account.Holder{Session: over, Account: a})(read(t, s).Holder(account.Clubs, id[:]))

	wantRead(t, "sessions", 2)(count(read(t, s).Sessions(a.ID)))
	wantRead(t, "sessions of another", 0)(count(read(t, s).Sessions(a.ID + 1)))

	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.AddSession(cohortsSession(99, digest(2))) })
	refused(t, s, account.Taken, "", func(tx account.Tx) error { return tx.AddSession(session) })
}

// count is how many there are.
func count[T any](all []T, err error) (int, error) { return len(all), err }

func sessionIsOfOneContract(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	addClub(t, s, of, "chess")
	// Ids of one length, as they never are, so that the contract alone tells.
	id := tokenID(1)
	cookie := cohortsSession(of, digest(1))
	cookie.ID = id[:]
	addSession(t, s, cookie)
	if _, err := read(t, s).Holder(account.Clubs, id[:]); !errors.Is(err, account.NotFound) {
		t.Errorf("a cohorts session was taken for a clubs one: %v", err)
	}
	if _, _, err := read(t, s).Officer(id, tokenID(2)); !errors.Is(err, account.NotFound) {
		t.Errorf("a cohorts session was taken for an officer's: %v", err)
	}
	did(t, s, "end it as a clubs session", false, func(tx account.Tx) (bool, error) { return tx.EndSession(account.Clubs, id[:]) })
	did(t, s, "end its refresh token", false, func(tx account.Tx) (bool, error) { return tx.EndRefresh(id, noon, noon) })
	addSession(t, s, clubsSession(of, id)) // the same id once more
	did(t, s, "end the cohorts session", true, func(tx account.Tx) (bool, error) { return tx.EndSession(account.Cohorts, id[:]) })
	if _, err := read(t, s).Holder(account.Clubs, id[:]); err != nil {
		t.Errorf("the clubs session went with the cohorts one: %v", err)
	}
}

func officerInOneRead(t *testing.T, open Open) {
	s := open(t)
	session, access := tokenID(1), tokenID(2)
	a := person("ada@x.test")
	a.ID = addAccount(t, s, "ada@x.test")
	addSession(t, s, clubsSession(a.ID, session))
	ask := func() error { _, _, err := read(t, s).Officer(session, access); return err }
	if err := ask(); err != account.NotFound {
		t.Errorf("an officer without a club: got %v, want NotFound", err)
	}
	club := chess(a.ID, "chess")
	club.ID = addClub(t, s, a.ID, "chess")
	a.ClubID, club.OwnerEmail = club.ID, a.Email.Text
	wantClub := asRead(club)
	holder, got, err := read(t, s).Officer(session, access)
	if err != nil {
		t.Fatalf("officer: %v", err)
	}
	want(t, "holder", holder, account.Holder{Session: clubsSession(a.ID, session), Account: a})
	want(t, "club", got, wantClub)

	did(t, s, "revoke another access token", true, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(tokenID(3), noon) })
	if err := ask(); err != nil {
		t.Errorf("another access token was revoked, and this one went: %v", err)
	}
	did(t, s, "revoke", true, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(access, noon) })
	if err := ask(); err != account.NotFound {
		t.Errorf("a revoked access token: got %v, want NotFound", err)
	}
	if _, _, err := read(t, s).Officer(session, tokenID(4)); err != nil {
		t.Errorf("another access token of the session: %v", err)
	}
	did(t, s, "end the session", true, func(tx account.Tx) (bool, error) { return tx.EndSession(account.Clubs, session[:]) })
	if _, _, err := read(t, s).Officer(session, tokenID(4)); err != account.NotFound {
		t.Errorf("a session that ended: got %v, want NotFound", err)
	}
}

func sessionEnds(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	d := digest(1)
	addSession(t, s, cohortsSession(of, d))
	end := func(tx account.Tx) (bool, error) { return tx.EndSession(account.Cohorts, d[:]) }
	did(t, s, "end", true, end)
	did(t, s, "end it again", false, end)
	if _, err := read(t, s).Holder(account.Cohorts, d[:]); err != account.NotFound {
		t.Errorf("a session that ended: got %v, want NotFound", err)
	}
}

func sessionsEnd(t *testing.T, open Open) {
	s := open(t)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	fill := func() {
		for i := range 3 {
			addSession(t, s, clubsSession(ada, tokenID(i)))
			addSession(t, s, cohortsSession(ada, digest(i)))
		}
	}
	addSession(t, s, clubsSession(bob, tokenID(9)))
	keep, d := tokenID(1), digest(2)
	for _, test := range []struct {
		what      string
		except    []byte
		contracts []account.Contract
		ended     int64
	}{
		{"none", nil, nil, 0},
		{"clubs", nil, []account.Contract{account.Clubs}, 3},
		{"cohorts but one", d[:], []account.Contract{account.Cohorts}, 2},
		{"all but one", keep[:], []account.Contract{account.Clubs, account.Cohorts}, 5},
		{"all but one of the other contract", keep[:], []account.Contract{account.Cohorts}, 3},
		{"all", nil, []account.Contract{account.Clubs, account.Cohorts}, 6},
	} {
		fill()
		var ended int64
		update(t, s, func(tx account.Tx) (err error) {
			ended, err = tx.EndSessions(ada, test.except, test.contracts...)
			return err
		})
		if ended != test.ended {
			t.Errorf("%s: %d ended, want %d", test.what, ended, test.ended)
		}
		wantRead(t, test.what+": left", 6-int(test.ended))(count(read(t, s).Sessions(ada)))
		update(t, s, func(tx account.Tx) error {
			_, err := tx.EndSessions(ada, nil, account.Clubs, account.Cohorts)
			return err
		})
	}
	wantRead(t, "of the other account", 1)(count(read(t, s).Sessions(bob)))
}

func refreshEndsOnce(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	end := func(session token.ID, at, keep time.Time) func(account.Tx) (bool, error) {
		return func(tx account.Tx) (bool, error) { return tx.EndRefresh(session, at, keep) }
	}
	sooner, later := clubsSession(of, tokenID(1)), clubsSession(of, tokenID(2))
	addSession(t, s, sooner)
	addSession(t, s, later)
	did(t, s, "end refresh", true, end(tokenID(1), noon, noon.Add(15*time.Minute)))
	did(t, s, "end refresh again", false, end(tokenID(1), noon.Add(time.Hour), noon))
	did(t, s, "end refresh of no session", false, end(tokenID(3), noon, noon))
	did(t, s, "end refresh, to be kept longer than it is", true, end(tokenID(2), noon, later.KeepUntil.Add(time.Hour)))

	sooner.RefreshEndedAt, sooner.KeepUntil = noon, noon.Add(15*time.Minute) // the first instant stays
	later.RefreshEndedAt = noon
	for i, wanted := range []account.Session{sooner, later} {
		id := tokenID(i + 1)
		h, err := read(t, s).Holder(account.Clubs, id[:])
		if err != nil {
			t.Fatalf("the row must stay: %v", err)
		}
		want(t, "the session", h.Session, wanted)
	}
}

func accessIsRevokedOnce(t *testing.T, open Open) {
	s := open(t)
	did(t, s, "revoke", true, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(tokenID(1), noon) })
	did(t, s, "revoke again", false, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(tokenID(1), noon.Add(time.Hour)) })
	did(t, s, "revoke another", true, func(tx account.Tx) (bool, error) { return tx.RevokeAccess(tokenID(2), noon) })
}
