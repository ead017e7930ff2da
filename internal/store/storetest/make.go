package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"matricula/internal/account"
	"matricula/internal/token"
)

// noon is when the tests happen: an instant with microseconds.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC)

// update makes a change that must succeed.
func update(t *testing.T, s account.Store, change func(account.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// refused makes a change that must be refused with this code and field.
func refused(t *testing.T, s account.Store, code account.Code, field string, change func(account.Tx) error) {
	t.Helper()
	wantRefusal(t, "update", s.Update(t.Context(), change), code, field)
}

// wantRefusal says what is wrong when err isn't this refusal; field "" is not
// looked at.
func wantRefusal(t *testing.T, what string, err error, code account.Code, field string) {
	t.Helper()
	if got := account.CodeOf(err); got != code {
		t.Fatalf("%s: got %v, want code %q", what, err, code)
	}
	if field == "" {
		return
	}
	refusal, ok := errors.AsType[*account.Error](err)
	if !ok || len(refusal.Fields) != 1 || refusal.Fields[0].Field != field || refusal.Fields[0].Why == "" {
		t.Fatalf("%s: got %v, want field %q and a sentence", what, err, field)
	}
}

// want says where got and want differ; a list that is nil is one that is empty.
func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: got differs from want (-want +got):\n%s", what, diff)
	}
}

// wantRead is want for what a Reader answers without an error.
func wantRead[T any](t *testing.T, what string, wanted T) func(T, error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want(t, what, got, wanted)
	}
}

// did asks that a change answers this bool without an error.
func did(t *testing.T, s account.Store, what string, wanted bool, change func(account.Tx) (bool, error)) {
	t.Helper()
	var got bool
	update(t, s, func(tx account.Tx) (err error) {
		got, err = change(tx)
		return err
	})
	if got != wanted {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

// made makes a row and answers its id.
func made(t *testing.T, s account.Store, add func(account.Tx) (int64, error)) (id int64) {
	t.Helper()
	update(t, s, func(tx account.Tx) (err error) {
		id, err = add(tx)
		return err
	})
	if id < 1 || id >= 1<<53 {
		t.Fatalf("got id %d, want one from 1 to 2⁵³", id)
	}
	return id
}

// person is an account with this address, as it would be added.
func person(address string) account.Account {
	return account.Account{
		Email: account.Address{Text: address, Key: address}, Name: "Ada " + address, CreatedAt: noon,
	}
}

func addAccount(t *testing.T, s account.Store, address string) int64 {
	t.Helper()
	return made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(person(address), "") })
}

// chess is a club with this owner and link name, as it would be added.
func chess(owner int64, linkName string) account.Club {
	return account.Club{
		Owner: owner, Name: "Chess & Co", LinkName: linkName, Tags: []int64{3, 1, 4}, NumUsers: 0, LastUpdated: noon,
	}
}

func addClub(t *testing.T, s account.Store, owner int64, linkName string) int64 {
	t.Helper()
	return made(t, s, func(tx account.Tx) (int64, error) { return tx.AddClub(chess(owner, linkName)) })
}

func addCohort(t *testing.T, s account.Store, year int64) {
	t.Helper()
	update(t, s, func(tx account.Tx) error {
		return tx.AddCohort(account.Cohort{Year: year, Start: noon, End: noon.Add(time.Hour)})
	})
}

// tokenID is an id that n alone tells from others.
func tokenID(n int) (id token.ID) {
	copy(id[:], fmt.Sprintf("%016d", n))
	return id
}

// digest is likewise.
func digest(n int) (d token.Digest) {
	copy(d[:], fmt.Sprintf("%032d", n))
	return d
}

// clubsSession is a session as a clubs login writes it.
func clubsSession(of int64, id token.ID) account.Session {
	return account.Session{
		ID: id[:], Account: of, Contract: account.Clubs, Client: "192.0.2.1",
		CreatedAt: noon, ExpiresAt: noon.Add(24 * time.Hour), KeepUntil: noon.Add(24*time.Hour + 15*time.Minute),
	}
}

// cohortsSession is a session as a cohorts sign-in writes it.
func cohortsSession(of int64, d token.Digest) account.Session {
	return account.Session{
		ID: d[:], Account: of, Contract: account.Cohorts,
		CreatedAt: noon, ExpiresAt: noon.Add(240 * time.Hour), KeepUntil: noon.Add(240 * time.Hour),
	}
}

func addSession(t *testing.T, s account.Store, session account.Session) {
	t.Helper()
	update(t, s, func(tx account.Tx) error { return tx.AddSession(session) })
}

// together runs n goroutines that begin at one moment, and waits for them.
func together(n int, run func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			run(i)
		})
	}
	close(start)
	all.Wait()
}

// read answers a Reader for the time of the test.
func read(t *testing.T, s account.Store) account.Reader { return s.Read(t.Context()) }

// background is a context that ends with nothing, for goroutines of a test.
var background = context.Background()
