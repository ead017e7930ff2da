package main

import (
	"errors"
	"fmt"
	"strconv"

	"matricula/internal/account"
)

// projectCommand is what an operator does to projects.
type projectCommand struct {
	Create projectCreate `cmd:"" help:"Make a project of a cohort."`
	List   projectList   `cmd:"" help:"List the projects."`
	Delete projectDelete `cmd:"" help:"Delete a project; its students have none then, and every role stays."`
	Import projectImport `cmd:"" help:"Make the projects of a CSV file, all or none."`
}

// Help shows how they are used.
func (projectCommand) Help() string { return "Example:\n\n    matricula project list" }

type projectCreate struct {
	place
	Year    int64  `arg:"" help:"Academic year of the cohort."`
	Name    string `arg:"" help:"Name of the project."`
	Adviser string `name:"adviser" placeholder:"ACCOUNT" help:"E-mail address or id of the adviser; made one of the cohort if need be."`
	Mentor  string `name:"mentor" placeholder:"ACCOUNT" help:"E-mail address or id of the mentor; likewise."`
}

// Help shows how it is used.
func (projectCreate) Help() string {
	return `Example:

    matricula project create 2026 "Star Map" --adviser ada@example.edu --mentor alan@example.edu`
}

// Run makes the project.
func (cmd *projectCreate) Run(c *console) error {
	return cmd.at(c, func(d *desk) error {
		project := account.NewProject{Year: cmd.Year, Name: cmd.Name}
		for _, person := range []struct {
			who string
			to  *int64
		}{{cmd.Adviser, &project.Adviser}, {cmd.Mentor, &project.Mentor}} {
			if person.who == "" {
				continue
			}
			a, err := d.find(person.who)
			if err != nil {
				return err
			}
			*person.to = a.ID
		}
		made, err := d.AddProjects(d.ctx, operator, []account.NewProject{project})
		if err != nil {
			return named(cmd.Name, err)
		}
		people, err := d.people()
		if err != nil {
			return err
		}
		return d.show(people.project(made[0]), "Project %d is made.", made[0].ID)
	})
}

type projectList struct {
	place
	Cohort int64 `name:"cohort" placeholder:"YEAR" help:"Of this cohort alone."`
}

// Help shows how it is used.
func (projectList) Help() string { return "Example:\n\n    matricula project list --cohort 2026" }

// projectShape is a project as programs read it.
type projectShape struct {
	ID        int64  `json:"id"`
	Year      int64  `json:"year"`
	Name      string `json:"name"`
	AdviserID int64  `json:"adviser_id,omitempty"` // id of the role
	Adviser   string `json:"adviser,omitempty"`    // e-mail address
	MentorID  int64  `json:"mentor_id,omitempty"`
	Mentor    string `json:"mentor,omitempty"`
}

// people are the addresses of advisers and mentors by the id of the role.
type people struct{ advisers, mentors map[int64]string }

// people reads them.
func (d *desk) people() (people, error) {
	grants, err := d.Grants(d.ctx, 0)
	found := people{map[int64]string{}, map[int64]string{}}
	for _, grant := range grants {
		switch {
		case grant.Adviser != nil:
			found.advisers[grant.Adviser.ID] = grant.Email
		case grant.Mentor != nil:
			found.mentors[grant.Mentor.ID] = grant.Email
		}
	}
	return found, err
}

// project is a project with its people.
func (p people) project(made account.Project) projectShape {
	return projectShape{
		ID: made.ID, Year: made.Year, Name: made.Name,
		AdviserID: made.Adviser, Adviser: p.advisers[made.Adviser],
		MentorID: made.Mentor, Mentor: p.mentors[made.Mentor],
	}
}

// Run lists the projects.
func (cmd *projectList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		projects, err := d.Projects(d.ctx, cmd.Cohort)
		if err != nil {
			return err
		}
		people, err := d.people()
		if err != nil {
			return err
		}
		shapes, rows := []projectShape{}, [][]string{}
		for _, project := range projects {
			shape := people.project(project)
			shapes = append(shapes, shape)
			rows = append(rows, []string{
				strconv.FormatInt(shape.ID, 10), strconv.FormatInt(shape.Year, 10), shape.Name, shape.Adviser, shape.Mentor,
			})
		}
		return d.list(shapes, []string{"ID", "COHORT", "NAME", "ADVISER", "MENTOR"}, rows)
	})
}

type projectDelete struct {
	place
	ID int64 `arg:"" help:"Id of the project."`
}

// Help shows how it is used.
func (projectDelete) Help() string { return "Example:\n\n    matricula project delete 3" }

// Run deletes the project.
func (cmd *projectDelete) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		gone, err := d.DeleteProject(d.ctx, operator, cmd.ID)
		if errors.Is(err, account.NotFound) {
			return fmt.Errorf("there is no project %d; matricula project list shows all", cmd.ID)
		}
		if err != nil {
			return err
		}
		return d.show(removed{strconv.FormatInt(gone.ID, 10)}, "Project %d, %s, is deleted.", gone.ID, gone.Name)
	})
}

type projectImport struct {
	place
	File string `arg:"" help:"CSV file, - for standard input."`
}

// Help describes the file.
func (projectImport) Help() string {
	return `The first line names the columns year and name, and if you like adviser and mentor: e-mail addresses of accounts, who are made advisers and mentors of the cohort if need be.

Example:

    matricula project import projects.csv

with projects.csv:

    year,name,adviser,mentor
    2026,Star Map,ada@example.edu,alan@example.edu
    2026,Bus Times,,`
}

// Run makes the projects.
func (cmd *projectImport) Run(c *console) error {
	sheet, err := readSheet(cmd.File, c.in, columns{needed: []string{"year", "name"}, optional: []string{"adviser", "mentor"}})
	if err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		projects, err := sheet.projects(d)
		if err != nil {
			return err
		}
		if err := sheet.err(); err != nil {
			return err
		}
		made, err := d.AddProjects(d.ctx, operator, projects)
		if err != nil {
			return err
		}
		return d.show(imported{len(projects), len(made)}, "%s made.", are(len(made), "project"))
	})
}

// projects reads the lines, asking for cohorts and accounts.
func (s *sheet) projects(d *desk) ([]account.NewProject, error) {
	cohorts, err := d.Cohorts(d.ctx)
	if err != nil {
		return nil, err
	}
	years := map[string]int64{}
	for _, cohort := range cohorts {
		years[strconv.FormatInt(cohort.Year, 10)] = cohort.Year
	}
	var projects []account.NewProject
	for _, l := range s.lines {
		project := account.NewProject{Year: years[l.cells["year"]], Name: l.cells["name"]}
		if project.Year == 0 {
			s.refuse(l.number, "there is no cohort %q", l.cells["year"])
		}
		if err := checkProjectName(project.Name); err != nil {
			s.refuse(l.number, "%v", err)
		}
		if project.Adviser, err = s.person(d, l, "adviser"); err != nil {
			return nil, err
		}
		if project.Mentor, err = s.person(d, l, "mentor"); err != nil {
			return nil, err
		}
		projects = append(projects, project)
	}
	return projects, nil
}

// maxProjectName is the longest name in characters; the rules say so once more.
const maxProjectName = 70

func checkProjectName(name string) error {
	if n := len([]rune(name)); n < 1 || n > maxProjectName {
		return fmt.Errorf("a name has 1 to %d characters", maxProjectName)
	}
	return nil
}

// person answers the account that a cell names, 0 for an empty one.
func (s *sheet) person(d *desk, l line, column string) (int64, error) {
	email := l.cells[column]
	if email == "" {
		return 0, nil
	}
	a, err := d.FindAccount(d.ctx, email)
	switch {
	case errors.Is(err, account.NotFound):
		s.refuse(l.number, "the %s %s has no account", column, email)
	case errors.Is(err, account.Invalid):
		s.refuse(l.number, "the %s %q is not an e-mail address", column, email)
	case err != nil:
		return 0, err
	}
	return a.ID, nil
}
