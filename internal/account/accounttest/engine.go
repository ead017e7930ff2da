package accounttest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"matricula/internal/store"
	"matricula/internal/store/postgres"
	"matricula/internal/store/postgres/pgtest"
	"matricula/internal/store/sqlite"
)

// Open opens a new database that is closed with the test: SQLite in a file, or
// PostgreSQL where the variable TEST_DATABASE says postgres.
func Open(t testing.TB) *store.Store {
	t.Helper()
	opened, _ := openEngine(t)
	return opened
}

// openEngine also answers what leads to the database, for database/sql.
func openEngine(t testing.TB) (opened *store.Store, at source) {
	t.Helper()
	var err error
	if os.Getenv("TEST_DATABASE") == "postgres" {
		at = source{driver: "pgx", name: pgtest.Filled(t, "schema", migrated)}
		opened, err = postgres.Open(t.Context(), postgres.Config{URL: at.name, AllowLoss: true, Pool: 8})
	} else {
		at = source{driver: "sqlite", name: filepath.Join(t.TempDir(), "matricula.db")}
		opened, err = sqlite.Open(t.Context(), sqlite.Config{Path: at.name, Migrate: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened, at
}

// migrated makes the schema in a database that others are copied from.
func migrated(url string) error {
	_, _, err := postgres.Migrate(context.Background(), postgres.Config{URL: url, AllowLoss: true})
	return err
}

// source is a database as database/sql opens it.
type source struct{ driver, name string }
