package acceptance

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// The tests of past_clubs_test.go and past_cohorts_test.go are the known defects of
// the two backends that Matricula replaces, a test each. Each says in a sentence
// what the old backend did, and would fail if Matricula did the same.

// realHash makes passwords cost what they cost by default.
const realHash = "MATRICULA_HASH=argon2id,m=19456,t=2,p=1"

// whole is an answer as a stranger compares it with another: status, headers and
// body, but for what is each answer's own.
func (a answer) whole() string {
	text := fmt.Sprintln(a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if name != "Date" && name != "X-Request-Id" {
			text += fmt.Sprintln(name, a.header[name])
		}
	}
	return text + string(a.body)
}

// saysNothingInternal fails the test where a refusal tells of what the program is
// made of.
func (a answer) saysNothingInternal(t *testing.T) answer {
	t.Helper()
	text := strings.ToLower(string(a.body))
	for _, word := range []string{
		"traceback", "panic", "goroutine", ".go:", "json:", "unmarshal", "sql", "constraint", "mongo", "prisma", "jwt", "signature", "hmac",
		"internal error",
	} {
		if strings.Contains(text, word) {
			t.Errorf("%s: the refusal has the word %q: %s", a.call, word, a.body)
		}
	}
	return a
}

// sameTime makes two calls in turn, and fails the test where one of them takes less
// than half as long as the other, by the medians. Calls that both hash, or that both
// don't, are much nearer than that, and what else goes on meets both alike.
func sameTime(t *testing.T, one, other func()) {
	t.Helper()
	const samples = 11
	took := map[*func()][]time.Duration{}
	for range samples {
		for _, call := range []*func(){&one, &other} {
			at := time.Now()
			(*call)()
			took[call] = append(took[call], time.Since(at))
		}
	}
	median := func(call *func()) time.Duration { return slices.Sorted(slices.Values(took[call]))[samples/2] }
	if a, b := median(&one), median(&other); a < b/2 || b < a/2 {
		t.Errorf("one takes %v, the other %v: a stranger can tell them apart", a, b)
	}
}

// column answers what a query finds, behind the program's back.
func column(t *testing.T, data, query string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", database(data))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
