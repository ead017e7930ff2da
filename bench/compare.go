package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// compareFiles prints what changed from one result to another.
func compareFiles(out io.Writer, older, newer string) error {
	before, err := loadReport(older)
	if err != nil {
		return err
	}
	after, err := loadReport(newer)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, comparison(before, after))
	return err
}

// comparison tells of whatever both hold. A change counts as one where no round of
// the one result lies among those of the other; else it is told as "same".
func comparison(before, after report) string {
	var b strings.Builder
	for _, r := range []report{before, after} {
		fmt.Fprintf(&b, "%s, %s, %s, %s, %d rounds\n", r.program(), r.Machine, r.Go, r.Begun.Format(time.RFC3339), r.Rounds)
	}
	if before.Machine != after.Machine {
		b.WriteString("These are two machines: only the ratios compare.\n")
	}
	figures := newTable(&b, "FIGURE", "OLD", "NEW", "CHANGE")
	for _, f := range before.Figures {
		for _, g := range after.Figures {
			if f.Name == g.Name {
				figures.row(f.Name, f.text(f.Value), g.text(g.Value), change(f.Value, g.Value, f.Rounds, g.Rounds))
			}
		}
	}
	figures.end()
	cells := newTable(&b, "WORK", "ACCOUNTS", "CLIENTS", "OLD /s", "NEW /s", "CHANGE", "OLD P99 ms", "NEW P99 ms", "OLD CPU µs", "NEW CPU µs")
	found := results{cells: after.Cells}
	for i := range before.Cells {
		c := &before.Cells[i]
		if d := found.find(c.key); d != nil {
			cells.row(c.label(), orDash(grouped(c.Accounts)), fmt.Sprint(c.Clients), grouped(int(c.PerSecond+0.5)), grouped(int(d.PerSecond+0.5)),
				change(c.PerSecond, d.PerSecond, c.perSecond(), d.perSecond()),
				short(c.P99), short(d.P99), orDash(short(c.CPU)), orDash(short(d.CPU)))
		}
	}
	cells.end()
	return b.String()
}

// change tells a change in percent, or that the rounds overlap.
func change(older, newer float64, before, after []float64) string {
	if older == 0 || minOf(before) <= maxOf(after) && minOf(after) <= maxOf(before) {
		return "same"
	}
	return fmt.Sprintf("%+.1f%%", 100*(newer/older-1))
}
