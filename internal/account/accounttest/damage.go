package accounttest

import (
	"database/sql"
	"errors"
	"testing"
)

// TakeAway closes the database under the Service: from now on it is not there,
// and may be soon.
func (k *Kit) TakeAway(t testing.TB) {
	t.Helper()
	if err := k.Store.Close(); err != nil {
		t.Fatal(err)
	}
}

// Damage takes every table out of the database under the Service: from now on
// each statement fails, and trying again won't help. The Kit is one of New's.
func (k *Kit) Damage(t testing.TB) {
	t.Helper()
	db, err := sql.Open(k.source.driver, k.source.name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // the pragma is one connection's
	if err := errors.Join(damage(db, k.source.driver), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func damage(db *sql.DB, driver string) error {
	if driver == "pgx" {
		_, err := db.Exec("DROP SCHEMA public CASCADE")
		return err
	}
	var tables []string
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		return err
	}
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return errors.Join(err, rows.Close())
		}
		tables = append(tables, table)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := db.Exec("PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	for _, table := range tables {
		if _, err := db.Exec("DROP TABLE " + table); err != nil {
			return err
		}
	}
	return nil
}
