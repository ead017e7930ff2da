package cohorts

import (
	"time"

	"matricula/internal/account"
)

// message is the body of an answer that says one thing, refusals included.
type message struct {
	Message string `json:"message"`
}

// info is the body of "info" and "sign-in". The document has the members in user;
// today's front end reads them beside it.
type info struct {
	User user `json:"user"`
	user
}

// user is a person. What is not set, and a role that is not held, is absent.
type user struct {
	ID              int64          `json:"id"`
	Name            string         `json:"name"`
	Email           string         `json:"email"`
	ProfilePicURL   string         `json:"profilePicUrl,omitempty"`
	GithubURL       string         `json:"githubUrl,omitempty"`
	LinkedinURL     string         `json:"linkedinUrl,omitempty"`
	PersonalSiteURL string         `json:"personalSiteUrl,omitempty"`
	SelfIntro       string         `json:"selfIntro,omitempty"`
	Student         *student       `json:"student,omitempty"`
	Adviser         *adviser       `json:"adviser,omitempty"`
	Mentor          *mentor        `json:"mentor,omitempty"`
	Administrator   *administrator `json:"administrator,omitempty"`
}

// The members of a role that is held are always there: null where not set.
type student struct {
	ID         int64   `json:"id"`
	UserID     int64   `json:"userId"`
	CohortYear int64   `json:"cohortYear"`
	ProjectID  *int64  `json:"projectId"`
	NusnetID   *string `json:"nusnetId"`
	MatricNo   *string `json:"matricNo"`
}

type adviser struct {
	ID         int64   `json:"id"`
	UserID     int64   `json:"userId"`
	CohortYear int64   `json:"cohortYear"`
	ProjectIDs []int64 `json:"projectIds"`
	NusnetID   *string `json:"nusnetId"`
	MatricNo   *string `json:"matricNo"`
}

type mentor struct {
	ID         int64   `json:"id"`
	UserID     int64   `json:"userId"`
	CohortYear int64   `json:"cohortYear"`
	ProjectIDs []int64 `json:"projectIds"`
}

type administrator struct {
	ID        int64   `json:"id"`
	UserID    int64   `json:"userId"`
	StartDate instant `json:"startDate"`
	EndDate   instant `json:"endDate"`
}

type cohort struct {
	AcademicYear int64   `json:"academicYear"`
	StartDate    instant `json:"startDate"`
	EndDate      instant `json:"endDate"`
}

type cohortList struct {
	Cohorts []cohort `json:"cohorts"`
}

type oneCohort struct {
	Cohort cohort `json:"cohort"`
}

// instant is a time on the wire: in UTC, with milliseconds even where they are
// zero, as JavaScript writes a date.
type instant time.Time

// MarshalText writes the instant as 2026-08-01T00:00:00.000Z.
func (i instant) MarshalText() ([]byte, error) {
	return time.Time(i).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

func infoOf(m account.Member) info {
	u := userOf(m)
	return info{User: u, user: u}
}

func userOf(m account.Member) user {
	return user{
		ID:              m.Account.ID,
		Name:            m.Account.Name,
		Email:           m.Account.Email.Text,
		ProfilePicURL:   m.Account.ProfilePicURL,
		GithubURL:       m.Account.GithubURL,
		LinkedinURL:     m.Account.LinkedinURL,
		PersonalSiteURL: m.Account.PersonalSiteURL,
		SelfIntro:       m.Account.SelfIntro,
		Student:         studentOf(m.Roles.Student),
		Adviser:         adviserOf(m.Roles.Adviser),
		Mentor:          mentorOf(m.Roles.Mentor),
		Administrator:   administratorOf(m.Roles.Administrator),
	}
}

func studentOf(s *account.Student) *student {
	if s == nil {
		return nil
	}
	return &student{
		ID: s.ID, UserID: s.Account, CohortYear: s.Year,
		ProjectID: orNull(s.Project), NusnetID: orNull(s.NusnetID), MatricNo: orNull(s.MatricNo),
	}
}

func adviserOf(a *account.Adviser) *adviser {
	if a == nil {
		return nil
	}
	return &adviser{
		ID: a.ID, UserID: a.Account, CohortYear: a.Year,
		ProjectIDs: orEmpty(a.Projects), NusnetID: orNull(a.NusnetID), MatricNo: orNull(a.MatricNo),
	}
}

func mentorOf(m *account.Mentor) *mentor {
	if m == nil {
		return nil
	}
	return &mentor{ID: m.ID, UserID: m.Account, CohortYear: m.Year, ProjectIDs: orEmpty(m.Projects)}
}

func administratorOf(a *account.Administrator) *administrator {
	if a == nil {
		return nil
	}
	return &administrator{ID: a.ID, UserID: a.Account, StartDate: instant(a.Start), EndDate: instant(a.End)}
}

func cohortsOf(list []account.Cohort) cohortList {
	all := make([]cohort, len(list))
	for i, c := range list {
		all[i] = cohortOf(c)
	}
	return cohortList{all}
}

func cohortOf(c account.Cohort) cohort {
	return cohort{AcademicYear: c.Year, StartDate: instant(c.Start), EndDate: instant(c.End)}
}

// orNull makes null of what is not set.
func orNull[T comparable](v T) *T {
	var unset T
	if v == unset {
		return nil
	}
	return &v
}

// orEmpty makes [] of no list at all, which would be null.
func orEmpty(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}
