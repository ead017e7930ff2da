package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"matricula/internal/account"
)

// cohortCommand is what an operator does to cohorts.
type cohortCommand struct {
	Create cohortCreate `cmd:"" help:"Make a cohort."`
	List   cohortList   `cmd:"" help:"List the cohorts, newest first."`
	Set    cohortSet    `cmd:"" help:"Move the start or the end of a cohort."`
	Delete cohortDelete `cmd:"" help:"Delete a cohort that no role and no project is of."`
	Import cohortImport `cmd:"" help:"Make the cohorts of a CSV file, all or none."`
}

// Help shows how they are used.
func (cohortCommand) Help() string {
	return "Example:\n\n    matricula cohort create 2026 --start 2026-08-01 --end 2027-05-31"
}

type cohortCreate struct {
	place
	Year  int64  `arg:"" help:"Academic year."`
	Start string `name:"start" required:"" placeholder:"DAY" help:"First day, such as 2026-08-01, in the time-zone setting."`
	End   string `name:"end" required:"" placeholder:"DAY" help:"Last day."`
}

// Help shows how it is used.
func (cohortCreate) Help() string {
	return "Example:\n\n    matricula cohort create 2026 --start 2026-08-01 --end 2027-05-31"
}

// Run makes the cohort.
func (cmd *cohortCreate) Run(c *console) error {
	return cmd.at(c, func(d *desk) error {
		start, end, err := period(cmd.Start, cmd.End, d.zone)
		if err != nil {
			return err
		}
		cohort := account.Cohort{Year: cmd.Year, Start: start, End: end}
		if err := d.AddCohorts(d.ctx, operator, []account.Cohort{cohort}); err != nil {
			return named(fmt.Sprintf("cohort %d", cmd.Year), err)
		}
		return d.show(cohortOf(cohort), "Cohort %d runs from %s to %s.", cmd.Year, cmd.Start, cmd.End)
	})
}

type cohortSet struct {
	place
	Year  int64   `arg:"" help:"Academic year."`
	Start *string `name:"start" placeholder:"DAY" help:"First day, such as 2026-08-01, in the time-zone setting."`
	End   *string `name:"end" placeholder:"DAY" help:"Last day."`
}

// Help shows how it is used.
func (cohortSet) Help() string {
	return "Example:\n\n    matricula cohort set 2026 --end 2027-06-30"
}

// Run moves the cohort.
func (cmd *cohortSet) Run(c *console) error {
	if cmd.Start == nil && cmd.End == nil {
		return errors.New("there is nothing to set; name what: --start or --end")
	}
	return aboutCohort(c, cmd.place, cmd.Year, func(d *desk, cohort account.Cohort) error {
		var err error
		if cmd.Start != nil {
			if cohort.Start, err = startOf(*cmd.Start, d.zone); err != nil {
				return fmt.Errorf("start: %w", err)
			}
		}
		if cmd.End != nil {
			if cohort.End, err = endOf(*cmd.End, d.zone); err != nil {
				return fmt.Errorf("end: %w", err)
			}
		}
		if err := d.SetCohort(d.ctx, operator, cohort); err != nil {
			return err
		}
		return d.show(cohortOf(cohort), "Cohort %d runs from %s to %s now.", cohort.Year, d.day(cohort.Start), d.day(cohort.End))
	})
}

type cohortDelete struct {
	place
	Year int64 `arg:"" help:"Academic year."`
}

// Help shows how it is used.
func (cohortDelete) Help() string {
	return `Take its roles and projects away first: matricula role revoke and matricula project delete.

Example:

    matricula cohort delete 2062`
}

// Run deletes the cohort.
func (cmd *cohortDelete) Run(c *console) error {
	return aboutCohort(c, cmd.place, cmd.Year, func(d *desk, cohort account.Cohort) error {
		err := d.DeleteCohort(d.ctx, operator, cohort.Year)
		if errors.Is(err, account.InUse) {
			return fmt.Errorf("roles or projects are of cohort %d; take them away first: matricula role list and matricula project list --cohort %d show them", cohort.Year, cohort.Year)
		}
		if err != nil {
			return err
		}
		return d.show(removed{strconv.FormatInt(cohort.Year, 10)}, "Cohort %d is deleted.", cohort.Year)
	})
}

// aboutCohort opens the installation and finds the cohort.
func aboutCohort(c *console, at place, year int64, work func(*desk, account.Cohort) error) error {
	return at.look(c, func(d *desk) error {
		cohorts, err := d.Cohorts(d.ctx)
		if err != nil {
			return err
		}
		for _, cohort := range cohorts {
			if cohort.Year == year {
				return work(d, cohort)
			}
		}
		return fmt.Errorf("there is no cohort %d; matricula cohort list shows all", year)
	})
}

type cohortList struct{ place }

// Help shows how it is used.
func (cohortList) Help() string { return "Example:\n\n    matricula cohort list --json" }

// cohortShape is a cohort as programs read it.
type cohortShape struct {
	Year  int64     `json:"year"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"` // its last millisecond
}

func cohortOf(c account.Cohort) cohortShape { return cohortShape{c.Year, c.Start.UTC(), c.End.UTC()} }

// Run lists the cohorts.
func (cmd *cohortList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		cohorts, err := d.Cohorts(d.ctx)
		if err != nil {
			return err
		}
		latest, _ := account.Latest(cohorts, d.now())
		shapes, rows := []cohortShape{}, [][]string{}
		for _, cohort := range cohorts {
			shapes = append(shapes, cohortOf(cohort))
			note := ""
			if cohort.Year == latest.Year {
				note = "its roles count now"
			}
			rows = append(rows, []string{strconv.FormatInt(cohort.Year, 10), d.day(cohort.Start), d.day(cohort.End), note})
		}
		return d.list(shapes, []string{"YEAR", "START", "END", "NOTE"}, rows)
	})
}

type cohortImport struct {
	place
	File string `arg:"" help:"CSV file, - for standard input."`
}

// Help describes the file.
func (cohortImport) Help() string {
	return `The first line names the columns year, start and end; the days are in the time-zone setting.

Example:

    matricula cohort import cohorts.csv

with cohorts.csv:

    year,start,end
    2025,2025-08-01,2026-05-31
    2026,2026-08-01,2027-05-31`
}

// Run makes the cohorts.
func (cmd *cohortImport) Run(c *console) error {
	sheet, err := readSheet(cmd.File, c.in, columns{needed: []string{"year", "start", "end"}})
	if err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		known, err := d.Cohorts(d.ctx)
		if err != nil {
			return err
		}
		cohorts := sheet.cohorts(known, d.zone)
		if err := sheet.err(); err != nil {
			return err
		}
		if err := d.AddCohorts(d.ctx, operator, cohorts); err != nil {
			return err
		}
		return d.show(imported{len(cohorts), len(cohorts)}, "%s made.", are(len(cohorts), "cohort"))
	})
}

// cohorts reads the lines; a year must be new.
func (s *sheet) cohorts(known []account.Cohort, zone *time.Location) []account.Cohort {
	taken := map[int64]string{}
	for _, cohort := range known {
		taken[cohort.Year] = "exists already"
	}
	var cohorts []account.Cohort
	for _, l := range s.lines {
		year, err := strconv.ParseInt(l.cells["year"], 10, 64)
		switch {
		case err != nil || year < 1000 || year > 9999:
			s.refuse(l.number, "the year %q is not a number of four digits", l.cells["year"])
		case taken[year] != "":
			s.refuse(l.number, "cohort %d %s", year, taken[year])
		}
		start, end, err := period(l.cells["start"], l.cells["end"], zone)
		if err != nil {
			s.refuse(l.number, "%v", err)
		}
		taken[year] = fmt.Sprintf("stands on line %d already", l.number)
		cohorts = append(cohorts, account.Cohort{Year: year, Start: start, End: end})
	}
	return cohorts
}
