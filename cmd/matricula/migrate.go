package main

// migrateCommand brings the schema up to date.
type migrateCommand struct{ place }

// Help shows how it is used.
func (migrateCommand) Help() string {
	return `It makes the database where there is none. serve and the other commands do the same by themselves unless the setting migrate says no.

Example:

    matricula migrate --data /var/lib/matricula`
}

// migrated is the version of the schema before and after; 0 is no database.
type migrated struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Run migrates.
func (cmd *migrateCommand) Run(c *console) error {
	cfg, err := cmd.config(c)
	if err != nil {
		return err
	}
	if err := cfg.makePlace(); err != nil {
		return err
	}
	from, to, err := cfg.migrateDatabase(c.ctx)
	if err != nil {
		return err
	}
	d := &desk{place: cmd.place, out: c.out}
	switch from {
	case to:
		return d.show(migrated{from, to}, "The schema is up to date, at version %d.", to)
	case 0:
		return d.show(migrated{from, to}, "The database is made, with the schema at version %d.", to)
	}
	return d.show(migrated{from, to}, "The schema is at version %d now; it was at %d.", to, from)
}
