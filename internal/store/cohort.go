package store

import (
	"errors"
	"fmt"

	"matricula/internal/account"
)

func scanCohort(row Row) (c account.Cohort, err error) {
	err = row.Scan(&c.Year, instant{&c.Start}, instant{&c.End})
	return c, err
}

// Cohorts lists the cohorts, newest first.
func (r reader) Cohorts() ([]account.Cohort, error) {
	return list(r, "cohorts", scanCohort, `
SELECT year, start_at, end_at
FROM cohorts
ORDER BY year DESC`)
}

// AddCohort makes a cohort.
func (t tx) AddCohort(c account.Cohort) error {
	_, err := t.exec("add cohort", `
INSERT INTO cohorts (year, start_at, end_at)
VALUES ($1, $2, $3)`, c.Year, micros(c.Start), micros(c.End))
	return err
}

// SetCohort writes a cohort's start and end.
func (t tx) SetCohort(c account.Cohort) error {
	return t.change("set cohort", `
UPDATE cohorts
SET start_at = $2, end_at = $3
WHERE year = $1`, c.Year, micros(c.Start), micros(c.End))
}

// DeleteCohort deletes a cohort that nothing is of.
func (t tx) DeleteCohort(year int64) error {
	found, err := t.did("delete cohort", `
DELETE FROM cohorts
WHERE year = $1`, year)
	switch {
	case errors.Is(err, account.NotFound): // what a foreign key that is violated says
		return &account.Error{Code: account.InUse, Fields: []account.FieldError{
			{Field: "year", Why: fmt.Sprintf("Roles or projects are of cohort %d.", year)},
		}}
	case err == nil && !found:
		return account.NotFound
	}
	return err
}

func scanProject(row Row) (p account.Project, err error) {
	err = row.Scan(&p.ID, &p.Year, &p.Name, orZero(&p.Adviser), orZero(&p.Mentor))
	return p, err
}

// Project answers the project with this id.
func (r reader) Project(id int64) (account.Project, error) {
	return one(r, "project", scanProject, `
SELECT id, year, name, adviser_id, mentor_id
FROM projects
WHERE id = $1`, id)
}

// Projects lists the projects of one cohort, or of all with 0, by id.
func (r reader) Projects(year int64) ([]account.Project, error) {
	if year == 0 {
		return list(r, "projects", scanProject, `
SELECT id, year, name, adviser_id, mentor_id
FROM projects
ORDER BY id`)
	}
	return list(r, "projects", scanProject, `
SELECT id, year, name, adviser_id, mentor_id
FROM projects
WHERE year = $1
ORDER BY id`, year)
}

// AddProject makes a project.
func (t tx) AddProject(p account.Project) (int64, error) {
	return t.add("add project", `
INSERT INTO projects (year, name, adviser_id, mentor_id)
VALUES ($1, $2, $3, $4)
RETURNING id`, p.Year, p.Name, ref(p.Adviser), ref(p.Mentor))
}

// SetProject writes everything of a project.
func (t tx) SetProject(p account.Project) error {
	return t.change("set project", `
UPDATE projects
SET year = $2, name = $3, adviser_id = $4, mentor_id = $5
WHERE id = $1`, p.ID, p.Year, p.Name, ref(p.Adviser), ref(p.Mentor))
}

// DeleteProject deletes a project.
func (t tx) DeleteProject(id int64) error {
	return t.change("delete project", `
DELETE FROM projects
WHERE id = $1`, id)
}
