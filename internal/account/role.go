package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// GrantStudent makes an account a student of a cohort. It refuses with NotFound
// (account, cohort, project), Invalid (a project of another cohort, a number that is
// none) and Taken.
func (s *Service) GrantStudent(ctx context.Context, c Caller, role Student) error {
	if err := checkNumbers(role.NusnetID, role.MatricNo); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if err := mayHold(tx, role.Account, role.Year); err != nil {
			return err
		}
		if role.Project != 0 {
			if _, err := projectOf(tx, role.Project, role.Year); err != nil {
				return err
			}
		}
		if _, err := tx.AddStudent(role); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), RoleGranted, role.Account, fmt.Sprintf("student %d", role.Year)))
	})
}

// GrantAdviser makes an account an adviser of a cohort and of the projects named.
// It refuses like GrantStudent, and with Taken for a project that has an adviser.
func (s *Service) GrantAdviser(ctx context.Context, c Caller, role Adviser) error {
	if err := checkNumbers(role.NusnetID, role.MatricNo); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		id, err := s.grantAdviser(tx, c, role)
		if err != nil {
			return err
		}
		return takeProjects(tx, role.Projects, role.Year, AdviserRole, func(p *Project) *int64 { return &p.Adviser }, id)
	})
}

// GrantMentor does the same for a mentor.
func (s *Service) GrantMentor(ctx context.Context, c Caller, role Mentor) error {
	return s.store.Update(ctx, func(tx Tx) error {
		id, err := s.grantMentor(tx, c, role)
		if err != nil {
			return err
		}
		return takeProjects(tx, role.Projects, role.Year, MentorRole, func(p *Project) *int64 { return &p.Mentor }, id)
	})
}

// checkNumbers looks at the numbers that the university knows a person by: they come
// from spreadsheets, and go to front ends and terminals as they are.
func checkNumbers(nusnet, matric string) error {
	return allOf(checkNumber("nusnet_id", "A NUSNET id", nusnet), checkNumber("matric_no", "A matriculation number", matric))
}

func checkNumber(field, name, number string) error {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.ContainsFunc(number, odd) || !utf8.ValidString(number) || utf8.RuneCountInString(number) > maxName {
		return invalid(field, "%s is one line of at most %d visible characters.", name, maxName)
	}
	return nil
}

func (s *Service) grantAdviser(tx Tx, c Caller, role Adviser) (int64, error) {
	if err := mayHold(tx, role.Account, role.Year); err != nil {
		return 0, err
	}
	id, err := tx.AddAdviser(role)
	if err != nil {
		return 0, err
	}
	return id, tx.AddEvent(c.event(s.now(), RoleGranted, role.Account, fmt.Sprintf("adviser %d", role.Year)))
}

func (s *Service) grantMentor(tx Tx, c Caller, role Mentor) (int64, error) {
	if err := mayHold(tx, role.Account, role.Year); err != nil {
		return 0, err
	}
	id, err := tx.AddMentor(role)
	if err != nil {
		return 0, err
	}
	return id, tx.AddEvent(c.event(s.now(), RoleGranted, role.Account, fmt.Sprintf("mentor %d", role.Year)))
}

// GrantAdministrator makes an account an administrator between two instants. It
// refuses with NotFound, Invalid, and Taken for a grant that there is.
func (s *Service) GrantAdministrator(ctx context.Context, c Caller, role Administrator) error {
	role.Start, role.End = role.Start.UTC().Truncate(time.Millisecond), role.End.UTC().Truncate(time.Millisecond)
	if err := checkPeriod(role.Start, role.End); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Account(role.Account); err != nil {
			return err
		}
		if err := notGranted(tx, role); err != nil {
			return err
		}
		if _, err := tx.AddAdministrator(role); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), RoleGranted, role.Account, "administrator"))
	})
}

// notGranted refuses what an account has been granted for the same time already.
func notGranted(tx Tx, role Administrator) error {
	grants, err := tx.Grants(role.Account)
	if err != nil {
		return err
	}
	for _, grant := range grants {
		if a := grant.Administrator; a != nil && a.Start.Equal(role.Start) && a.End.Equal(role.End) {
			return &Error{Code: Taken, Fields: []FieldError{{Field: "account", Why: "This account is an administrator for that time already."}}}
		}
	}
	return nil
}

// mayHold refuses with NotFound where account or cohort is missing.
func mayHold(tx Tx, account, year int64) error {
	if _, err := tx.Account(account); err != nil {
		return err
	}
	return cohortExists(tx, year)
}

// projectOf answers a project of that cohort.
func projectOf(r Reader, id, year int64) (Project, error) {
	p, err := r.Project(id)
	if errors.Is(err, NotFound) {
		return Project{}, &Error{Code: NotFound, Fields: []FieldError{{Field: "project", Why: fmt.Sprintf("There is no project %d.", id)}}}
	}
	if err != nil {
		return Project{}, err
	}
	if p.Year != year {
		return Project{}, invalid("project", "Project %d is of cohort %d.", id, p.Year)
	}
	return p, nil
}

// takeProjects puts a role into the place of each project, where it is free.
func takeProjects(tx Tx, projects []int64, year int64, name RoleName, place func(*Project) *int64, role int64) error {
	for _, id := range projects {
		p, err := projectOf(tx, id, year)
		if err != nil {
			return err
		}
		if *place(&p) != 0 {
			return &Error{Code: Taken, Fields: []FieldError{{Field: "project", Why: fmt.Sprintf("Project %d has its %s already.", id, name)}}}
		}
		*place(&p) = role
		if err := tx.SetProject(p); err != nil {
			return err
		}
	}
	return nil
}

// RoleName names a kind of role.
type RoleName string

// The kinds of roles.
const (
	StudentRole       RoleName = "student"
	AdviserRole       RoleName = "adviser"
	MentorRole        RoleName = "mentor"
	AdministratorRole RoleName = "administrator"
)

// RevokeRole takes a role from an account: that of a cohort, or every grant as
// administrator (year 0). It refuses with NotFound when it is not held.
func (s *Service) RevokeRole(ctx context.Context, c Caller, account int64, name RoleName, year int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Account(account); err != nil {
			return err
		}
		grants, err := tx.Grants(account)
		if err != nil {
			return err
		}
		revoked := false
		for _, grant := range grants {
			if !grant.is(name, year) {
				continue
			}
			if err := tx.RemoveRole(grant.Roles); err != nil {
				return err
			}
			revoked = true
		}
		if !revoked {
			return NotFound
		}
		detail := string(name)
		if year != 0 {
			detail = fmt.Sprintf("%s %d", name, year)
		}
		return tx.AddEvent(c.event(s.now(), RoleRevoked, account, detail))
	})
}

// is reports whether a grant is the role of that name and year.
func (r Roles) is(name RoleName, year int64) bool {
	switch name {
	case StudentRole:
		return r.Student != nil && r.Student.Year == year
	case AdviserRole:
		return r.Adviser != nil && r.Adviser.Year == year
	case MentorRole:
		return r.Mentor != nil && r.Mentor.Year == year
	case AdministratorRole:
		return r.Administrator != nil && year == 0
	}
	return false
}

// Grants lists the roles of one account, of all with 0.
func (s *Service) Grants(ctx context.Context, account int64) ([]Grant, error) {
	return s.store.Read(ctx).Grants(account)
}
