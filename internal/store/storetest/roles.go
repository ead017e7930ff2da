package storetest

import (
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
)

func roster(t *testing.T, open Open) {
	s := open(t)
	entry := func(i int) account.RosterEntry {
		return account.RosterEntry{
			Email: account.Address{Text: fmt.Sprintf("P%d@x.test", i), Key: fmt.Sprintf("p%d@x.test", i)}, AddedAt: noon,
		}
	}
	var all []account.RosterEntry
	for i := range 5 {
		all = append(all, entry(i))
	}
	for _, i := range []int{3, 0, 4, 1, 2} {
		did(t, s, "add", true, func(tx account.Tx) (bool, error) { return tx.AddToRoster(entry(i)) })
	}
	again := entry(2)
	again.Email.Text, again.AddedAt = "p2@x.test", noon.Add(time.Hour)
	did(t, s, "add again", false, func(tx account.Tx) (bool, error) { return tx.AddToRoster(again) })
	wantRead(t, "on the roster", true)(read(t, s).OnRoster("p2@x.test"))
	wantRead(t, "by another form than the key", false)(read(t, s).OnRoster("P2@x.test"))

	var got []account.RosterEntry
	for after := ""; ; {
		page, err := read(t, s).Roster(after, 2)
		if err != nil || len(page) > 2 {
			t.Fatalf("got %d entries and %v, want 2 at most", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1].Email.Key
	}
	want(t, "all pages", got, all)

	remove := func(tx account.Tx) (bool, error) { return tx.RemoveFromRoster("p2@x.test") }
	did(t, s, "remove", true, remove)
	did(t, s, "remove again", false, remove)
	wantRead(t, "after the removal", false)(read(t, s).OnRoster("p2@x.test"))
}

func cohorts(t *testing.T, open Open) {
	s := open(t)
	millisecond := time.Date(2027, 1, 1, 23, 59, 59, 999_000_000, time.UTC)
	cohort := func(year int64) account.Cohort { return account.Cohort{Year: year, Start: noon, End: millisecond} }
	for _, year := range []int64{2025, 2027, 2026} {
		update(t, s, func(tx account.Tx) error { return tx.AddCohort(cohort(year)) })
	}
	wantRead(t, "cohorts", []account.Cohort{cohort(2027), cohort(2026), cohort(2025)})(read(t, s).Cohorts())
	refused(t, s, account.Taken, "year", func(tx account.Tx) error {
		return tx.AddCohort(account.Cohort{Year: 2026, Start: noon, End: noon})
	})
}

// cohortGoes changes a cohort and deletes it, which whoever and whatever is of it
// must hinder, one kind alone.
func cohortGoes(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2025)
	addCohort(t, s, 2026)
	moved := account.Cohort{Year: 2026, Start: noon.Add(time.Hour), End: noon.Add(2 * time.Hour)}
	update(t, s, func(tx account.Tx) error { return tx.SetCohort(moved) })
	all, err := read(t, s).Cohorts()
	if err != nil || len(all) != 2 || all[0] != moved || all[1] == moved {
		t.Fatalf("got %v and %v: one of two must change", all, err)
	}
	unknown := account.Cohort{Year: 2030, Start: noon, End: noon}
	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.SetCohort(unknown) })
	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.DeleteCohort(2030) })

	of := addAccount(t, s, "ada@x.test")
	for what, in := range map[string]struct {
		add    func(account.Tx) (int64, error)
		remove func(account.Tx, int64) error
	}{
		"student": {
			func(tx account.Tx) (int64, error) { return tx.AddStudent(account.Student{Account: of, Year: 2026}) },
			func(tx account.Tx, id int64) error {
				return tx.RemoveRole(account.Roles{Student: &account.Student{ID: id}})
			},
		},
		"adviser": {
			func(tx account.Tx) (int64, error) { return tx.AddAdviser(account.Adviser{Account: of, Year: 2026}) },
			func(tx account.Tx, id int64) error {
				return tx.RemoveRole(account.Roles{Adviser: &account.Adviser{ID: id}})
			},
		},
		"mentor": {
			func(tx account.Tx) (int64, error) { return tx.AddMentor(account.Mentor{Account: of, Year: 2026}) },
			func(tx account.Tx, id int64) error {
				return tx.RemoveRole(account.Roles{Mentor: &account.Mentor{ID: id}})
			},
		},
		"project": {
			func(tx account.Tx) (int64, error) { return tx.AddProject(account.Project{Year: 2026, Name: "Bridge"}) },
			func(tx account.Tx, id int64) error { return tx.DeleteProject(id) },
		},
	} {
		id := made(t, s, in.add)
		err := s.Update(t.Context(), func(tx account.Tx) error { return tx.DeleteCohort(2026) })
		wantRefusal(t, "with a "+what, err, account.InUse, "year")
		update(t, s, func(tx account.Tx) error { return in.remove(tx, id) })
	}
	update(t, s, func(tx account.Tx) error { return tx.DeleteCohort(2026) })
	wantRead(t, "after the deletion", all[1:])(read(t, s).Cohorts())
}

// projectGoes deletes a project: its student has none then, and adviser and mentor
// keep their roles.
func projectGoes(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2026)
	of := addAccount(t, s, "ada@x.test")
	adviser := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdviser(account.Adviser{Account: of, Year: 2026}) })
	mentor := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddMentor(account.Mentor{Account: of, Year: 2026}) })
	id := made(t, s, func(tx account.Tx) (int64, error) {
		return tx.AddProject(account.Project{Year: 2026, Name: "Bridge", Adviser: adviser, Mentor: mentor})
	})
	student := made(t, s, func(tx account.Tx) (int64, error) {
		return tx.AddStudent(account.Student{Account: of, Year: 2026, Project: id})
	})
	update(t, s, func(tx account.Tx) error { return tx.DeleteProject(id) })
	wantRead(t, "the roles", account.Roles{
		Student: &account.Student{ID: student, Account: of, Year: 2026},
		Adviser: &account.Adviser{ID: adviser, Account: of, Year: 2026},
		Mentor:  &account.Mentor{ID: mentor, Account: of, Year: 2026},
	})(read(t, s).Roles(of, 2026, noon))
	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.DeleteProject(id) })
}

func projects(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2025)
	addCohort(t, s, 2026)
	of := addAccount(t, s, "ada@x.test")
	adviser := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdviser(account.Adviser{Account: of, Year: 2026}) })
	mentor := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddMentor(account.Mentor{Account: of, Year: 2026}) })
	all := []account.Project{
		{Year: 2026, Name: "Bridge", Adviser: adviser, Mentor: mentor}, {Year: 2025, Name: "Tower"}, {Year: 2026, Name: "Bridge"},
	}
	for i := range all {
		all[i].ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddProject(all[i]) })
		wantRead(t, "project", all[i])(read(t, s).Project(all[i].ID))
	}
	wantRead(t, "of all cohorts", all)(read(t, s).Projects(0))
	wantRead(t, "of one cohort", []account.Project{all[0], all[2]})(read(t, s).Projects(2026))

	all[0].Name, all[0].Adviser, all[0].Mentor = "Arch", 0, 0
	update(t, s, func(tx account.Tx) error { return tx.SetProject(all[0]) })
	all[2].Adviser = adviser
	update(t, s, func(tx account.Tx) error { return tx.SetProject(all[2]) })
	wantRead(t, "after the changes", all)(read(t, s).Projects(0))

	refused(t, s, account.NotFound, "", func(tx account.Tx) error { return tx.SetProject(account.Project{ID: 99, Year: 2026}) })
	for what, p := range map[string]account.Project{
		"an unknown cohort":  {Year: 2030, Name: "x"},
		"an unknown adviser": {Year: 2026, Name: "x", Adviser: 99},
		"an unknown mentor":  {Year: 2026, Name: "x", Mentor: 99},
	} {
		err := s.Update(t.Context(), func(tx account.Tx) error { _, err := tx.AddProject(p); return err })
		wantRefusal(t, what, err, account.NotFound, "")
	}
}

// rolesInOneRead gives one account every role in two cohorts, beside another that
// must not be mixed in.
func rolesInOneRead(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2025)
	addCohort(t, s, 2026)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	var wanted account.Roles
	for _, of := range []int64{bob, ada} {
		for _, year := range []int64{2025, 2026} {
			adviser := account.Adviser{Account: of, Year: year, NusnetID: "e1", MatricNo: "m1"} // not unique among advisers
			mentor := account.Mentor{Account: of, Year: year}
			adviser.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdviser(adviser) })
			mentor.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddMentor(mentor) })
			for range 2 {
				p := account.Project{Year: year, Name: "P", Adviser: adviser.ID, Mentor: mentor.ID}
				id := made(t, s, func(tx account.Tx) (int64, error) { return tx.AddProject(p) })
				adviser.Projects, mentor.Projects = append(adviser.Projects, id), append(mentor.Projects, id)
			}
			student := account.Student{
				Account: of, Year: year, Project: adviser.Projects[0],
				NusnetID: fmt.Sprintf("e%d.%d", of, year), MatricNo: fmt.Sprintf("A%d.%d", of, year),
			}
			student.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(student) })
			wanted = account.Roles{Student: &student, Adviser: &adviser, Mentor: &mentor}
		}
	}
	wantRead(t, "of the year", wanted)(read(t, s).Roles(ada, 2026, noon))
	wantRead(t, "of year 0", account.Roles{})(read(t, s).Roles(ada, 0, noon))
	wantRead(t, "of a year without a cohort", account.Roles{})(read(t, s).Roles(ada, 2024, noon))

	eve := addAccount(t, s, "eve@x.test")
	bare := account.Student{Account: eve, Year: 2026} // no project, no ids
	bare.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(bare) })
	wantRead(t, "with nothing set", account.Roles{Student: &bare})(read(t, s).Roles(eve, 2026, noon))
}

func administratorByTheCalendar(t *testing.T, open Open) {
	s := open(t)
	of := addAccount(t, s, "ada@x.test")
	add := func(start, end time.Duration) account.Administrator {
		a := account.Administrator{Account: of, Start: noon.Add(start), End: noon.Add(end)}
		a.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdministrator(a) })
		return a
	}
	long := add(-time.Hour, 3*time.Hour)
	short := add(0, time.Hour)
	late := add(5*time.Hour, 6*time.Hour)
	for _, test := range []struct {
		at   time.Duration
		want *account.Administrator
	}{
		{-time.Hour - time.Microsecond, nil},
		{-time.Hour, &long},
		{30 * time.Minute, &long}, // of two, the one that ends last
		{3 * time.Hour, &long},
		{3*time.Hour + time.Microsecond, nil},
		{5 * time.Hour, &late},
	} {
		wantRead(t, fmt.Sprint("at ", test.at), account.Roles{Administrator: test.want})(read(t, s).Roles(of, 2026, noon.Add(test.at)))
	}
	update(t, s, func(tx account.Tx) error { return tx.RemoveRole(account.Roles{Administrator: &long}) })
	wantRead(t, "without the long one", account.Roles{Administrator: &short})(read(t, s).Roles(of, 0, noon))
}

func roleIsTaken(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2025)
	addCohort(t, s, 2026)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	student := func(of, year int64, nusnet, matric string) func(account.Tx) error {
		return func(tx account.Tx) error {
			_, err := tx.AddStudent(account.Student{Account: of, Year: year, NusnetID: nusnet, MatricNo: matric})
			return err
		}
	}
	update(t, s, student(ada, 2026, "e1", "A1"))
	refused(t, s, account.Taken, "account", student(ada, 2026, "e2", "A2"))
	refused(t, s, account.Taken, "nusnetId", student(bob, 2026, "e1", "A2"))
	refused(t, s, account.Taken, "matricNo", student(bob, 2026, "e2", "A1"))
	update(t, s, student(bob, 2026, "", ""))     // none is not taken
	update(t, s, student(ada, 2025, "e1", "A1")) // the same in another cohort is not
	update(t, s, student(bob, 2025, "", ""))
	for what, add := range map[string]func(account.Tx) error{
		"adviser": func(tx account.Tx) error {
			_, err := tx.AddAdviser(account.Adviser{Account: ada, Year: 2026})
			return err
		},
		"mentor": func(tx account.Tx) error {
			_, err := tx.AddMentor(account.Mentor{Account: ada, Year: 2026})
			return err
		},
	} {
		update(t, s, add)
		wantRefusal(t, what, s.Update(t.Context(), add), account.Taken, "account")
	}
}

func roleRefersToWhatThereIs(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2026)
	of := addAccount(t, s, "ada@x.test")
	for what, add := range map[string]func(account.Tx) (int64, error){
		"student of nobody":    func(tx account.Tx) (int64, error) { return tx.AddStudent(account.Student{Account: 99, Year: 2026}) },
		"student of no cohort": func(tx account.Tx) (int64, error) { return tx.AddStudent(account.Student{Account: of, Year: 2030}) },
		"student of no project": func(tx account.Tx) (int64, error) {
			return tx.AddStudent(account.Student{Account: of, Year: 2026, Project: 9})
		},
		"adviser of no cohort": func(tx account.Tx) (int64, error) { return tx.AddAdviser(account.Adviser{Account: of, Year: 2030}) },
		"mentor of nobody":     func(tx account.Tx) (int64, error) { return tx.AddMentor(account.Mentor{Account: 99, Year: 2026}) },
		"administrator nobody": func(tx account.Tx) (int64, error) {
			return tx.AddAdministrator(account.Administrator{Account: 99, Start: noon, End: noon})
		},
	} {
		err := s.Update(t.Context(), func(tx account.Tx) error { _, err := add(tx); return err })
		wantRefusal(t, what, err, account.NotFound, "")
	}
}

func grantsOfEverybody(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2025)
	addCohort(t, s, 2026)
	ada, bob := addAccount(t, s, "ada@x.test"), addAccount(t, s, "bob@x.test")
	student := account.Student{ID: 1, Account: bob, Year: 2026, NusnetID: "e1"}
	early := account.Student{ID: 2, Account: bob, Year: 2025}
	adviser := account.Adviser{ID: 1, Account: ada, Year: 2026, Projects: []int64{1}}
	mentor := account.Mentor{ID: 1, Account: ada, Year: 2026}
	admin := account.Administrator{ID: 1, Account: ada, Start: noon, End: noon.Add(-time.Hour)} // held no more, listed all the same
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(student) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(early) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdviser(adviser) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddMentor(mentor) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdministrator(admin) })
	made(t, s, func(tx account.Tx) (int64, error) {
		return tx.AddProject(account.Project{Year: 2026, Name: "P", Adviser: 1})
	})
	ofAda := []account.Grant{
		{Account: ada, Email: "ada@x.test", Roles: account.Roles{Adviser: &adviser}},
		{Account: ada, Email: "ada@x.test", Roles: account.Roles{Mentor: &mentor}},
		{Account: ada, Email: "ada@x.test", Roles: account.Roles{Administrator: &admin}},
	}
	ofBob := []account.Grant{
		{Account: bob, Email: "bob@x.test", Roles: account.Roles{Student: &early}},
		{Account: bob, Email: "bob@x.test", Roles: account.Roles{Student: &student}},
	}
	wantRead(t, "of one", ofAda)(read(t, s).Grants(ada))
	wantRead(t, "of the other", ofBob)(read(t, s).Grants(bob))
	wantRead(t, "of all", append(ofAda, ofBob...))(read(t, s).Grants(0))
}

func roleIsRemoved(t *testing.T, open Open) {
	s := open(t)
	addCohort(t, s, 2026)
	of := addAccount(t, s, "ada@x.test")
	// One of each kind with the same id, so that only the kind tells.
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddStudent(account.Student{Account: of, Year: 2026}) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddAdviser(account.Adviser{Account: of, Year: 2026}) })
	made(t, s, func(tx account.Tx) (int64, error) { return tx.AddMentor(account.Mentor{Account: of, Year: 2026}) })
	made(t, s, func(tx account.Tx) (int64, error) {
		return tx.AddAdministrator(account.Administrator{Account: of, Start: noon, End: noon})
	})
	project := account.Project{Year: 2026, Name: "P", Adviser: 1, Mentor: 1}
	project.ID = made(t, s, func(tx account.Tx) (int64, error) { return tx.AddProject(project) })
	for i, role := range []account.Roles{
		{Adviser: &account.Adviser{ID: 1}}, {Mentor: &account.Mentor{ID: 1}},
		{Student: &account.Student{ID: 1}}, {Administrator: &account.Administrator{ID: 1}},
	} {
		remove := func(tx account.Tx) error { return tx.RemoveRole(role) }
		update(t, s, remove)
		refused(t, s, account.NotFound, "", remove)
		wantRead(t, "roles left", 3-i)(count(read(t, s).Grants(of)))
		switch i {
		case 0:
			project.Adviser = 0
		case 1:
			project.Mentor = 0
		}
		wantRead(t, "the project", project)(read(t, s).Project(project.ID))
	}
}
