package main

import (
	"errors"
	"fmt"
	"time"

	"matricula/internal/account"
)

// rosterCommand is what an operator does to the roster.
type rosterCommand struct {
	Import rosterImport `cmd:"" help:"Put the addresses of a CSV file on the roster, all or none."`
	Add    rosterAdd    `cmd:"" help:"Put one address on the roster."`
	Remove rosterRemove `cmd:"" help:"Take an address off the roster; its account stays."`
	List   rosterList   `cmd:"" help:"List the roster."`
}

// Help shows how they are used.
func (rosterCommand) Help() string { return "Example:\n\n    matricula roster import clubs.csv" }

type rosterImport struct {
	place
	File string `arg:"" help:"CSV file, - for standard input."`
}

// Help describes the file.
func (rosterImport) Help() string {
	return `The first line names the columns. One of them is email; others are passed over. Addresses that are on the roster already are counted and left alone.

Example:

    matricula roster import clubs.csv

with clubs.csv:

    email
    chess@example.edu
    robotics@example.edu`
}

// imported counts what came of a file.
type imported struct {
	Read  int `json:"read"`
	Added int `json:"added"`
}

// Run imports the file.
func (cmd *rosterImport) Run(c *console) error {
	sheet, err := readSheet(cmd.File, c.in, columns{needed: []string{"email"}, more: true})
	if err != nil {
		return err
	}
	var emails []string
	for _, l := range sheet.lines {
		if err := checkEmail(l.cells["email"]); err != nil {
			sheet.refuse(l.number, "%v", err)
		}
		emails = append(emails, l.cells["email"])
	}
	if err := sheet.err(); err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		added, err := d.AddToRoster(d.ctx, operator, emails)
		if err != nil {
			return err
		}
		return d.show(imported{len(emails), added}, "Read %d addresses; %d are new on the roster.", len(emails), added)
	})
}

type rosterAdd struct {
	place
	Email string `arg:"" help:"E-mail address."`
}

// Help shows how it is used.
func (rosterAdd) Help() string { return "Example:\n\n    matricula roster add chess@example.edu" }

// Run adds the address.
func (cmd *rosterAdd) Run(c *console) error {
	if err := checkEmail(cmd.Email); err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		added, err := d.AddToRoster(d.ctx, operator, []string{cmd.Email})
		switch {
		case err != nil:
			return err
		case added == 0:
			return d.show(imported{1, 0}, "%s was on the roster already.", cmd.Email)
		}
		return d.show(imported{1, 1}, "%s is on the roster.", cmd.Email)
	})
}

type rosterRemove struct {
	place
	Email string `arg:"" help:"E-mail address."`
}

// Help shows how it is used.
func (rosterRemove) Help() string { return "Example:\n\n    matricula roster remove chess@example.edu" }

// removed names what is gone.
type removed struct {
	Removed string `json:"removed"`
}

// Run removes the address.
func (cmd *rosterRemove) Run(c *console) error {
	if err := checkEmail(cmd.Email); err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		err := d.RemoveFromRoster(d.ctx, operator, cmd.Email)
		if errors.Is(err, account.NotFound) {
			return fmt.Errorf("%s is not on the roster; matricula roster list shows it", cmd.Email)
		}
		if err != nil {
			return err
		}
		return d.show(removed{cmd.Email}, "%s is off the roster.", cmd.Email)
	})
}

type rosterList struct{ place }

// Help shows how it is used.
func (rosterList) Help() string { return "Example:\n\n    matricula roster list --json" }

// rosterShape is an entry as programs read it.
type rosterShape struct {
	Email   string    `json:"email"`
	AddedAt time.Time `json:"added_at"`
}

// Run lists the roster.
func (cmd *rosterList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		shapes, rows := []rosterShape{}, [][]string{}
		for after := ""; ; {
			entries, err := d.Roster(d.ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, entry := range entries {
				shapes = append(shapes, rosterShape{entry.Email.Text, entry.AddedAt})
				rows = append(rows, []string{entry.Email.Text, d.local(entry.AddedAt)})
				after = entry.Email.Key
			}
			if len(entries) < pageSize {
				return d.list(shapes, []string{"EMAIL", "ADDED"}, rows)
			}
		}
	})
}

// pageSize is how many rows of a long list are read at a time.
const pageSize = 500
