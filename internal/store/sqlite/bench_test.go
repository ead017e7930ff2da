package sqlite

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/store"
	"matricula/internal/token"
)

// someTime is when the benchmarks happen.
var someTime = time.Unix(1_800_000_000, 0).UTC()

// populated is a database with accounts that are students, own a club and have a
// session of each contract.
func populated(b *testing.B, n int) (*store.Store, *engine) {
	b.Helper()
	s, e := openStore(b)
	err := s.Update(b.Context(), func(tx account.Tx) error {
		return tx.AddCohort(account.Cohort{Year: 2026, Start: someTime, End: someTime.Add(time.Hour)})
	})
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < n; first += 1000 {
		err := s.Update(b.Context(), func(tx account.Tx) error {
			for i := first; i < min(first+1000, n); i++ {
				address := fmt.Sprintf("p%d@x.test", i)
				id, err := tx.AddAccount(account.Account{
					Email: account.Address{Text: address, Key: address}, Name: "A name", PasswordHash: "$argon2id$v=19$…", CreatedAt: someTime,
				}, "argon2id")
				if err != nil {
					return err
				}
				club := account.Club{Owner: id, Name: "Chess", LinkName: fmt.Sprint("chess-", i), Tags: []int64{3, 1, 4}, LastUpdated: someTime}
				if _, err := tx.AddClub(club); err != nil {
					return err
				}
				if _, err := tx.AddStudent(account.Student{Account: id, Year: 2026}); err != nil {
					return err
				}
				session := sessionID(i)
				for _, contract := range []account.Contract{account.Clubs, account.Cohorts} {
					err = tx.AddSession(account.Session{
						ID: session[:], Account: id, Contract: contract, CreatedAt: someTime, ExpiresAt: someTime, KeepUntil: someTime,
					})
					if err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return s, e
}

func sessionID(i int) (id token.ID) {
	copy(id[:], fmt.Sprintf("%016d", i))
	return id
}

const population = 10_000

func BenchmarkHolder(b *testing.B) {
	s, _ := populated(b, population)
	i := 0
	for b.Loop() {
		i = (i + 7919) % population
		id := sessionID(i)
		if _, err := s.Read(b.Context()).Holder(account.Clubs, id[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOfficer(b *testing.B) {
	s, _ := populated(b, population)
	i := 0
	for b.Loop() {
		i = (i + 7919) % population
		if _, _, err := s.Read(b.Context()).Officer(sessionID(i), token.ID{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOfficerParallel(b *testing.B) {
	s, _ := populated(b, population)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := int(n.Add(7919) % population)
			if _, _, err := s.Read(b.Context()).Officer(sessionID(i), token.ID{}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkMember(b *testing.B) {
	s, _ := populated(b, population)
	i := 0
	for b.Loop() {
		i = (i + 7919) % population
		id := sessionID(i)
		if m, _, err := s.Read(b.Context()).Member(id[:], someTime); err != nil || m.Roles.Student == nil {
			b.Fatal(m, err)
		}
	}
}

// BenchmarkUpdate commits one change at a time.
func BenchmarkUpdate(b *testing.B) {
	s, _ := openStore(b)
	n := 0
	for b.Loop() {
		n++
		if err := s.Update(b.Context(), adding(fmt.Sprint(n), 100)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdateParallel has 64 goroutines commit changes, which share commits.
func BenchmarkUpdateParallel(b *testing.B) {
	s, e := openStore(b)
	var n atomic.Int64
	b.SetParallelism(32) // times GOMAXPROCS
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := s.Update(context.Background(), adding(fmt.Sprint(n.Add(1)), 100)); err != nil {
				b.Error(err)
			}
		}
	})
	stats := e.Stats()
	b.ReportMetric(float64(stats.Changes)/float64(stats.Commits), "changes/commit")
	b.ReportMetric(float64(stats.Changes)/b.Elapsed().Seconds(), "changes/s")
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		s, err := Open(b.Context(), Config{Path: b.TempDir() + "/test.db", Migrate: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
