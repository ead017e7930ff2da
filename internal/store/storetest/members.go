package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
)

// memberThroughTheYears asks at every edge of a few cohorts what a session stands
// for: the roles of the cohort that account.Latest names, whatever is running.
func memberThroughTheYears(t *testing.T, open Open) {
	s := open(t)
	at := func(hours float64) time.Time { return noon.Add(time.Duration(hours * float64(time.Hour))) }
	cohorts := []account.Cohort{ // newest first, as they are listed
		{Year: 2030, Start: at(2), End: at(3)}, // over before 2029 is
		{Year: 2029, Start: at(2), End: at(6)},
		{Year: 2028, Start: at(20), End: at(22)},
		{Year: 2027, Start: at(20), End: at(24)}, // begins with 2028, ends with 2026
		{Year: 2026, Start: at(10), End: at(24)},
	}
	of, other := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	for _, c := range cohorts {
		update(t, s, func(tx account.Tx) error { return tx.AddCohort(c) })
		for _, holder := range []int64{other, of} {
			adviser := made(t, s, func(tx account.Tx) (int64, error) {
				return tx.AddAdviser(account.Adviser{Account: holder, Year: c.Year, NusnetID: "e1"})
			})
			mentor := made(t, s, func(tx account.Tx) (int64, error) {
				return tx.AddMentor(account.Mentor{Account: holder, Year: c.Year})
			})
			var project int64
			for range 2 {
				p := account.Project{Year: c.Year, Name: "P", Adviser: adviser, Mentor: mentor}
				project = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddProject(p) })
			}
			made(t, s, func(tx account.Tx) (int64, error) {
				return tx.AddStudent(account.Student{Account: holder, Year: c.Year, Project: project, MatricNo: fmt.Sprint(holder)})
			})
		}
	}
	for _, grant := range [][2]float64{{1, 9}, {1, 9}, {3, 21}, {4, 5}} {
		made(t, s, func(tx account.Tx) (int64, error) {
			return tx.AddAdministrator(account.Administrator{Account: of, Start: at(grant[0]), End: at(grant[1])})
		})
	}
	session := cohortsSession(of, digest(1))
	addSession(t, s, session)

	ada, err := read(t, s).Account(of)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for hour := range 27 {
		for _, off := range []time.Duration{-time.Microsecond, 0, time.Microsecond} {
			now := at(float64(hour)).Add(off)
			latest, _ := account.Latest(cohorts, now)
			roles, err := read(t, s).Roles(of, latest.Year, now)
			if err != nil {
				t.Fatal(err)
			}
			seen[latest.Year] = true
			wantMember(t, s, session, now, account.Member{Account: ada, Roles: roles})
		}
	}
	if len(seen) != len(cohorts) {
		t.Errorf("only %v were ever the latest", seen)
	}
}

func memberWithoutRoles(t *testing.T, open Open) {
	s := open(t)
	a := person("ada@x.test")
	a.ConfirmedAt, a.DisabledAt = noon, noon
	a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAccount(a, "") })
	session := cohortsSession(a.ID, digest(1))
	session.ExpiresAt = noon.Add(-time.Hour) // it judges nothing
	addSession(t, s, session)
	wantMember(t, s, session, noon, account.Member{Account: a}) // there is no cohort at all

	addCohort(t, s, 2026)
	a.ClubID = addClub(t, s, a.ID, "chess")
	id := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(account.Student{Account: a.ID, Year: 2026}) })
	wantMember(t, s, session, noon, account.Member{Account: a, Roles: account.Roles{
		Student: &account.Student{ID: id, Account: a.ID, Year: 2026}, // no project, no ids
	}})

	club := clubsSession(a.ID, tokenID(1))
	addSession(t, s, club)
	unknown := digest(9)
	for what, id := range map[string][]byte{"a clubs session": club.ID, "an unknown session": unknown[:], "none": nil} {
		if _, _, err := read(t, s).Member(id, noon); !errors.Is(err, account.NotFound) {
			t.Errorf("%s: got %v, want %v", what, err, account.NotFound)
		}
	}
}

// wantMember fails the test when a session stands for anybody else.
func wantMember(t *testing.T, s account.Store, session account.Session, now time.Time, want account.Member) {
	t.Helper()
	got, ends, err := read(t, s).Member(session.ID, now)
	wantRead(t, fmt.Sprint("member at ", now), want)(got, err)
	if !ends.Equal(session.ExpiresAt) {
		t.Errorf("the session ends at %v, want %v", ends, session.ExpiresAt)
	}
}
