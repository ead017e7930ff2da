package sqlite

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"matricula/internal/store"
	"matricula/internal/store/storetest"
)

// scans are the statements that may look at every row, by what marks them, and
// why.
var scans = map[string]string{
	"FROM tags\nORDER":        "it lists a short list",
	"FROM sizes\nORDER":       "it lists a short list",
	"FROM cohorts\nORDER":     "it lists a short list",
	"FROM cohorts WHERE":      "it looks through a short list",
	"FROM signing_keys":       "it lists a short list",
	"FROM projects\nORDER":    "it lists everything, for a command",
	grantsOfAll:               "it lists everything, for a command",
	"MIN(created_at)":         "it counts what waits, which is little",
	"GROUP BY password_class": "it counts an index, every few minutes",
	"SELECT COUNT(*)\nFROM":   "it counts an index, every few seconds, and there is a bound on the rows",
	"ORDER BY count, ":        "it takes the first rows of an index",
	"ORDER BY at LIMIT":       "it takes the first rows of an index",
}

// grantsOfAll is where the list of all roles has no WHERE.
const grantsOfAll = "ON accounts.id = students.account_id\n\nUNION"

// TestStatementsUseIndexes runs the suite, takes every statement that its
// connections have prepared, and asks SQLite how it would run each: what looks at
// every row of a table must be in the list above.
func TestStatementsUseIndexes(t *testing.T) {
	var mu sync.Mutex
	texts := map[string]bool{}
	storetest.Run(t, openAgain(func(t *testing.T, e *engine) {
		t.Cleanup(func() { // before the engine is closed, if the test didn't
			mu.Lock()
			defer mu.Unlock()
			for _, c := range connections(e) {
				for text := range c.statements {
					texts[text] = true
				}
			}
		})
	}))
	if len(texts) < 60 {
		t.Errorf("got %d statements, want all of the program's", len(texts))
	}
	_, e := openStore(t)
	for _, text := range slices.Sorted(maps.Keys(texts)) {
		if mayScan(text) {
			continue
		}
		for _, step := range plan(t, e, text) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "CONSTANT") && step != "SCAN due" { // what was just found
				t.Errorf("%s in%s", step, text)
			}
		}
	}
}

// TestHotStatementsAreSearches holds the three reads of each request to what they
// may cost: one row found after the other.
func TestHotStatementsAreSearches(t *testing.T) {
	s, e := openStore(t)
	r := s.Read(t.Context())
	id := make([]byte, 16)
	_, _ = r.Holder("clubs", id)
	_, _, _ = r.Officer([16]byte{}, [16]byte{})
	_, _, _ = r.Member(id, someTime)
	for _, text := range slices.Collect(maps.Keys(e.readers.idle[0].statements)) {
		for _, step := range plan(t, e, text) {
			scan := strings.HasPrefix(step, "SCAN") && step != "SCAN cohorts" && !oneRow[step] // a short list
			if scan || strings.Contains(step, "AUTOMATIC") {
				t.Errorf("%s in%s", step, text)
			}
		}
	}
}

// oneRow are the scans of a table that is one row.
var oneRow = map[string]bool{"SCAN CONSTANT ROW": true, "SCAN latest": true}

func mayScan(text string) bool {
	for mark := range scans {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// connections are those of an engine that nobody uses at the moment.
func connections(e *engine) []*conn {
	e.readers.mu.Lock()
	defer e.readers.mu.Unlock()
	all := slices.Clone(e.readers.idle)
	_ = e.Update(context.Background(), nil, func(context.Context, store.Writer) error { return nil }) // the changes before it are over
	return append(all, e.writer.conn)
}

// plan answers the steps by which SQLite would run a statement.
func plan(t *testing.T, e *engine, text string) (steps []string) {
	t.Helper()
	err := e.Query(t.Context(), func(row store.Row) error {
		var id, parent, unused int
		var step string
		err := row.Scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, "EXPLAIN QUERY PLAN "+text, make([]any, 30)...)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return steps
}

// TestReferencesHaveIndexes asks that what a deleted row takes along is found by
// an index. No cohort is ever deleted.
func TestReferencesHaveIndexes(t *testing.T) {
	_, e := openStore(t)
	ask := func(query string) (answers []string) {
		t.Helper()
		err := e.Query(t.Context(), func(row store.Row) error {
			var answer string
			err := row.Scan(&answer)
			answers = append(answers, answer)
			return err
		}, query)
		if err != nil {
			t.Fatal(err)
		}
		return answers
	}
	for _, table := range ask("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
		first := ask("SELECT info.name FROM pragma_index_list('" + table + "') AS list, pragma_index_info(list.name) AS info WHERE info.seqno = 0")
		for _, column := range ask(`SELECT "from" FROM pragma_foreign_key_list('` + table + `')`) {
			if column != "year" && !slices.Contains(first, column) {
				t.Errorf("%s.%s refers to another table and has no index", table, column)
			}
		}
	}
}
