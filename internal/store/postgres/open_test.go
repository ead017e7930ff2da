package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"matricula/internal/store/postgres/pgtest"
)

// run runs statements in the database of a URL.
func run(t testing.TB, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// name is the database of a URL.
func name(t testing.TB, url string) string {
	t.Helper()
	c, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return c.Database
}

// as is the URL with another role.
func as(url, role string) string { return strings.Replace(url, pgtest.Superuser+"@", role+"@", 1) }

// traces are what a refused start must leave alone.
func traces(t testing.TB, url string) (all []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `
SELECT c.oid || ' ' || c.relname || ' ' || c.relnatts FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	all, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestOpenRefuses opens databases that it must leave alone, and asks for one line
// that says what to do.
func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		schema  bool     // ours is there
		prepare []string // {db} and {role} stand for the names; run by the superuser
		role    bool     // open it as {role}
		migrate bool
		loses   bool // that it may lose something is not accepted
		want    error
		says    []string
	}{
		{name: "empty, without migrate", want: ErrOlder, says: []string{"empty", "matricula migrate"}},
		{name: "another program's", prepare: []string{"CREATE TABLE accounts (id INT)"}, migrate: true,
			want: ErrForeign, says: []string{"another program", "a database of its own"}},
		{name: "another program's view", prepare: []string{"CREATE VIEW v AS SELECT 1"}, migrate: true, want: ErrForeign},
		{name: "another program's migrations", prepare: []string{
			"CREATE TABLE goose_db_version (version_id BIGINT)", "INSERT INTO goose_db_version VALUES (3)"}, migrate: true, want: ErrForeign},
		{name: "another program's meta", prepare: []string{"CREATE TABLE goose_db_version (version_id BIGINT)", "CREATE TABLE meta (x INT)"},
			migrate: true, want: ErrForeign},
		{name: "newer", schema: true, prepare: []string{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)"}, migrate: true,
			want: ErrNewer, says: []string{"4711", "install"}},
		{name: "no schema", prepare: []string{"ALTER DATABASE {db} SET search_path = nowhere"}, migrate: true,
			want: ErrUnsuitable, says: []string{"search_path"}},
		{name: "read only", prepare: []string{"ALTER DATABASE {db} SET default_transaction_read_only = on"}, migrate: true,
			want: ErrUnsuitable, says: []string{"default_transaction_read_only"}},
		{name: "commits that don't wait, in the database", prepare: []string{"ALTER DATABASE {db} SET synchronous_commit = off"}, migrate: true, loses: true,
			want: ErrUnsuitable, says: []string{"synchronous_commit off", "database-allow-loss"}},
		{name: "commits that don't wait, for the role", prepare: []string{"CREATE ROLE {role} LOGIN", "ALTER ROLE {role} SET synchronous_commit = off"},
			role: true, migrate: true, loses: true, want: ErrUnsuitable, says: []string{"synchronous_commit off"}},
		{name: "a role that may make nothing", prepare: []string{"CREATE ROLE {role} LOGIN"}, role: true, migrate: true,
			want: ErrForbidden, says: []string{"may not make tables", `ALTER DATABASE "{db}" OWNER TO "{role}"`}},
		{name: "a role that may not read", schema: true, prepare: []string{"CREATE ROLE {role} LOGIN", "GRANT SELECT ON goose_db_version TO {role}"}, role: true,
			want: ErrForbidden, says: []string{"may not read and write accounts", "GRANT SELECT, INSERT"}},
		{name: "a role that may read nothing at all", schema: true, prepare: []string{"CREATE ROLE {role} LOGIN"}, role: true, want: ErrForbidden},
		{name: "a role that may not log in", prepare: []string{"CREATE ROLE {role}"}, role: true, want: ErrForbidden, says: []string{"pg_hba.conf"}},
		{name: "a role that may not connect", prepare: []string{"CREATE ROLE {role} LOGIN", "REVOKE CONNECT ON DATABASE {db} FROM PUBLIC"}, role: true, want: ErrForbidden},
		{name: "a role that is not there", role: true, want: ErrForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := pgtest.Database(t)
			if test.schema {
				url = filled(t)
			}
			role := "role_" + name(t, url)
			words := strings.NewReplacer("{db}", name(t, url), "{role}", role)
			for _, statement := range test.prepare {
				run(t, url, words.Replace(statement))
			}
			if test.role {
				t.Cleanup(func() { dropRole(t, url, role) })
			}
			before := traces(t, url)
			c := Config{URL: url, Migrate: test.migrate, AllowLoss: !test.loses}
			if test.role {
				c.URL = as(url, role)
			}
			_, err := Open(t.Context(), c)
			var says []string
			for _, part := range test.says {
				says = append(says, words.Replace(part))
			}
			wantOneLine(t, err, test.want, says...)
			if after := traces(t, url); strings.Join(after, "\n") != strings.Join(before, "\n") {
				t.Errorf("something was made: got %v, want %v", after, before)
			}
		})
	}
}

// dropRole takes a role away, with what it was given in a database that still stands.
func dropRole(t *testing.T, url, role string) {
	s := pgtest.Shared(t)
	_ = s.Do(context.Background(), name(t, url), "DROP OWNED BY "+role) // it may not be there
	if err := s.Do(context.Background(), "postgres", "DROP ROLE IF EXISTS "+role); err != nil {
		t.Error(err)
	}
}

// wantOneLine asks for this error in one line that says these things.
func wantOneLine(t *testing.T, err, wanted error, says ...string) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Fatalf("got %v, want %v", err, wanted)
	}
	if strings.ContainsAny(err.Error(), "\n\t") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to say %q", err, part)
		}
	}
}

// TestOpenRefusesPlaces goes where no PostgreSQL is, or none that lets us in.
func TestOpenRefusesPlaces(t *testing.T) {
	s := pgtest.Shared(t)
	latin, err := s.Make(t.Context(), "template0 ENCODING 'LATIN1'")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Drop(context.Background(), latin) })
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	for _, test := range []struct {
		name, url string
		want      error
		says      []string
	}{
		{"nobody there", fmt.Sprintf("postgres://u:hunter2@%s/d", nobody.Addr()), ErrUnreachable, []string{"connection refused"}},
		{"no socket", "postgres:///d?host=/nonexistent", ErrUnreachable, nil},
		{"another product", fmt.Sprintf("postgres://u:hunter2@%s/d", greeter(t)), ErrUnreachable, []string{"is it PostgreSQL?"}},
		{"a wrong password", strings.Replace(s.PortURL("postgres"), "a%20password", "hunter2", 1), ErrForbidden, []string{"password"}},
		{"no TLS there", s.PortURL("postgres") + "?sslmode=require", ErrUnreachable, []string{"takes no TLS", "sslmode=disable"}},
		{"no database", s.URL("none_such"), ErrUnreachable, []string{"createdb"}},
		{"another encoding", s.URL(latin), ErrUnsuitable, []string{"LATIN1", "--encoding UTF8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, migrate := range []bool{true, false} {
				_, err := Open(t.Context(), Config{URL: test.url, Migrate: migrate, AllowLoss: true})
				wantOneLine(t, err, test.want, test.says...)
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("it shows the password: %v", err)
				}
			}
		})
	}
}

// greeter listens and greets like a server of another product.
func greeter(t *testing.T) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("J\x00\x00\x00\x0a8.0.36 this is another product and greets first"))
			_ = conn.Close()
		}
	}()
	return ln.Addr()
}

// TestServersThatSuit asks by name and number.
func TestServersThatSuit(t *testing.T) {
	for _, test := range []struct {
		product, number string
		want            bool
	}{
		{"PostgreSQL 15.0 (Debian 15.0-1)", "150000", true},
		{"PostgreSQL 19devel", "190000", true},
		{"PostgreSQL 14.20", "140020", false},
		{"PostgreSQL 8.0.2", "80002", false},
		{"PostgreSQL 15.12-YB-2025.1.0.0-b0", "150012", false},
		{"CockroachDB CCL v26.1.0", "130000", false},
		{"CockroachDB CCL v99.1.0", "190000", false},
		{"PostgreSQL 15.0", "", false},
	} {
		if got := suits(test.product, test.number); got != test.want {
			t.Errorf("%s: got %v, want %v", test.product, got, test.want)
		}
	}
}

// TestMigrateOnce has many migrate one empty database at once; and then again, with
// nothing to do.
func TestMigrateOnce(t *testing.T) {
	url := pgtest.Database(t)
	var made, found int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			from, to, err := Migrate(context.Background(), Config{URL: url, AllowLoss: true})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case from == 0:
				made++
			case from == to:
				found++
			}
		})
	}
	all.Wait()
	if made+found != 6 || made < 1 {
		t.Errorf("%d made it and %d found it, want 6 together", made, found)
	}
	s, err := Open(t.Context(), Config{URL: url, AllowLoss: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tags, err := s.Read(t.Context()).Tags()
	if err != nil || len(tags) != 23 {
		t.Errorf("got %d tags and %v, want 23", len(tags), err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestMigrationIsWhole fails in the middle of a migration, and finds the database at
// the version before; then the mended one goes on from there.
func TestMigrationIsWhole(t *testing.T) {
	url := pgtest.Database(t)
	c := Config{URL: url, Migrate: true, AllowLoss: true}.withDefaults()
	first := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE meta (x INT);\nCOMMENT ON TABLE meta IS 'Matricula';\n")}
	broken := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (x INT);\nSELECT 1/0;\n")}
	mended := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE two (x INT);\n")}
	if _, err := openEngine(t.Context(), c, fstest.MapFS{"00001_one.sql": broken}); err == nil {
		t.Fatal("a broken first migration passed")
	}
	if _, err := openEngine(t.Context(), c, fstest.MapFS{"00001_one.sql": first, "00002_two.sql": broken}); err == nil {
		t.Fatal("a broken migration passed")
	}
	if there := strings.Join(traces(t, url), "\n"); strings.Contains(there, " two ") {
		t.Errorf("half a migration is there: %s", there)
	}
	e, err := openEngine(t.Context(), c, fstest.MapFS{"00001_one.sql": first, "00002_two.sql": mended})
	if err != nil {
		t.Fatal(err)
	}
	_ = e.Close()
	c.Migrate = false
	_, err = openEngine(t.Context(), c, fstest.MapFS{"00001_one.sql": first, "00002_two.sql": mended, "00003_three.sql": mended})
	wantOneLine(t, err, ErrOlder, "version 2", "needs 3", "matricula migrate")
}
