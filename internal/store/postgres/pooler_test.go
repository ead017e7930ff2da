package postgres

import (
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"matricula/internal/store/postgres/pgtest"
	"matricula/internal/store/storetest"
)

// TestStoreBehindAPooler plays the suite through PgBouncer, whose connections to the
// server go from transaction to transaction. It takes as long as TestStore does, so it
// is for those who want all tests.
func TestStoreBehindAPooler(t *testing.T) {
	if os.Getenv("TEST_ALL") != "1" {
		t.Skip("TEST_ALL=1 plays the suite through PgBouncer, too")
	}
	through := pgtest.Shared(t).Pooler(t, "transaction")
	storetest.Run(t, openAgain(Config{Pool: 8}, func(url string) string { return through(name(t, url)) }, func(*testing.T, *engine) {}))
}

// TestPoolerIsNoticed asks what follows from a pooler: nothing stays prepared, and
// the timeouts are the transaction's.
func TestPoolerIsNoticed(t *testing.T) {
	s := pgtest.Shared(t)
	url := filled(t)
	for _, test := range []struct {
		name, url string
		mode      pgx.QueryExecMode
		begin     int
	}{
		{"none", url, pgx.QueryExecModeCacheStatement, 1},
		{"none, and the URL knows better", url + "&default_query_exec_mode=exec", pgx.QueryExecModeExec, 1},
		{"transactions", s.Pooler(t, "transaction")(name(t, url)), pgx.QueryExecModeCacheDescribe, 4},
		{"sessions, and the URL knows better", s.Pooler(t, "session")(name(t, url)) + "&default_query_exec_mode=cache_statement", pgx.QueryExecModeCacheStatement, 4},
		{"sessions", s.Pooler(t, "session")(name(t, url)), pgx.QueryExecModeCacheDescribe, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			opened, e := openStore(t, Config{URL: test.url, StatementTimeout: 300 * time.Millisecond, Pool: 4})
			if got := e.pool.Config().ConnConfig.DefaultQueryExecMode; got != test.mode || len(e.begin) != test.begin {
				t.Errorf("got mode %v and %v, want %v and %d statements", got, e.begin, test.mode, test.begin)
			}
			err := e.Update(t.Context(), nil, sleeping)
			if code(err) != queryCanceled {
				t.Errorf("a statement that takes long: got %v, want the server to end it", err)
			}
			if err := opened.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPoolerWithoutTransactions is refused at the start.
func TestPoolerWithoutTransactions(t *testing.T) {
	through := pgtest.Shared(t).Pooler(t, "statement")
	_, err := Open(t.Context(), Config{URL: through(name(t, filled(t))), AllowLoss: true})
	wantOneLine(t, err, ErrUnsuitable, "pool_mode to transaction")
}
