package main

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"matricula/internal/account"
)

// clubCommand is what an operator does to clubs.
type clubCommand struct {
	Create clubCreate `cmd:"" help:"Make a club for an account that has none."`
	List   clubList   `cmd:"" help:"List the clubs."`
	Show   clubShow   `cmd:"" help:"Show one club."`
	Set    clubSet    `cmd:"" help:"Set what stands on a club's page."`
	Delete clubDelete `cmd:"" help:"Delete a club and end its owner's tokens; the account stays."`
}

// Help shows how they are used.
func (clubCommand) Help() string { return "Example:\n\n    matricula club show chess-club" }

// clubEdit are the members of a club that a command sets.
type clubEdit struct {
	Tags               []int64           `name:"tags" placeholder:"ID" help:"One to three ids of the tag list."`
	NumUsers           *int64            `name:"num-users" placeholder:"ID" help:"Id of the size list."`
	AppRequired        *bool             `name:"app-required" negatable:"" help:"Members must apply."`
	NewMembers         *bool             `name:"new-members" negatable:"" help:"New members are taken."`
	AboutUs            *string           `name:"about-us" placeholder:"TEXT" help:"Text about the club."`
	GetInvolved        *string           `name:"get-involved" placeholder:"TEXT" help:"Text on how to join."`
	ApplyLink          *string           `name:"apply-link" placeholder:"URL" help:"Page to apply at; an empty text unsets it, and any of the next."`
	ApplyDeadlineStart *string           `name:"apply-deadline-start" placeholder:"DAY" help:"First day to apply."`
	ApplyDeadlineEnd   *string           `name:"apply-deadline-end" placeholder:"DAY" help:"Last day to apply."`
	RecruitingStart    *string           `name:"recruiting-start" placeholder:"DAY" help:"First day of recruiting."`
	RecruitingEnd      *string           `name:"recruiting-end" placeholder:"DAY" help:"Last day of recruiting."`
	Social             map[string]string `name:"social" placeholder:"NAME=URL" help:"A link such as website or instagram, or the contact_email."`
}

// edit reads what the flags say.
func (e clubEdit) edit(zone *time.Location) (account.ClubEdit, error) {
	edit := account.ClubEdit{
		Tags: e.Tags, NumUsers: e.NumUsers, AppRequired: e.AppRequired, NewMembers: e.NewMembers,
		AboutUs: e.AboutUs, GetInvolved: e.GetInvolved, ApplyLink: e.ApplyLink, Social: e.Social,
	}
	for name := range e.Social {
		if !isSocial(name) {
			return edit, fmt.Errorf("social: %q is none of %s", name, strings.Join(account.SocialLinks, ", "))
		}
	}
	for _, day := range []struct {
		name string
		text *string
		to   **time.Time
		read func(string, *time.Location) (time.Time, error)
	}{
		{"apply-deadline-start", e.ApplyDeadlineStart, &edit.ApplyDeadlineStart, startOf},
		{"apply-deadline-end", e.ApplyDeadlineEnd, &edit.ApplyDeadlineEnd, endOf},
		{"recruiting-start", e.RecruitingStart, &edit.RecruitingStart, startOf},
		{"recruiting-end", e.RecruitingEnd, &edit.RecruitingEnd, endOf},
	} {
		if day.text == nil {
			continue
		}
		var at time.Time
		if *day.text != "" {
			var err error
			if at, err = day.read(*day.text, zone); err != nil {
				return edit, fmt.Errorf("%s: %w", day.name, err)
			}
		}
		*day.to = &at
	}
	return edit, nil
}

func isSocial(name string) bool {
	for _, link := range account.SocialLinks {
		if name == link {
			return true
		}
	}
	return false
}

type clubCreate struct {
	place
	clubEdit
	Name  string `arg:"" help:"Name of the club."`
	Owner string `name:"owner" required:"" placeholder:"ACCOUNT" help:"E-mail address or id of the account that owns it."`
}

// Help shows how it is used.
func (clubCreate) Help() string {
	return `Without --tags and --num-users it has the first tag and the first size.

Example:

    matricula club create "Chess Club" --owner chess@example.edu --tags 0,3`
}

// Run makes the club.
func (cmd *clubCreate) Run(c *console) error {
	return cmd.at(c, func(d *desk) error {
		edit, err := cmd.edit(d.zone)
		if err != nil {
			return err
		}
		owner, err := d.find(cmd.Owner)
		if err != nil {
			return err
		}
		edit.Name = &cmd.Name
		made, err := d.CreateClub(d.ctx, operator, owner.ID, edit)
		if err != nil {
			return byFlag(err)
		}
		return d.show(clubOf(made), "Club %s is made; %s owns it.", made.LinkName, owner.Email.Text)
	})
}

type clubList struct{ place }

// Help shows how it is used.
func (clubList) Help() string { return "Example:\n\n    matricula club list --json" }

// Run lists the clubs.
func (cmd *clubList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		shapes, rows := []clubShape{}, [][]string{}
		for after := int64(0); ; {
			clubs, err := d.Clubs(d.ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, club := range clubs {
				shapes = append(shapes, clubOf(club))
				rows = append(rows, []string{
					strconv.FormatInt(club.ID, 10), club.LinkName, club.Name, club.OwnerEmail, joinIDs(club.Tags), d.local(club.LastUpdated),
				})
				after = club.ID
			}
			if len(clubs) < pageSize {
				return d.list(shapes, []string{"ID", "LINK NAME", "NAME", "OWNER", "TAGS", "UPDATED"}, rows)
			}
		}
	})
}

// whichClub names a club.
type whichClub struct {
	place
	Club string `arg:"" help:"Link name, or e-mail address of the owner."`
}

// about opens the installation and finds the club.
func (w whichClub) about(c *console, work func(*desk, account.Club) error) error {
	return w.look(c, func(d *desk) error {
		club, err := d.findClub(w.Club)
		if errors.Is(err, account.NotFound) {
			return fmt.Errorf("there is no club %s; matricula club list shows all", w.Club)
		}
		if err != nil {
			return err
		}
		return work(d, club)
	})
}

func (d *desk) findClub(name string) (account.Club, error) {
	if !strings.Contains(name, "@") {
		return d.Club(d.ctx, name)
	}
	owner, err := d.FindAccount(d.ctx, name)
	if err != nil {
		return account.Club{}, err
	}
	return d.ClubOwnedBy(d.ctx, owner.ID)
}

type clubShow struct{ whichClub }

// Help shows how it is used.
func (clubShow) Help() string { return "Example:\n\n    matricula club show chess-club" }

// Run shows the club.
func (cmd *clubShow) Run(c *console) error {
	return cmd.about(c, func(d *desk, club account.Club) error {
		return d.print(d.out, clubOf(club), clubOf(club).write(d))
	})
}

type clubSet struct {
	whichClub
	clubEdit
	Name        *string `name:"name" placeholder:"NAME" help:"Name of the club; the link name stays."`
	Reactivated *bool   `name:"reactivated" negatable:"" help:"The club is reactivated."`
}

// Help shows how it is used.
func (clubSet) Help() string {
	return `Example:

    matricula club set chess-club --about-us "We play on Fridays." --social website=chess.example.edu`
}

// Run edits the club.
func (cmd *clubSet) Run(c *console) error {
	return cmd.about(c, func(d *desk, club account.Club) error {
		edit, err := cmd.edit(d.zone)
		if err != nil {
			return err
		}
		edit.Name, edit.Reactivated = cmd.Name, cmd.Reactivated
		if reflect.DeepEqual(edit, account.ClubEdit{}) {
			return errors.New("there is nothing to set; name what, such as --about-us")
		}
		if err := d.SetClub(d.ctx, operator, club.ID, edit); err != nil {
			return byFlag(err)
		}
		if club, err = d.Club(d.ctx, club.LinkName); err != nil {
			return err
		}
		return d.show(clubOf(club), "Club %s is changed.", club.LinkName)
	})
}

type clubDelete struct{ whichClub }

// Help shows how it is used.
func (clubDelete) Help() string { return "Example:\n\n    matricula club delete chess-club" }

// Run deletes the club.
func (cmd *clubDelete) Run(c *console) error {
	return cmd.about(c, func(d *desk, club account.Club) error {
		if err := d.DeleteClub(d.ctx, operator, club.ID); err != nil {
			return err
		}
		return d.show(removed{club.LinkName}, "Club %s is deleted; the account of %s stays.", club.LinkName, club.OwnerEmail)
	})
}
