package main

import (
	"context"
	"errors"
	"fmt"

	"matricula/internal/store"
	"matricula/internal/store/postgres"
	"matricula/internal/store/sqlite"
)

// readDatabase says which engine the settings mean. Several servers may share a
// PostgreSQL, and what one of them seals the others must open: so the secret is
// given.
func (c *config) readDatabase(readFile func(string) ([]byte, error)) error {
	address, err := fromFile("database", c.Database.Reveal(), c.DatabaseFile, readFile)
	if err != nil || address == "" {
		return err
	}
	p := postgres.Config{
		URL: address, Migrate: c.Migrate, Pool: int(c.DatabasePool), AllowLoss: c.DatabaseAllowLoss,
		ConnectTimeout: c.DatabaseConnectTimeout, StatementTimeout: c.DatabaseStatementTimeout, LockTimeout: c.DatabaseLockTimeout,
	}
	switch {
	case !postgres.IsURL(address):
		return errors.New("database: it is not postgres://USER:PASSWORD@HOST:PORT/DATABASE, where such a sign in the password as a space or / is written %20 or %2F; when it is empty, the database is a SQLite file in data")
	case c.DatabasePool < 3 || c.DatabasePool > 1000:
		return fmt.Errorf("database-pool: %d is not from 3 to 1000", c.DatabasePool)
	case c.secret == nil:
		return errors.New("secret: servers on PostgreSQL share one, so set secret-file; this makes a secret: head -c 32 /dev/urandom | base64")
	}
	if err := p.Validate(); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	c.postgres = func() postgres.Config { return p }
	return nil
}

// openDatabase opens the database that the settings name.
func (c config) openDatabase(ctx context.Context) (*store.Store, error) {
	if c.postgres == nil {
		return sqlite.Open(ctx, sqlite.Config{Path: c.databasePath(), Migrate: c.Migrate})
	}
	p := c.postgres()
	p.Migrate = c.Migrate
	return postgres.Open(ctx, p)
}

// migrateDatabase brings its schema up to date, and answers the version before and
// after.
func (c config) migrateDatabase(ctx context.Context) (from, to int64, err error) {
	if c.postgres == nil {
		return sqlite.Migrate(ctx, c.databasePath())
	}
	return postgres.Migrate(ctx, c.postgres())
}

// makePlace makes the data directory where the database lies in it. Commands on
// PostgreSQL have nothing to put there.
func (c config) makePlace() error {
	if c.postgres != nil {
		return nil
	}
	return c.makeData()
}

// databaseName is where the database is, without the password.
func (c config) databaseName() string {
	if c.postgres == nil {
		return c.databasePath()
	}
	return postgres.Shown(c.postgres().URL)
}
