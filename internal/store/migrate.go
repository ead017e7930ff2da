package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Version is what the database's version is asked with: the number of the newest
// migration that was applied to it, NULL when there was none.
const Version = `SELECT MAX(version_id) FROM goose_db_version`

// Latest answers the number of the newest migration in files.
func Latest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	var latest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		latest = max(latest, version)
	}
	return latest, nil
}

// Migrate applies the migrations in files that the database lacks, each in a
// transaction, and answers the number of the newest. The engine sees to it that
// nobody else migrates at the same time.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS) (int64, error) {
	provider, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return Latest(files)
}
