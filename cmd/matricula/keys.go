package main

import "time"

// keysCommand is what an operator does to signing keys.
type keysCommand struct {
	List keysList `cmd:"" help:"List the signing keys, oldest first."`
}

// Help shows how they are used.
func (keysCommand) Help() string { return "Example:\n\n    matricula keys list" }

type keysList struct{ place }

// Help shows how it is used.
func (keysList) Help() string {
	return `The first server on a database makes the first key.

Example:

    matricula keys list --json`
}

// keyShape is a signing key as programs read it: what may be told of it.
type keyShape struct {
	ID        string    `json:"id"` // the kid of its tokens
	CreatedAt time.Time `json:"created_at"`
	Signs     bool      `json:"signs"` // new tokens are signed by it; all of them verify
}

// Run lists the keys.
func (cmd *keysList) Run(c *console) error {
	return cmd.look(c, func(d *desk) error {
		keys, err := d.Keys(d.ctx)
		if err != nil {
			return err
		}
		shapes, rows := []keyShape{}, [][]string{}
		signs := -1 // the newest whose time has come
		for i, key := range keys {
			if !key.CreatedAt.After(d.now()) {
				signs = i
			}
		}
		for i, key := range keys {
			shape := keyShape{ID: key.ID, CreatedAt: key.CreatedAt.UTC(), Signs: i == signs}
			shapes = append(shapes, shape)
			rows = append(rows, []string{shape.ID, d.local(shape.CreatedAt), yesNo(shape.Signs)})
		}
		return d.list(shapes, []string{"ID", "CREATED", "SIGNS"}, rows)
	})
}
