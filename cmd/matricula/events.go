package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"matricula/internal/account"
)

// eventsCommand shows the audit log.
type eventsCommand struct {
	place
	Account string `name:"account" placeholder:"ACCOUNT" help:"E-mail address or id; an id works for a deleted account too."`
	Kind    string `name:"kind" placeholder:"KIND" help:"Only events of this kind, such as session.refused."`
	Before  int64  `name:"before" placeholder:"ID" help:"Only events older than the one with this id."`
	Limit   int    `name:"limit" placeholder:"N" default:"50" help:"At most so many (${default})."`
}

// Help shows how it is used.
func (eventsCommand) Help() string {
	return `The newest come first.

Example:

    matricula events --kind session.tries-used-up --limit 10

The kinds are: ` + kindNames()
}

// kindNames are the kinds of events, for people.
func kindNames() string {
	var names []string
	for _, kind := range account.EventKinds {
		names = append(names, string(kind))
	}
	return strings.Join(names, ", ") + "."
}

// eventShape is an event as programs read it.
type eventShape struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Account   int64     `json:"account,omitempty"`
	Actor     string    `json:"actor,omitempty"` // "operator" for a command
	Client    string    `json:"client,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Detail    string    `json:"detail,omitempty"`
}

// Run lists the events.
func (cmd *eventsCommand) Run(c *console) error {
	if cmd.Limit < 1 {
		return errors.New("limit: ask for 1 event at least")
	}
	if cmd.Kind != "" && !slices.Contains(account.EventKinds, account.EventKind(cmd.Kind)) {
		return fmt.Errorf("kind: there is no %q; matricula events --help lists them", cmd.Kind)
	}
	return cmd.look(c, func(d *desk) error {
		id, err := cmd.account(d)
		if err != nil {
			return err
		}
		events, err := cmd.read(d, id)
		if err != nil {
			return err
		}
		shapes, rows := []eventShape{}, [][]string{}
		for _, e := range events {
			shapes = append(shapes, eventShape{e.ID, e.At.UTC(), string(e.Kind), e.Account, e.Actor, e.Client, e.RequestID, e.Detail})
			concerned := ""
			if e.Account != 0 {
				concerned = strconv.FormatInt(e.Account, 10)
			}
			rows = append(rows, []string{strconv.FormatInt(e.ID, 10), d.local(e.At), string(e.Kind), concerned, e.Actor, e.Client, e.Detail})
		}
		return d.list(shapes, []string{"ID", "AT", "KIND", "ACCOUNT", "ACTOR", "CLIENT", "DETAIL"}, rows)
	})
}

// account answers whose events are asked for, 0 for all.
func (cmd *eventsCommand) account(d *desk) (int64, error) {
	if cmd.Account == "" {
		return 0, nil
	}
	if id, err := strconv.ParseInt(cmd.Account, 10, 64); err == nil {
		return id, nil
	}
	a, err := d.find(cmd.Account)
	return a.ID, err
}

// read gathers the events page by page. Those of a kind are picked from all: an
// operator who looks for them has the time, and the writing of events no further index.
func (cmd *eventsCommand) read(d *desk, id int64) ([]account.Event, error) {
	var all []account.Event
	for before := cmd.Before; ; {
		want := pageSize
		if cmd.Kind == "" {
			want = min(pageSize, cmd.Limit-len(all))
		}
		page, err := d.Events(d.ctx, id, before, want)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if cmd.Kind == "" || string(e.Kind) == cmd.Kind {
				all = append(all, e)
			}
			if len(all) == cmd.Limit {
				return all, nil
			}
		}
		if len(page) < want {
			return all, nil
		}
		before = page[len(page)-1].ID
	}
}
