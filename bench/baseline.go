package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
	_ "modernc.org/sqlite" // the engine itself, under database/sql
)

// spin calls work from several goroutines, each again as soon as it returns, for
// warm and then for length.
func spin(ctx context.Context, workers int, warm, length time.Duration, work func(worker int) error) (sample, error) {
	opens := time.Now().Add(warm)
	ends := opens.Add(length)
	tallies, errs := make([]tally, workers), make([]error, workers)
	var spinning sync.WaitGroup
	for i := range workers {
		spinning.Go(func() {
			for begun := time.Now(); begun.Before(ends) && errs[i] == nil && ctx.Err() == nil; {
				errs[i] = work(i)
				now := time.Now()
				if !now.Before(opens) && now.Before(ends) {
					tallies[i].took = append(tallies[i].took, now.Sub(begun))
				}
				begun = now
			}
		})
	}
	spinning.Wait()
	all := tally{length: length}
	for i := range workers {
		if errs[i] != nil {
			return sample{}, errs[i]
		}
		all.add(tallies[i])
	}
	return all.sample(), ctx.Err()
}

// rawHashes makes argon2id hashes at the program's default cost, on as many cores
// as that many clients could keep busy.
func rawHashes(ctx context.Context, clients int, warm, length time.Duration) (sample, error) {
	salt := []byte("sixteen octets..")
	return spin(ctx, min(clients, runtime.GOMAXPROCS(0)), warm, length, func(int) error {
		argon2.IDKey([]byte(passphrase), salt, 2, 19456, 1, 32)
		return nil
	})
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

// readers is how many statements the program reads with at once.
func readers() int { return max(4, 2*runtime.GOMAXPROCS(0)) }

// rawReads reads accounts by their ids, chosen by chance, on a connection each.
func rawReads(ctx context.Context, in *installation, clients int, warm, length time.Duration) (sample, error) {
	db, err := openRaw(in.database(), readPragmas)
	if err != nil {
		return sample{}, err
	}
	defer db.Close()
	workers := min(clients, readers())
	statements := make([]*sql.Stmt, workers)
	picks := make([]*rand.Rand, workers)
	for i := range workers {
		conn, err := db.Conn(ctx)
		if err != nil {
			return sample{}, err
		}
		defer conn.Close()
		if statements[i], err = conn.PrepareContext(ctx, "SELECT email, name, confirmed_at FROM accounts WHERE id = ?"); err != nil {
			return sample{}, err
		}
		defer statements[i].Close()
		picks[i] = rand.New(rand.NewPCG(uint64(i), 0))
	}
	return spin(ctx, workers, warm, length, func(i int) error {
		var email, name string
		var confirmed int64
		// A context that can end would cost the driver a goroutine each time.
		return statements[i].QueryRowContext(context.Background(), picks[i].IntN(in.accounts)+1).Scan(&email, &name, &confirmed)
	})
}

// rawCommits commits changes of one row each, in groups of which one commit makes
// all durable. PerSecond counts changes, the times are those of commits.
func rawCommits(ctx context.Context, file string, group int, warm, length time.Duration) (sample, error) {
	db, err := openRaw(file, writePragmas)
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

var note = strings.Repeat("note ", 20)

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

// sweep takes away what calls that write have left behind, so that mails of one
// cell aren't sent in the next, and tables stay the size they were filled to.
func (in *installation) sweep(ctx context.Context) error {
	db, err := openRaw(in.database(), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, table := range []string{"outbox", "mail_tokens", "events"} {
		if _, err := db.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return fmt.Errorf("sweep %s: %w", table, err)
		}
	}
	return nil
}
