package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"matricula/internal/account"
)

// accountShape is an account as programs read it. It never holds a hash.
type accountShape struct {
	ID          int64      `json:"id"`
	Email       string     `json:"email"`
	Name        string     `json:"name"`
	State       string     `json:"state"` // "confirmed", "unconfirmed" or "disabled"
	HasPassword bool       `json:"has_password"`
	CreatedAt   time.Time  `json:"created_at"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	DisabledAt  *time.Time `json:"disabled_at"`
}

func shapeOf(a account.Account) accountShape {
	state := "unconfirmed"
	switch {
	case a.Disabled():
		state = "disabled"
	case a.Confirmed():
		state = "confirmed"
	}
	return accountShape{
		ID: a.ID, Email: a.Email.Text, Name: a.Name, State: state, HasPassword: a.PasswordHash != "",
		CreatedAt: a.CreatedAt.UTC(), ConfirmedAt: stamp(a.ConfirmedAt), DisabledAt: stamp(a.DisabledAt),
	}
}

// accountDetail is an account with what belongs to it.
type accountDetail struct {
	accountShape
	ProfilePicURL   string      `json:"profile_pic_url,omitempty"`
	GithubURL       string      `json:"github_url,omitempty"`
	LinkedinURL     string      `json:"linkedin_url,omitempty"`
	PersonalSiteURL string      `json:"personal_site_url,omitempty"`
	SelfIntro       string      `json:"self_intro,omitempty"`
	Failures        int64       `json:"failures"`    // wrong passwords in a row, but for those of the owner's browsers and sessions
	RestsUntil      *time.Time  `json:"rests_until"` // when strangers may try again, null when now
	Club            *string     `json:"club"`        // its link name
	Roles           []roleShape `json:"roles"`
	Sessions        int         `json:"sessions"`
}

// detail gathers what belongs to an account.
func (d *desk) detail(a account.Account) (accountDetail, error) {
	shape := accountDetail{
		accountShape: shapeOf(a), ProfilePicURL: a.ProfilePicURL, GithubURL: a.GithubURL, LinkedinURL: a.LinkedinURL,
		PersonalSiteURL: a.PersonalSiteURL, SelfIntro: a.SelfIntro, Roles: []roleShape{},
	}
	var err error
	if shape.Failures, err = d.Failures(d.ctx, a); err != nil {
		return shape, err
	}
	until, err := d.RestsUntil(d.ctx, a)
	if err != nil {
		return shape, err
	}
	shape.RestsUntil = stamp(until)
	club, err := d.ClubOwnedBy(d.ctx, a.ID)
	switch {
	case err == nil:
		shape.Club = &club.LinkName
	case !errors.Is(err, account.NotFound):
		return shape, err
	}
	grants, err := d.Grants(d.ctx, a.ID)
	if err != nil {
		return shape, err
	}
	for _, grant := range grants {
		shape.Roles = append(shape.Roles, roleOf(grant))
	}
	sessions, err := d.Service.Sessions(d.ctx, a.ID)
	shape.Sessions = len(sessions)
	return shape, err
}

// write shows the detail to people, a line each.
func (a accountDetail) write(d *desk) func(io.Writer) {
	return func(out io.Writer) {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(w, "%s\t%s\n", name, plain(value))
			}
		}
		line("id", strconv.FormatInt(a.ID, 10))
		line("email", a.Email)
		line("name", a.Name)
		line("state", a.State)
		line("password", yesNo(a.HasPassword))
		line("created", d.local(a.CreatedAt))
		line("picture", a.ProfilePicURL)
		line("GitHub", a.GithubURL)
		line("LinkedIn", a.LinkedinURL)
		line("own page", a.PersonalSiteURL)
		line("about", a.SelfIntro)
		line("wrong passwords", strconv.FormatInt(a.Failures, 10))
		if a.RestsUntil != nil {
			line("rests until", d.local(*a.RestsUntil)+"; matricula account unlock ends it")
		} else {
			line("rests", "no") // who gets "too many" all the same is on a network that waits
		}
		if a.Club != nil {
			line("club", *a.Club)
		}
		for _, role := range a.Roles {
			line("role", strings.TrimSpace(role.Role+" "+role.what(d)))
		}
		line("sessions", strconv.Itoa(a.Sessions))
		_ = w.Flush()
	}
}
