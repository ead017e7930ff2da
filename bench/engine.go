package main

import (
	"context"
	"time"

	"matricula/internal/account"
)

// engine is a database system that the program runs on, with what it does when nothing
// of the program stands before it.
type engine interface {
	// name is for the report, "" for SQLite.
	name() string
	// place makes an empty database for an installation whose files are in a directory.
	place(ctx context.Context, data string) (database, error)
	// atOnce answers which numbers of reads and of commits at once are measured.
	atOnce() (reads, commits []int)
	// commits makes rows durable, many at once. PerSecond counts rows.
	commits(ctx context.Context, atOnce int, warm, length time.Duration) (sample, error)
	// busy answers the processor time that the engine has used in processes of its own.
	busy() (time.Duration, error)
	stop() error
}

// database is where an installation keeps its accounts.
type database interface {
	// open opens it as the program does, and makes the schema.
	open(ctx context.Context) (openStore, error)
	// settle has the engine do at once what it would do some time after many rows came.
	settle(ctx context.Context) error
	// reads reads accounts by their ids, chosen by chance, on a connection each.
	reads(ctx context.Context, accounts, atOnce int, warm, length time.Duration) (sample, error)
	// settings make the program use it.
	settings() []string
	// sweep takes away what calls that write have left behind, so that mails of one
	// cell aren't sent in the next, and tables stay the size they were filled to. It
	// answers how many mail tokens there were.
	sweep(ctx context.Context) (tokens int, err error)
	remove(ctx context.Context) error
}

// openStore is a store that is closed in the end.
type openStore interface {
	account.Store
	Close() error
}

// The names of the engines.
const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
)

// startEngine starts the engine that the plan names. dir is for its files.
func (p plan) startEngine(ctx context.Context, dir string) (engine, error) {
	if p.database == onPostgres {
		return startPostgres(ctx, p.dir)
	}
	return sqliteEngine{dir}, nil
}

// sweepable are the tables that are swept. Of the tokens there is one for each call
// that was answered.
var sweepable = []string{"outbox", "events", "mail_tokens"}

// pointRead is the least that a request could ask.
const pointRead = "SELECT email, name, confirmed_at FROM accounts WHERE id = $1"
