package account

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Latest answers the cohort whose roles count: of those running at now the one
// with the highest year; if none runs, the next to start; if none is to come, the
// last (cohorts contract, "latest cohort year"). ok is false where there is none.
func Latest(cohorts []Cohort, now time.Time) (latest Cohort, ok bool) {
	rank := func(c Cohort) int {
		switch {
		case now.Before(c.Start):
			return 1 // to come
		case now.After(c.End):
			return 0 // over
		}
		return 2 // runs
	}
	before := func(a, b Cohort) bool { // b is the better one
		switch {
		case rank(a) != rank(b):
			return rank(a) < rank(b)
		case rank(a) == 1 && !a.Start.Equal(b.Start):
			return b.Start.Before(a.Start)
		case rank(a) == 0 && !a.End.Equal(b.End):
			return a.End.Before(b.End)
		}
		return a.Year < b.Year
	}
	for _, c := range cohorts {
		if !ok || before(latest, c) {
			latest, ok = c, true
		}
	}
	return latest, ok
}

// Cohorts lists the cohorts, newest first (cohorts contract).
func (s *Service) Cohorts(ctx context.Context) ([]Cohort, error) {
	return s.store.Read(ctx).Cohorts()
}

// CurrentCohort answers the latest cohort. It refuses with NotFound.
func (s *Service) CurrentCohort(ctx context.Context) (Cohort, error) {
	cohorts, err := s.Cohorts(ctx)
	if err != nil {
		return Cohort{}, err
	}
	latest, ok := Latest(cohorts, s.now())
	if !ok {
		return Cohort{}, NotFound
	}
	return latest, nil
}

// AddCohorts makes cohorts, all or none. It refuses with Invalid, and with Taken
// for a year there is.
func (s *Service) AddCohorts(ctx context.Context, c Caller, cohorts []Cohort) error {
	for i := range cohorts {
		if err := checkCohort(&cohorts[i]); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx Tx) error {
		for _, cohort := range cohorts {
			if err := tx.AddCohort(cohort); err != nil {
				return err
			}
			if err := tx.AddEvent(c.event(s.now(), CohortMade, 0, strconv.FormatInt(cohort.Year, 10))); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetCohort moves a cohort's start and end. It refuses with Invalid and NotFound.
func (s *Service) SetCohort(ctx context.Context, c Caller, cohort Cohort) error {
	if err := checkCohort(&cohort); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if err := cohortExists(tx, cohort.Year); err != nil {
			return err
		}
		if err := tx.SetCohort(cohort); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), CohortChanged, 0, strconv.FormatInt(cohort.Year, 10)))
	})
}

// DeleteCohort deletes a cohort. It refuses with NotFound, and with InUse while
// roles or projects are of it.
func (s *Service) DeleteCohort(ctx context.Context, c Caller, year int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		if err := cohortExists(tx, year); err != nil {
			return err
		}
		if err := tx.DeleteCohort(year); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), CohortDeleted, 0, strconv.FormatInt(year, 10)))
	})
}

// checkCohort refuses what is no cohort, and brings its instants to the precision
// of the wire. A year has four digits, as people write it: a shorter one is a slip.
func checkCohort(c *Cohort) error {
	if c.Year < 1000 || c.Year > 9999 {
		return invalid("year", "A cohort's year has four digits, such as 2026; %d is none.", c.Year)
	}
	c.Start, c.End = c.Start.UTC().Truncate(time.Millisecond), c.End.UTC().Truncate(time.Millisecond)
	return checkPeriod(c.Start, c.End)
}

func checkPeriod(start, end time.Time) error {
	if end.Before(start) {
		return invalid("end", "The end must not lie before the start.")
	}
	return nil
}

// NewProject is a project to make; adviser and mentor are accounts, 0 for none.
type NewProject struct {
	Year            int64
	Name            string
	Adviser, Mentor int64
}

// AddProjects makes projects, all or none, and answers them. An adviser or mentor
// who does not hold that role in the cohort is given it. It refuses with Invalid
// and NotFound (the cohort or the account).
func (s *Service) AddProjects(ctx context.Context, c Caller, projects []NewProject) ([]Project, error) {
	var made []Project
	err := s.store.Update(ctx, func(tx Tx) error {
		all := make([]Project, len(projects))
		for i, p := range projects {
			var err error
			if all[i], err = s.addProject(tx, c, p); err != nil {
				return err
			}
		}
		made = all
		return nil
	})
	return made, err
}

func (s *Service) addProject(tx Tx, c Caller, in NewProject) (Project, error) {
	if err := checkName("name", in.Name); err != nil {
		return Project{}, err
	}
	if err := cohortExists(tx, in.Year); err != nil {
		return Project{}, err
	}
	project := Project{Year: in.Year, Name: in.Name}
	var err error
	if in.Adviser != 0 {
		if project.Adviser, err = s.adviserRole(tx, c, in.Adviser, in.Year); err != nil {
			return Project{}, err
		}
	}
	if in.Mentor != 0 {
		if project.Mentor, err = s.mentorRole(tx, c, in.Mentor, in.Year); err != nil {
			return Project{}, err
		}
	}
	if project.ID, err = tx.AddProject(project); err != nil {
		return Project{}, err
	}
	return project, tx.AddEvent(c.event(s.now(), ProjectMade, 0, fmt.Sprintf("%d %s", project.ID, project.Name)))
}

func cohortExists(r Reader, year int64) error {
	cohorts, err := r.Cohorts()
	if err != nil {
		return err
	}
	for _, cohort := range cohorts {
		if cohort.Year == year {
			return nil
		}
	}
	return &Error{Code: NotFound, Fields: []FieldError{{Field: "cohort", Why: fmt.Sprintf("There is no cohort %d.", year)}}}
}

// adviserRole answers the account's adviser role of that year, granting it where
// it is not held.
func (s *Service) adviserRole(tx Tx, c Caller, account, year int64) (int64, error) {
	roles, err := tx.Roles(account, year, s.now())
	if err != nil {
		return 0, err
	}
	if roles.Adviser != nil {
		return roles.Adviser.ID, nil
	}
	return s.grantAdviser(tx, c, Adviser{Account: account, Year: year})
}

// mentorRole does the same for a mentor.
func (s *Service) mentorRole(tx Tx, c Caller, account, year int64) (int64, error) {
	roles, err := tx.Roles(account, year, s.now())
	if err != nil {
		return 0, err
	}
	if roles.Mentor != nil {
		return roles.Mentor.ID, nil
	}
	return s.grantMentor(tx, c, Mentor{Account: account, Year: year})
}

// DeleteProject deletes a project: its students have none then; adviser and mentor
// keep their roles. It refuses with NotFound.
func (s *Service) DeleteProject(ctx context.Context, c Caller, id int64) (Project, error) {
	var gone Project
	err := s.store.Update(ctx, func(tx Tx) error {
		var err error
		if gone, err = tx.Project(id); err != nil {
			return err
		}
		if err := tx.DeleteProject(id); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), ProjectDeleted, 0, fmt.Sprintf("%d %s", gone.ID, gone.Name)))
	})
	return gone, err
}

// Projects lists the projects of a cohort, of all with 0.
func (s *Service) Projects(ctx context.Context, year int64) ([]Project, error) {
	return s.store.Read(ctx).Projects(year)
}
