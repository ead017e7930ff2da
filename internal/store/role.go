package store

import (
	"fmt"
	"time"

	"matricula/internal/account"
)

// The four kinds of roles as rows of one shape, in the order in which they are
// listed: what a kind has not is NULL. The CASTs are for PostgreSQL, which must
// know the type of a NULL. %s is for the rows that are asked for.
const roles = `
SELECT 1 AS kind, students.id, students.account_id, accounts.email, students.year, students.project_id,
	students.nusnet_id, students.matric_no, CAST(NULL AS TEXT) AS projects,
	CAST(NULL AS BIGINT) AS start_at, CAST(NULL AS BIGINT) AS end_at
FROM students
JOIN accounts ON accounts.id = students.account_id
%[1]s
UNION ALL
SELECT 2, advisers.id, advisers.account_id, accounts.email, advisers.year, NULL,
	advisers.nusnet_id, advisers.matric_no,
	(SELECT string_agg(CAST(projects.id AS TEXT), ',' ORDER BY projects.id) FROM projects WHERE projects.adviser_id = advisers.id),
	NULL, NULL
FROM advisers
JOIN accounts ON accounts.id = advisers.account_id
%[2]s
UNION ALL
SELECT 3, mentors.id, mentors.account_id, accounts.email, mentors.year, NULL,
	NULL, NULL,
	(SELECT string_agg(CAST(projects.id AS TEXT), ',' ORDER BY projects.id) FROM projects WHERE projects.mentor_id = mentors.id),
	NULL, NULL
FROM mentors
JOIN accounts ON accounts.id = mentors.account_id
%[3]s
UNION ALL
SELECT 4, administrators.id, administrators.account_id, accounts.email, NULL, NULL,
	NULL, NULL, NULL,
	administrators.start_at, administrators.end_at
FROM administrators
JOIN accounts ON accounts.id = administrators.account_id
%[4]s`

// rolesOf asks for what an account holds. The grants as administrator come with
// the one that ends last at the end, so that it is the one that counts.
var rolesOf = fmt.Sprintf(roles,
	"WHERE students.account_id = $1 AND students.year = $2",
	"WHERE advisers.account_id = $1 AND advisers.year = $2",
	"WHERE mentors.account_id = $1 AND mentors.year = $2",
	"WHERE administrators.account_id = $1 AND administrators.start_at <= $3 AND administrators.end_at >= $3") + `
ORDER BY 1, 11, 2`

// grants asks for every role; grantsOf for those of one account.
var (
	grants   = fmt.Sprintf(roles, "", "", "", "") + grantOrder
	grantsOf = fmt.Sprintf(roles,
		"WHERE students.account_id = $1",
		"WHERE advisers.account_id = $1",
		"WHERE mentors.account_id = $1",
		"WHERE administrators.account_id = $1") + grantOrder
)

// grantOrder is by account, kind, year and id.
const grantOrder = `
ORDER BY 3, 1, 5, 2`

// scanGrant reads a row of roles.
func scanGrant(row Row) (g account.Grant, err error) {
	var kind, id, year, project int64
	var nusnetID, matricNo string
	var projects []int64
	var start, end time.Time
	err = row.Scan(&kind, &id, &g.Account, &g.Email, orZero(&year), orZero(&project),
		orZero(&nusnetID), orZero(&matricNo), ids{&projects}, instant{&start}, instant{&end})
	switch kind {
	case 1:
		g.Student = &account.Student{ID: id, Account: g.Account, Year: year, Project: project, NusnetID: nusnetID, MatricNo: matricNo}
	case 2:
		g.Adviser = &account.Adviser{ID: id, Account: g.Account, Year: year, Projects: projects, NusnetID: nusnetID, MatricNo: matricNo}
	case 3:
		g.Mentor = &account.Mentor{ID: id, Account: g.Account, Year: year, Projects: projects}
	case 4:
		g.Administrator = &account.Administrator{ID: id, Account: g.Account, Start: start, End: end}
	}
	return g, err
}

// Roles answers what the account holds, in one statement.
func (r reader) Roles(of, year int64, now time.Time) (account.Roles, error) {
	var held account.Roles
	err := r.rows.Query(r.ctx, func(row Row) error {
		g, err := scanGrant(row)
		switch {
		case g.Student != nil:
			held.Student = g.Student
		case g.Adviser != nil:
			held.Adviser = g.Adviser
		case g.Mentor != nil:
			held.Mentor = g.Mentor
		case g.Administrator != nil:
			held.Administrator = g.Administrator
		}
		return err
	}, rolesOf, of, year, now.UnixMicro())
	if err != nil {
		return account.Roles{}, r.fault("roles", err)
	}
	return held, nil
}

// Grants lists roles of every kind.
func (r reader) Grants(of int64) ([]account.Grant, error) {
	if of == 0 {
		return list(r, "grants", scanGrant, grants)
	}
	return list(r, "grants", scanGrant, grantsOf, of)
}

// AddStudent makes a student.
func (t tx) AddStudent(s account.Student) (int64, error) {
	return t.add("add student", `
INSERT INTO students (account_id, year, project_id, nusnet_id, matric_no)
VALUES ($1, $2, $3, $4, $5)
RETURNING id`, s.Account, s.Year, ref(s.Project), unset(s.NusnetID), unset(s.MatricNo))
}

// AddAdviser makes an adviser.
func (t tx) AddAdviser(a account.Adviser) (int64, error) {
	return t.add("add adviser", `
INSERT INTO advisers (account_id, year, nusnet_id, matric_no)
VALUES ($1, $2, $3, $4)
RETURNING id`, a.Account, a.Year, unset(a.NusnetID), unset(a.MatricNo))
}

// AddMentor makes a mentor.
func (t tx) AddMentor(m account.Mentor) (int64, error) {
	return t.add("add mentor", `
INSERT INTO mentors (account_id, year)
VALUES ($1, $2)
RETURNING id`, m.Account, m.Year)
}

// AddAdministrator makes a grant as administrator.
func (t tx) AddAdministrator(a account.Administrator) (int64, error) {
	return t.add("add administrator", `
INSERT INTO administrators (account_id, start_at, end_at)
VALUES ($1, $2, $3)
RETURNING id`, a.Account, micros(a.Start), micros(a.End))
}

// RemoveRole deletes the one role that is set in r.
func (t tx) RemoveRole(r account.Roles) error {
	switch {
	case r.Student != nil:
		return t.change("remove student", `
DELETE FROM students
WHERE id = $1`, r.Student.ID)
	case r.Adviser != nil:
		return t.change("remove adviser", `
DELETE FROM advisers
WHERE id = $1`, r.Adviser.ID)
	case r.Mentor != nil:
		return t.change("remove mentor", `
DELETE FROM mentors
WHERE id = $1`, r.Mentor.ID)
	case r.Administrator != nil:
		return t.change("remove administrator", `
DELETE FROM administrators
WHERE id = $1`, r.Administrator.ID)
	}
	return account.NotFound
}
