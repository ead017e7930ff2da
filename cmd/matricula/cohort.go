package main

import (
	"fmt"
	"strconv"
	"time"

	"matricula/internal/account"
)

// cohortCommand is what an operator does to cohorts.
type cohortCommand struct {
	Create cohortCreate `cmd:"" help:"Make a cohort."`
	List   cohortList   `cmd:"" help:"List the cohorts, newest first."`
	Import cohortImport `cmd:"" help:"Make the cohorts of a CSV file, all or none."`
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
			return err
		}
		return d.show(cohortOf(cohort), "Cohort %d runs from %s to %s.", cmd.Year, cmd.Start, cmd.End)
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
	return cmd.at(c, func(d *desk) error {
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
		return d.show(imported{len(cohorts), len(cohorts)}, "%d cohorts are made.", len(cohorts))
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
		case err != nil || year < 1 || year > 9999:
			s.refuse(l.number, "the year %q is not a number from 1 to 9999", l.cells["year"])
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
