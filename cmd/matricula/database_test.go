package main

import (
	"testing"

	"matricula/internal/store/postgres/pgtest"
)

// TestScriptOnPostgres plays testdata/postgres, as TestScript plays its own, with an
// empty database of PostgreSQL.
func TestScriptOnPostgres(t *testing.T) {
	playScripts(t, "testdata/postgres", "MATRICULA_DATABASE="+pgtest.Database(t))
}
