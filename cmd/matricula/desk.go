package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"matricula/internal/account"
)

// place is where a command finds the installation, and how it answers.
type place struct {
	jsonFlag
	Data string `name:"data" group:"data" placeholder:"DIR" default:"matricula-data" help:"Data directory (./${default})."`
}

// desk is what a command works at: the rules over the opened database, and its
// own input and output.
type desk struct {
	*core
	place
	ctx  context.Context
	zone *time.Location
	now  func() time.Time
	in   io.Reader
	out  io.Writer
}

// operator is on whose behalf commands act; the audit log keeps it.
var operator = account.Caller{Actor: "operator"}

// look is at for what there must be an installation for: to look into a place
// where there is none must not make one.
func (p place) look(c *console, work func(*desk) error) error {
	cfg, err := p.config(c)
	if err != nil {
		return err
	}
	if cfg.postgres != nil {
		cfg.Migrate = false
		return p.work(c, cfg, work)
	}
	if err := cfg.checkData(); err != nil {
		return err
	}
	if _, err := os.Stat(cfg.databasePath()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database in %s; name its directory with --data or %s, or make one with matricula serve", cfg.Data, variable("data"))
	}
	return p.work(c, cfg, work)
}

// at opens the installation, making it if need be, lets work work, and closes it.
func (p place) at(c *console, work func(*desk) error) error {
	cfg, err := p.config(c)
	if err != nil {
		return err
	}
	return p.work(c, cfg, work)
}

func (p place) work(c *console, cfg config, work func(*desk) error) error {
	opened, err := openCore(c.ctx, cfg, parts{now: c.now})
	if err != nil {
		return err
	}
	err = work(&desk{core: opened, place: p, ctx: c.ctx, zone: cfg.zone, now: c.now, in: c.in, out: c.out})
	return errors.Join(err, opened.close())
}

// config is what is in force here.
func (p place) config(c *console) (config, error) {
	set, err := c.env.settings("--data=" + p.Data)
	if err != nil {
		return config{}, err
	}
	return set.config(os.ReadFile)
}

// show answers v to programs, and a line to people.
func (d *desk) show(v any, format string, args ...any) error {
	return d.print(d.out, v, func(w io.Writer) { fmt.Fprintln(w, plain(fmt.Sprintf(format, args...))) })
}

// list answers v to programs, and a table to people.
func (d *desk) list(v any, header []string, rows [][]string) error {
	return d.print(d.out, v, func(w io.Writer) { table(w, header, rows) })
}

// local shows an instant in the zone of the settings.
func (d *desk) local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.zone).Format("2006-01-02 15:04:05")
}

// day shows the day of an instant in the zone of the settings.
func (d *desk) day(t time.Time) string { return t.In(d.zone).Format(time.DateOnly) }

// checkEmail refuses what is no e-mail address.
func checkEmail(email string) error {
	if _, err := account.ParseAddress(email); err != nil {
		return fmt.Errorf("%q is not an e-mail address", email)
	}
	return nil
}

// find answers the account that an operator names by its address or its id.
func (d *desk) find(who string) (account.Account, error) {
	var a account.Account
	id, err := strconv.ParseInt(who, 10, 64)
	if err == nil {
		a, err = d.Account(d.ctx, id)
	} else {
		a, err = d.FindAccount(d.ctx, who)
	}
	switch {
	case errors.Is(err, account.NotFound):
		return a, fmt.Errorf("there is no account %s; matricula account list shows all", who)
	case errors.Is(err, account.Invalid):
		return a, fmt.Errorf("%q is neither an e-mail address nor an id; matricula account list shows both", who)
	}
	return a, err
}
