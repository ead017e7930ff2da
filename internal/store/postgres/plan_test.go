package postgres

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// short are the tables that hold a short list; to look at all of it costs nothing.
var short = []string{"tags", "sizes", "cohorts", "signing_keys"}

// scans are the statements that may look at every row of other tables, by what marks
// them, and why.
var scans = map[string]string{
	"FROM projects\nORDER":         "it lists everything, for a command",
	"students.account_id\n\nUNION": "it lists everything, for a command",
	"COUNT(*) FILTER":              "it counts what waits, which is little",
	"GROUP BY password_class":      "it counts an index, every few minutes",
}

// heard are the statements that engines have prepared.
type heard struct {
	mu    sync.Mutex
	texts map[string]bool
}

// listen notes what the connections of an engine that nobody uses have prepared.
func (h *heard) listen(t *testing.T, e *engine) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, conn := range e.pool.AcquireAllIdle(context.Background()) {
		rows, err := conn.Query(context.Background(), "SELECT statement FROM pg_prepared_statements", pgx.QueryExecModeExec)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			h.texts[text] = true
		}
		conn.Release()
	}
}

// wantSearches asks the server how it would run each statement, when a look at every
// row of a table is what it avoids by all means.
func (h *heard) wantSearches(t *testing.T) {
	t.Helper()
	joint := 0
	for text := range h.texts {
		if strings.Contains(text, "WITH ORDINALITY AS asked") {
			joint++
		}
	}
	if part := flag.Lookup("test.run").Value.String(); (len(h.texts) < 60 || joint != 3) && !strings.Contains(part, "/") {
		t.Errorf("got %d statements, want all of the program's; %d answer many questions, want the three that requests ask all the time",
			len(h.texts), joint)
	}
	conn, err := pgx.Connect(t.Context(), filled(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	do := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%v in %s", err, statement)
		}
	}
	do("SET enable_seqscan = off")
	do("SET plan_cache_mode = force_generic_plan")
	for _, text := range slices.Sorted(maps.Keys(h.texts)) {
		if mayScan(text) || !strings.Contains(text, "\n") { // BEGIN and the like are a line
			continue
		}
		do("PREPARE asked AS " + text)
		for _, step := range planOf(t, conn) {
			_, on, scan := strings.Cut(step, "Seq Scan on ")
			if table, _, _ := strings.Cut(on, " "); scan && !slices.Contains(short, table) {
				t.Errorf("%s in%s", strings.TrimSpace(step), text)
			}
		}
		do("DEALLOCATE asked")
	}
}

// planOf answers the steps of the statement that was prepared as "asked".
func planOf(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	var parameters int
	err := conn.QueryRow(t.Context(), "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'").Scan(&parameters)
	if err != nil {
		t.Fatal(err)
	}
	values := ""
	if parameters > 0 {
		values = fmt.Sprintf("(%s)", strings.Join(slices.Repeat([]string{"NULL"}, parameters), ", "))
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE asked"+values, pgx.QueryExecModeExec)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func mayScan(text string) bool {
	for mark := range scans {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}
