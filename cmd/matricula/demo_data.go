package main

import (
	"context"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// The accounts of a demonstration. The domain is reserved (RFC 2606): no mail
// could ever leave for it.
var (
	demoAdministrator = demoAccount{"admin@campus.example", "demo-administrator-password", "administrator"}
	demoAdviser       = demoAccount{"adviser@campus.example", "demo-adviser-password", "adviser"}
	demoMentor        = demoAccount{"mentor@campus.example", "demo-mentor-password", "mentor"}
	demoStudent       = demoAccount{"student@campus.example", "demo-student-password", "student"}
	demoOfficer       = demoAccount{"chess@campus.example", "demo-chess-password", "officer of the Chess Club"}
	demoUnconfirmed   = demoAccount{"robotics@campus.example", "demo-robotics-password", "officer, not confirmed yet: see its mail"}
)

// demoFree is on the roster and has no account: who tries things out registers it.
const demoFree = "drama@campus.example"

// demo fills one installation.
type demo struct {
	*core
	ctx context.Context
	now time.Time
}

// fillDemo fills an empty installation and answers its accounts.
func (s *core) fillDemo(ctx context.Context, now time.Time) ([]demoAccount, error) {
	d := demo{s, ctx, now.UTC()}
	for _, fill := range []func() error{d.clubs, d.cohorts, d.people} {
		if err := fill(); err != nil {
			return nil, err
		}
	}
	return []demoAccount{demoAdministrator, demoAdviser, demoMentor, demoStudent, demoOfficer, demoUnconfirmed}, nil
}

// clubs makes the roster, an officer with a club, and one who has just registered.
func (d demo) clubs() error {
	roster := []string{demoOfficer.Email, demoUnconfirmed.Email, demoFree, "choir@campus.example", "hiking@campus.example"}
	if _, err := d.AddToRoster(d.ctx, operator, roster); err != nil {
		return err
	}
	officer, err := d.make(demoOfficer, "Vera Menchik")
	if err != nil {
		return err
	}
	name, about, website := "Chess Club", "We play on Fridays, and teach whoever comes.", map[string]string{"website": "https://chess.campus.example"}
	takes := true
	_, err = d.CreateClub(d.ctx, operator, officer, account.ClubEdit{
		Name: &name, AboutUs: &about, Tags: []int64{0, 1}, NewMembers: &takes, Social: website,
	})
	if err != nil {
		return err
	}
	return d.SignUp(d.ctx, account.Caller{}, account.SignUp{
		Name: "Robotics Society", Email: demoUnconfirmed.Email, Password: token.SecretOf(demoUnconfirmed.Password), Tags: []int64{2}, NewMembers: true,
	})
}

// year is the cohort that runs; the one before and the one after are there too.
func (d demo) year() int64 { return int64(d.now.Year()) }

// cohorts makes a cohort that is over, one that runs and one to come, each with
// projects where people work on some.
func (d demo) cohorts() error {
	today := time.Date(d.now.Year(), d.now.Month(), d.now.Day(), 0, 0, 0, 0, time.UTC)
	cohort := func(year int64, from, months int) account.Cohort {
		start := today.AddDate(0, from, 0)
		return account.Cohort{Year: year, Start: start, End: start.AddDate(0, months, 0).Add(-time.Millisecond)}
	}
	return d.AddCohorts(d.ctx, operator, []account.Cohort{
		cohort(d.year()-1, -14, 10), cohort(d.year(), -2, 10), cohort(d.year()+1, 10, 10),
	})
}

// people makes the accounts of the programme, their roles and their projects.
func (d demo) people() error {
	administrator, err := d.make(demoAdministrator, "Grace Hopper")
	if err != nil {
		return err
	}
	adviser, err := d.make(demoAdviser, "Ada Lovelace")
	if err != nil {
		return err
	}
	mentor, err := d.make(demoMentor, "Alan Turing")
	if err != nil {
		return err
	}
	student, err := d.make(demoStudent, "Edsger Dijkstra")
	if err != nil {
		return err
	}
	err = d.GrantAdministrator(d.ctx, operator, account.Administrator{
		Account: administrator, Start: d.now.AddDate(0, -1, 0), End: d.now.AddDate(1, 0, 0),
	})
	if err != nil {
		return err
	}
	projects, err := d.AddProjects(d.ctx, operator, []account.NewProject{
		{Year: d.year(), Name: "Star Map", Adviser: adviser, Mentor: mentor},
		{Year: d.year(), Name: "Bus Times", Adviser: adviser},
		{Year: d.year() - 1, Name: "Lost and Found", Mentor: mentor},
		{Year: d.year() + 1, Name: "Shared Bicycles"},
	})
	if err != nil {
		return err
	}
	return d.GrantStudent(d.ctx, operator, account.Student{
		Account: student, Year: d.year(), Project: projects[0].ID, NusnetID: "e0123456", MatricNo: "A0123456X",
	})
}

// make makes a confirmed account and answers its id.
func (d demo) make(a demoAccount, name string) (int64, error) {
	made, err := d.CreateAccount(d.ctx, operator, account.NewAccount{Email: a.Email, Name: name, Password: token.SecretOf(a.Password)})
	return made.ID, err
}
