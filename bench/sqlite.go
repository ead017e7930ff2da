package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"runtime"
	"time"

	_ "modernc.org/sqlite" // the engine itself, under database/sql

	"matricula/internal/store/sqlite"
)

// sqliteEngine lives inside the program. dir is for a database of its own.
type sqliteEngine struct{ dir string }

func (sqliteEngine) name() string { return "" }

func (sqliteEngine) place(_ context.Context, data string) (database, error) {
	return sqliteFile(filepath.Join(data, "matricula.db")), nil
}

// atOnce reads on as many connections as the program does, and commits so many rows
// together.
func (sqliteEngine) atOnce() (reads, commits []int) {
	return []int{1, max(4, 2*runtime.GOMAXPROCS(0))}, []int{1, 64}
}

func (sqliteEngine) busy() (time.Duration, error) { return 0, nil }
func (sqliteEngine) stop() error                  { return nil }

// sqliteFile is the file of one database.
type sqliteFile string

func (f sqliteFile) open(ctx context.Context) (openStore, error) {
	return sqlite.Open(ctx, sqlite.Config{Path: string(f), Migrate: true})
}

func (sqliteFile) settle(context.Context) error { return nil } // it does nothing by itself

func (sqliteFile) settings() []string { return nil } // the program finds it in its directory

func (sqliteFile) remove(context.Context) error { return nil } // it goes with the directory

func (f sqliteFile) sweep(ctx context.Context) (tokens int, err error) {
	db, err := openRaw(string(f), nil)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, table := range sweepable {
		swept, err := db.ExecContext(ctx, "DELETE FROM "+table)
		if err != nil {
			return 0, fmt.Errorf("sweep %s: %w", table, err)
		}
		n, err := swept.RowsAffected()
		if err != nil {
			return 0, err
		}
		tokens = int(n) // of the last table
	}
	return tokens, nil
}

// The engine's settings are those that the program opens its connections with.
var (
	readPragmas  = []string{"query_only(1)", "cache_size(-8000)", "temp_store(memory)"}
	writePragmas = []string{"journal_mode(wal)", "synchronous(full)", "wal_autocheckpoint(2000)", "cache_size(-16000)", "temp_store(memory)"}
)

func openRaw(path string, pragmas []string) (*sql.DB, error) {
	query := url.Values{"_pragma": pragmas, "_busy_timeout": {"5000"}}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+query.Encode())
}

func (f sqliteFile) reads(ctx context.Context, accounts, atOnce int, warm, length time.Duration) (sample, error) {
	db, err := openRaw(string(f), readPragmas)
	if err != nil {
		return sample{}, err
	}
	defer db.Close()
	statements, picks := make([]*sql.Stmt, atOnce), make([]*rand.Rand, atOnce)
	for i := range atOnce {
		conn, err := db.Conn(ctx)
		if err != nil {
			return sample{}, err
		}
		defer conn.Close()
		if statements[i], err = conn.PrepareContext(ctx, pointRead); err != nil {
			return sample{}, err
		}
		defer statements[i].Close()
		picks[i] = rand.New(rand.NewPCG(uint64(i), 0))
	}
	return spin(ctx, atOnce, warm, length, func(i int) error {
		var email, name string
		var confirmed int64
		// A context that can end would cost the driver a goroutine each time.
		return statements[i].QueryRowContext(context.Background(), picks[i].IntN(accounts)+1).Scan(&email, &name, &confirmed)
	})
}

// commits commits changes of one row each, in groups of which one commit makes all
// durable. The times are those of commits.
func (e sqliteEngine) commits(ctx context.Context, group int, warm, length time.Duration) (sample, error) {
	db, err := openRaw(filepath.Join(e.dir, "raw.db"), writePragmas)
	if err != nil {
		return sample{}, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT"); err != nil {
		return sample{}, err
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO notes (note) VALUES (?)")
	if err != nil {
		return sample{}, err
	}
	defer insert.Close()
	s, err := spin(ctx, 1, warm, length, func(int) error { return commitGroup(db, insert, group) })
	s.PerSecond *= float64(group)
	return s, err
}

func commitGroup(db *sql.DB, insert *sql.Stmt, group int) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	in := tx.StmtContext(context.Background(), insert)
	for range group {
		if _, err := in.ExecContext(context.Background(), note); err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return err
		}
	}
	return tx.Commit()
}
