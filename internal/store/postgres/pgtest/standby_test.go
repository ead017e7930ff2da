package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestStandbyTakesOver kills a server right after an answer; the standby has what was
// answered, and takes changes. Then another one follows it.
func TestStandbyTakesOver(t *testing.T) {
	first, err := Start(t.Context(), Config{})
	OrSkip(t, err)
	t.Cleanup(func() { _ = first.Stop() })
	if err := first.Do(t.Context(), "postgres", "CREATE TABLE t (x INT)"); err != nil {
		t.Fatal(err)
	}
	before := first
	for n := 1; n <= 2; n++ {
		next, err := before.Follow(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = next.Stop() })
		if err := next.Do(t.Context(), "postgres", "INSERT INTO t VALUES (0)"); err == nil {
			t.Error("a standby takes changes")
		}
		if err := before.Do(t.Context(), "postgres", "INSERT INTO t VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if err := before.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := next.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows := count(t, next); rows != n {
			t.Errorf("standby %d has %d rows, want %d", n, rows, n)
		}
		before = next
	}
	if err := before.Do(t.Context(), "postgres", "INSERT INTO t VALUES (1)"); err != nil {
		t.Errorf("who took over takes no changes: %v", err)
	}
}

func count(t *testing.T, s *Server) (rows int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.PortURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}
