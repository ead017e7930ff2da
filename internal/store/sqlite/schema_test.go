package sqlite

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"matricula/internal/store"
)

var update = flag.Bool("update", false, "write schema.sql anew")

// TestSchemaIsWrittenDown keeps schema.sql what a reader takes it for: the schema
// of an empty database after all migrations.
func TestSchemaIsWrittenDown(t *testing.T) {
	e := openTest(t, Config{Path: filepath.Join(t.TempDir(), "test.db"), Migrate: true})
	got := schemaOf(t, e)
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the migrations make another schema than schema.sql says; go test ./internal/store/sqlite -update writes it anew\ngot:\n%s", got)
	}
}

// schemaOf writes the schema down: each table with its indexes, by name. The
// table of the migration runner and SQLite's own are left out.
func schemaOf(t *testing.T, e *engine) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- The schema as it stands after all migrations. A test writes it (go test -update).\n")
	err := e.Query(t.Context(), func(row store.Row) error {
		var text string
		err := row.Scan(&text)
		b.WriteString("\n" + text + ";\n")
		return err
	}, `
SELECT sql
FROM sqlite_schema
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND tbl_name <> 'goose_db_version'
ORDER BY tbl_name, type = 'index', name`)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
