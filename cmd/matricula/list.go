package main

import (
	"context"
	"errors"
	"strconv"

	"matricula/internal/account"
)

// tagsCommand is what an operator does to the tag list.
type tagsCommand struct {
	Import tagsImport `cmd:"" help:"Replace the tag list by a CSV file."`
	List   tagsList   `cmd:"" help:"List the tags."`
}

// Help shows how they are used.
func (tagsCommand) Help() string { return "Example:\n\n    matricula tags list" }

// sizesCommand is what an operator does to the size list.
type sizesCommand struct {
	Import sizesImport `cmd:"" help:"Replace the size list by a CSV file."`
	List   sizesList   `cmd:"" help:"List the sizes."`
}

// Help shows how they are used.
func (sizesCommand) Help() string { return "Example:\n\n    matricula sizes list" }

// choice is a list that clubs choose from, and the name of an item's text: it is
// the wire's, in the CSV file and in JSON.
type choice struct {
	name, text string
	items      func(*account.Service, context.Context) ([]account.ListItem, error)
	replace    func(*account.Service, context.Context, account.Caller, []account.ListItem) error
}

var (
	tags  = choice{"tags", "name", (*account.Service).Tags, (*account.Service).SetTags}
	sizes = choice{"sizes", "value", (*account.Service).Sizes, (*account.Service).SetSizes}
)

type listImport struct {
	place
	File string `arg:"" help:"CSV file, - for standard input."`
}

type (
	tagsImport  struct{ listImport }
	sizesImport struct{ listImport }
	tagsList    struct{ place }
	sizesList   struct{ place }
)

// Help describes the file.
func (tagsImport) Help() string {
	return `The first line names the columns id and name. The ids are 0, 1, 2 and so on, each once; a tag that a club has can't go.

Example:

    matricula tags import tags.csv

with tags.csv:

    id,name
    0,Academic
    1,Sports`
}

// Help describes the file.
func (sizesImport) Help() string {
	return `The first line names the columns id and value. The ids are 0, 1, 2 and so on, each once; a size that a club has can't go.

Example:

    matricula sizes import sizes.csv

with sizes.csv:

    id,value
    0,0-10
    1,10-30`
}

// Help shows how it is used.
func (tagsList) Help() string { return "Example:\n\n    matricula tags list --json" }

// Help shows how it is used.
func (sizesList) Help() string { return "Example:\n\n    matricula sizes list --json" }

// Run replaces the tags.
func (cmd *tagsImport) Run(c *console) error { return cmd.run(c, tags) }

// Run replaces the sizes.
func (cmd *sizesImport) Run(c *console) error { return cmd.run(c, sizes) }

// Run lists the tags.
func (cmd *tagsList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error { return d.showChoice(tags) })
}

// Run lists the sizes.
func (cmd *sizesList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error { return d.showChoice(sizes) })
}

func (cmd *listImport) run(c *console, list choice) error {
	sheet, err := readSheet(cmd.File, c.in, columns{needed: []string{"id", list.text}})
	if err != nil {
		return err
	}
	items := sheet.items(list.text)
	if err := sheet.err(); err != nil {
		return err
	}
	return cmd.at(c, func(d *desk) error {
		err := list.replace(d.Service, d.ctx, operator, items)
		if errors.Is(err, account.InUse) {
			return errors.New(explain(err) + " Keep its id in the file, or give the club another first.")
		}
		if err != nil {
			return err
		}
		return d.show(imported{len(items), len(items)}, "The list of %s has %d items now.", list.name, len(items))
	})
}

// items reads the lines; ids must be 0 to one less than there are.
func (s *sheet) items(text string) []account.ListItem {
	var items []account.ListItem
	seen := map[int64]int{}
	for _, l := range s.lines {
		id, err := strconv.ParseInt(l.cells["id"], 10, 64)
		switch {
		case err != nil:
			s.refuse(l.number, "the id %q is not a number", l.cells["id"])
		case id < 0 || id >= int64(len(s.lines)):
			s.refuse(l.number, "the id %d is not between 0 and %d", id, len(s.lines)-1)
		case seen[id] != 0:
			s.refuse(l.number, "the id %d stands on line %d already", id, seen[id])
		}
		if l.cells[text] == "" {
			s.refuse(l.number, "the %s is empty", text)
		}
		seen[id] = l.number
		items = append(items, account.ListItem{ID: id, Text: l.cells[text]})
	}
	return items
}

func (d *desk) showChoice(list choice) error {
	items, err := list.items(d.Service, d.ctx)
	if err != nil {
		return err
	}
	shapes, rows := []map[string]any{}, [][]string{}
	for _, item := range items {
		shapes = append(shapes, map[string]any{"id": item.ID, list.text: item.Text})
		rows = append(rows, []string{strconv.FormatInt(item.ID, 10), item.Text})
	}
	return d.list(shapes, []string{"ID", "TEXT"}, rows)
}
