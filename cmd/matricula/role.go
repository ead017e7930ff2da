package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"matricula/internal/account"
)

// roleCommand is what an operator does to roles.
type roleCommand struct {
	Grant  roleGrant  `cmd:"" help:"Give an account a role."`
	Revoke roleRevoke `cmd:"" help:"Take a role from an account."`
	List   roleList   `cmd:"" help:"List the roles of an account, or all."`
}

// Help shows how they are used.
func (roleCommand) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu student --cohort 2026"
}

// roleGrant is matricula role grant ACCOUNT ROLE …
type roleGrant struct {
	Account grantTo `arg:""`
}

// Help shows how it is used.
func (roleGrant) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu student --cohort 2026"
}

// grantTo names the account, and what it may be made.
type grantTo struct {
	Account       string             `arg:"" help:"E-mail address or id of the account."`
	Student       grantStudent       `cmd:"" help:"Make it a student of a cohort."`
	Adviser       grantAdviser       `cmd:"" help:"Make it an adviser of a cohort."`
	Mentor        grantMentor        `cmd:"" help:"Make it a mentor of a cohort."`
	Administrator grantAdministrator `cmd:"" help:"Make it an administrator for a time."`
}

// give opens the installation, finds the account and gives it what is asked for.
func (g *grantTo) give(c *console, at place, role string, grant func(*desk, account.Account) error) error {
	return at.look(c, func(d *desk) error {
		a, err := d.find(g.Account)
		if err != nil {
			return err
		}
		if err := grant(d, a); err != nil {
			return named(a.Email.Text, err)
		}
		return d.show(map[string]any{"account": a.ID, "email": a.Email.Text, "role": role}, "%s holds the role %s now.", a.Email.Text, role)
	})
}

type grantStudent struct {
	place
	Cohort   int64  `name:"cohort" required:"" placeholder:"YEAR" help:"Academic year."`
	Project  int64  `name:"project" placeholder:"ID" help:"Project of the student."`
	NusnetID string `name:"nusnet-id" placeholder:"ID" help:"NUSNET id."`
	MatricNo string `name:"matric-no" placeholder:"NO" help:"Matriculation number."`
}

// Help shows how it is used.
func (grantStudent) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu student --cohort 2026 --project 1"
}

// Run grants the role.
func (cmd *grantStudent) Run(c *console, to *grantTo) error {
	return to.give(c, cmd.place, "student", func(d *desk, a account.Account) error {
		return d.GrantStudent(d.ctx, operator, account.Student{
			Account: a.ID, Year: cmd.Cohort, Project: cmd.Project, NusnetID: cmd.NusnetID, MatricNo: cmd.MatricNo,
		})
	})
}

type grantAdviser struct {
	place
	Cohort   int64   `name:"cohort" required:"" placeholder:"YEAR" help:"Academic year."`
	Projects []int64 `name:"projects" placeholder:"ID" help:"Projects to advise; each must be without an adviser."`
	NusnetID string  `name:"nusnet-id" placeholder:"ID" help:"NUSNET id."`
	MatricNo string  `name:"matric-no" placeholder:"NO" help:"Matriculation number."`
}

// Help shows how it is used.
func (grantAdviser) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu adviser --cohort 2026 --projects 1,2"
}

// Run grants the role.
func (cmd *grantAdviser) Run(c *console, to *grantTo) error {
	return to.give(c, cmd.place, "adviser", func(d *desk, a account.Account) error {
		return d.GrantAdviser(d.ctx, operator, account.Adviser{
			Account: a.ID, Year: cmd.Cohort, Projects: cmd.Projects, NusnetID: cmd.NusnetID, MatricNo: cmd.MatricNo,
		})
	})
}

type grantMentor struct {
	place
	Cohort   int64   `name:"cohort" required:"" placeholder:"YEAR" help:"Academic year."`
	Projects []int64 `name:"projects" placeholder:"ID" help:"Projects to mentor; each must be without a mentor."`
}

// Help shows how it is used.
func (grantMentor) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu mentor --cohort 2026 --projects 1"
}

// Run grants the role.
func (cmd *grantMentor) Run(c *console, to *grantTo) error {
	return to.give(c, cmd.place, "mentor", func(d *desk, a account.Account) error {
		return d.GrantMentor(d.ctx, operator, account.Mentor{Account: a.ID, Year: cmd.Cohort, Projects: cmd.Projects})
	})
}

type grantAdministrator struct {
	place
	Start string `name:"start" required:"" placeholder:"DAY" help:"First day, such as 2026-08-01, in the time-zone setting."`
	End   string `name:"end" required:"" placeholder:"DAY" help:"Last day."`
}

// Help shows how it is used.
func (grantAdministrator) Help() string {
	return "Example:\n\n    matricula role grant ada@example.edu administrator --start 2026-08-01 --end 2027-07-31"
}

// Run grants the role.
func (cmd *grantAdministrator) Run(c *console, to *grantTo) error {
	return to.give(c, cmd.place, "administrator", func(d *desk, a account.Account) error {
		start, end, err := period(cmd.Start, cmd.End, d.zone)
		if err != nil {
			return err
		}
		return d.GrantAdministrator(d.ctx, operator, account.Administrator{Account: a.ID, Start: start, End: end})
	})
}

type roleRevoke struct {
	place
	Account string `arg:"" help:"E-mail address or id of the account."`
	Role    string `arg:"" enum:"student,adviser,mentor,administrator" help:"student, adviser, mentor or administrator."`
	Cohort  int64  `name:"cohort" placeholder:"YEAR" help:"Academic year; of every role but administrator."`
}

// Help shows how it is used.
func (roleRevoke) Help() string {
	return `Projects lose their adviser or mentor. Of an administrator, every grant goes.

Example:

    matricula role revoke ada@example.edu adviser --cohort 2026`
}

// Run revokes the role.
func (cmd *roleRevoke) Run(c *console) error {
	name := account.RoleName(cmd.Role)
	switch {
	case name == account.AdministratorRole && cmd.Cohort != 0:
		return errors.New("an administrator is of no cohort; leave --cohort out")
	case name != account.AdministratorRole && cmd.Cohort == 0:
		return fmt.Errorf("of which cohort? add --cohort YEAR")
	}
	return cmd.look(c, func(d *desk) error {
		a, err := d.find(cmd.Account)
		if err != nil {
			return err
		}
		err = d.RevokeRole(d.ctx, operator, a.ID, name, cmd.Cohort)
		if errors.Is(err, account.NotFound) {
			return fmt.Errorf("%s does not hold that role; matricula role list %s shows what it holds", a.Email.Text, a.Email.Text)
		}
		if err != nil {
			return err
		}
		return d.show(removed{cmd.Role}, "%s holds the role %s no more.", a.Email.Text, cmd.Role)
	})
}

type roleList struct {
	place
	Account string `arg:"" optional:"" help:"E-mail address or id of the account; all when left out."`
}

// Help shows how it is used.
func (roleList) Help() string { return "Example:\n\n    matricula role list ada@example.edu" }

// roleShape is a role as programs read it.
type roleShape struct {
	Account   int64      `json:"account"`
	Email     string     `json:"email"`
	Role      string     `json:"role"`
	ID        int64      `json:"id"`
	Year      int64      `json:"year,omitempty"`
	Project   int64      `json:"project,omitempty"`
	Projects  []int64    `json:"projects,omitempty"`
	NusnetID  string     `json:"nusnet_id,omitempty"`
	MatricNo  string     `json:"matric_no,omitempty"`
	StartDate *time.Time `json:"start,omitempty"`
	EndDate   *time.Time `json:"end,omitempty"`
}

func roleOf(g account.Grant) roleShape {
	shape := roleShape{Account: g.Account, Email: g.Email}
	switch {
	case g.Student != nil:
		s := g.Student
		shape.Role, shape.ID, shape.Year, shape.Project = string(account.StudentRole), s.ID, s.Year, s.Project
		shape.NusnetID, shape.MatricNo = s.NusnetID, s.MatricNo
	case g.Adviser != nil:
		s := g.Adviser
		shape.Role, shape.ID, shape.Year, shape.Projects = string(account.AdviserRole), s.ID, s.Year, s.Projects
		shape.NusnetID, shape.MatricNo = s.NusnetID, s.MatricNo
	case g.Mentor != nil:
		s := g.Mentor
		shape.Role, shape.ID, shape.Year, shape.Projects = string(account.MentorRole), s.ID, s.Year, s.Projects
	case g.Administrator != nil:
		s := g.Administrator
		shape.Role, shape.ID = string(account.AdministratorRole), s.ID
		shape.StartDate, shape.EndDate = stamp(s.Start), stamp(s.End)
	}
	return shape
}

// what says to people what the role is of.
func (r roleShape) what(d *desk) string {
	var parts []string
	if r.Year != 0 {
		parts = append(parts, strconv.FormatInt(r.Year, 10))
	}
	if r.Project != 0 {
		parts = append(parts, fmt.Sprintf("project %d", r.Project))
	}
	if len(r.Projects) > 0 {
		parts = append(parts, "projects "+joinIDs(r.Projects))
	}
	if r.StartDate != nil && r.EndDate != nil {
		parts = append(parts, d.day(*r.StartDate)+" to "+d.day(*r.EndDate))
	}
	return strings.Join(parts, ", ")
}

// Run lists the roles.
func (cmd *roleList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		id := int64(0)
		if cmd.Account != "" {
			a, err := d.find(cmd.Account)
			if err != nil {
				return err
			}
			id = a.ID
		}
		grants, err := d.Grants(d.ctx, id)
		if err != nil {
			return err
		}
		shapes, rows := []roleShape{}, [][]string{}
		for _, grant := range grants {
			shape := roleOf(grant)
			shapes = append(shapes, shape)
			rows = append(rows, []string{shape.Email, shape.Role, shape.what(d), shape.NusnetID, shape.MatricNo})
		}
		return d.list(shapes, []string{"ACCOUNT", "ROLE", "OF", "NUSNET ID", "MATRIC NO"}, rows)
	})
}
