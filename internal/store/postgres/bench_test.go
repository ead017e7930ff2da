package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/store/postgres/pgtest"
	"matricula/internal/token"
)

const population = 10_000

// populated is a database on a server that syncs, with accounts that own a club and
// have a session each.
func populated(b *testing.B) (*store.Store, *engine) {
	b.Helper()
	server, err := pgtest.Start(b.Context(), pgtest.Config{Durable: true})
	pgtest.OrSkip(b, err)
	b.Cleanup(func() { _ = server.Stop() })
	s, e := openStore(b, Config{URL: server.PortURL("postgres"), Migrate: true, Pool: 32})
	for first := 0; first < population; first += 1000 {
		err := s.Update(b.Context(), func(tx account.Tx) error {
			for i := first; i < first+1000; i++ {
				address := fmt.Sprintf("p%d@x.test", i)
				id, err := tx.AddAccount(account.Account{
					Email: account.Address{Text: address, Key: address}, Name: "A name", PasswordHash: "$argon2id$v=19$…", CreatedAt: someTime,
				}, "argon2id")
				if err != nil {
					return err
				}
				session := sessionID(i)
				err = tx.AddSession(account.Session{
					ID: session[:], Account: id, Contract: account.Clubs, CreatedAt: someTime, ExpiresAt: someTime, KeepUntil: someTime,
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	run(b, e.config.URL, "VACUUM ANALYZE")
	return s, e
}

func sessionID(i int) (id token.ID) {
	copy(id[:], fmt.Sprintf("%016d", i))
	return id
}

// raw is a pool of 32 connections with nothing of ours around it.
func raw(b *testing.B, e *engine) *pgxpool.Pool {
	b.Helper()
	c, err := pgxpool.ParseConfig(e.config.URL)
	if err != nil {
		b.Fatal(err)
	}
	c.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

// crowd runs work from 64 goroutines, each time with another number.
func crowd(b *testing.B, parallel int, work func(i int) error) {
	b.Helper()
	var n atomic.Int64
	b.SetParallelism(parallel / 2) // times GOMAXPROCS, which is 2 where it is measured
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := work(int(n.Add(7919) % population)); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}

// BenchmarkReads compares the read of each request with the least that the driver
// can do.
func BenchmarkReads(b *testing.B) {
	s, e := populated(b)
	pool := raw(b, e)
	b.Run("raw", func(b *testing.B) {
		crowd(b, 32, func(i int) error {
			var name string
			return pool.QueryRow(context.Background(), "SELECT name FROM accounts WHERE id = $1", i+1).Scan(&name)
		})
	})
	b.Run("holder", func(b *testing.B) {
		crowd(b, 64, func(i int) error {
			id := sessionID(i)
			_, err := s.Read(context.Background()).Holder(account.Clubs, id[:])
			return err
		})
	})
}

// BenchmarkChanges compares a change like that of a reset's request with the least
// that the driver can do.
func BenchmarkChanges(b *testing.B) {
	s, e := populated(b)
	pool := raw(b, e)
	run(b, e.config.URL, "CREATE TABLE bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x TEXT)")
	b.Run("raw", func(b *testing.B) {
		crowd(b, 32, func(i int) error {
			_, err := pool.Exec(context.Background(), "INSERT INTO bare (x) VALUES ($1)", "a text")
			return err
		})
	})
	b.Run("reset", func(b *testing.B) {
		crowd(b, 64, func(i int) error {
			id := token.NewID()
			return s.Update(context.Background(), func(tx account.Tx) error {
				a, err := tx.AccountByEmail(fmt.Sprintf("p%d@x.test", i))
				if err != nil {
					return err
				}
				if err := tx.AddEvent(account.Event{At: someTime, Kind: account.ResetAsked, Account: a.ID}); err != nil {
					return err
				}
				t := account.MailToken{ID: id, Account: a.ID, Kind: account.ResetToken, CreatedAt: someTime, ExpiresAt: someTime}
				if err := tx.AddMailToken(t); err != nil {
					return err
				}
				return tx.AddMail(account.OutboxMail{Account: a.ID, To: a.Email.Text, Template: "reset", Token: id, CreatedAt: someTime, DueAt: someTime})
			})
		})
	})
	stats := e.Stats()
	b.Logf("%d commits, %d failed, %d had a conflict or waited", stats.Commits, stats.Failed, stats.Waits)
}
