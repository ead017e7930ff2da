package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"matricula/internal/store"
)

// ours is the octets of a database of the program with some rows in it.
func ours(t *testing.T) []byte {
	t.Helper()
	s, e := openStore(t)
	for i := range 50 {
		if err := s.Update(t.Context(), adding(fmt.Sprint(i), 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return contents(t, e.path)
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// made is the octets of a database that these statements make.
func made(t *testing.T, from []byte, statements ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.db")
	write(t, path, from)
	c, err := open(t.Context(), source(path, time.Second, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if err := c.run(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return contents(t, path)
}

func write(t *testing.T, path string, octets []byte) {
	t.Helper()
	if err := os.WriteFile(path, octets, 0o600); err != nil {
		t.Fatal(err)
	}
}

// listing is every file of a directory with its octets.
func listing(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		files[entry.Name()] = contents(t, filepath.Join(dir, entry.Name()))
	}
	return files
}

func sameFiles(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for name, octets := range a {
		other, ok := b[name]
		if !ok || !bytes.Equal(octets, other) {
			return false
		}
	}
	return true
}

// TestOpenRefuses puts files in the database's place that Open must leave alone,
// and asks for one line that says what to do.
func TestOpenRefuses(t *testing.T) {
	good := ours(t)
	flipped := slices.Clone(good)
	for i := 100; i < 4096; i++ {
		flipped[i] ^= 0x5a // the root of the schema
	}
	for _, test := range []struct {
		name   string
		octets []byte
		want   error
		says   []string
	}{
		{"text", []byte("name,email\nChess,chess@x.test\n" + strings.Repeat("x", 5000)), ErrDamaged, []string{"no SQLite database"}},
		{"short text", []byte("hello"), ErrDamaged, nil},
		{"zeros", make([]byte, 8192), ErrDamaged, []string{"no SQLite database"}},
		{"empty", nil, ErrDamaged, []string{"empty", "restore a backup"}},
		{"a head without a body", append([]byte("SQLite format 3\x00"), make([]byte, 5000)...), ErrDamaged, nil},
		{"a few octets of ours", good[:50], ErrDamaged, nil},
		{"half of ours", good[:len(good)/2/4096*4096], ErrDamaged, []string{"restore a backup"}},
		{"ours without the last octets", good[:len(good)-100], ErrDamaged, []string{"restore a backup"}},
		{"ours with its schema destroyed", flipped, ErrDamaged, []string{"restore a backup"}},
		{"another program's", made(t, nil, "CREATE TABLE notes (x)", "PRAGMA application_id = 77"), ErrForeign, []string{"0x4d", "another place"}},
		{"another program's without a mark", made(t, nil, "CREATE TABLE accounts (x)"), ErrForeign, nil},
		{"nobody's", made(t, nil, "CREATE TABLE t (x)", "DROP TABLE t"), ErrForeign, nil},
		{"our mark without our tables", made(t, nil, "CREATE TABLE t (x)", "PRAGMA application_id = 1296127058"), ErrDamaged, nil},
		{"newer", made(t, good, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, 1)"), ErrNewer, []string{"4711", "up to " + newest(t), "install"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "test.db")
			write(t, path, test.octets)
			before := listing(t, dir)
			for _, migrate := range []bool{true, false} {
				_, err := Open(t.Context(), Config{Path: path, Migrate: migrate})
				wantOneLine(t, err, test.want, append(test.says, path)...)
			}
			_, _, err := Migrate(t.Context(), path)
			wantOneLine(t, err, test.want, path)
			if !sameFiles(before, listing(t, dir)) {
				t.Error("something was written")
			}
		})
	}
}

// wantOneLine asks for this error in one line that says these things.
func wantOneLine(t *testing.T, err, wanted error, says ...string) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Fatalf("got %v, want %v", err, wanted)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to say %q", err, part)
		}
	}
}

func TestOpenRefusesPlaces(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), []byte("x"))
	write(t, filepath.Join(dir, "lost.db-wal"), []byte("x"))
	for _, test := range []struct {
		name, path string
		migrate    bool
		want       error
		says       []string
	}{
		{"no directory", filepath.Join(dir, "none", "test.db"), true, fs.ErrNotExist, []string{"make it first"}},
		{"no file", filepath.Join(dir, "none.db"), false, fs.ErrNotExist, []string{"matricula migrate"}},
		{"a directory", dir, true, ErrForeign, nil},
		{"a log without its file", filepath.Join(dir, "lost.db"), true, ErrDamaged, []string{"lost.db-wal", "put the file back"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), Config{Path: test.path, Migrate: test.migrate})
			wantOneLine(t, err, test.want, append(test.says, test.path)...)
			after, err := os.ReadDir(dir)
			if err != nil || len(after) != len(before) {
				t.Errorf("got %d files and %v, want the %d from before", len(after), err, len(before))
			}
		})
	}
	if _, err := Open(t.Context(), Config{Path: filepath.Join(dir, "file", "test.db"), Migrate: true}); err == nil {
		t.Error("opened below a file")
	}
}

func TestOpenRefusesWhatItMayNotRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, ours(t))
	for _, mode := range []fs.FileMode{0, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{Path: path, Migrate: true})
		if err == nil || !strings.Contains(err.Error(), "read and write") {
			t.Errorf("mode %v: got %v, want it to say what is needed", mode, err)
		}
	}
}

// TestOpenLeavesAnotherProgramAlone looks at a database that another program has
// open at this moment, log and all.
func TestOpenLeavesAnotherProgramAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	write(t, path, made(t, nil, "CREATE TABLE notes (x)"))
	other, err := open(t.Context(), source(path, time.Second, writing))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := ask[string](t.Context(), other, "PRAGMA journal_mode = wal"); err != nil {
		t.Fatal(err)
	}
	if err := other.run(t.Context(), "INSERT INTO notes VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	_, err = Open(t.Context(), Config{Path: path, Migrate: true})
	wantOneLine(t, err, ErrForeign)
	if !sameFiles(before, listing(t, dir)) {
		t.Error("something was written")
	}
}

func TestANewDatabase(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "an odd name?#%41.db")
	from, to, err := Migrate(t.Context(), path)
	if err != nil || from != 0 || to < 1 {
		t.Fatalf("got %d to %d and %v, want from 0", from, to, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("got %v and %v, want the database alone", entries, err)
	}
	again, same, err := Migrate(t.Context(), path)
	if err != nil || again != to || same != to {
		t.Errorf("a second time: got %d to %d and %v, want %d", again, same, err, to)
	}
	e := openTest(t, Config{Path: path}) // needs no Migrate any more
	if _, err := addAccount(store.New(e), t, "ada@x.test"); err != nil {
		t.Fatal(err)
	}
	for name := range listing(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v), want 0600", name, info.Mode(), err)
		}
	}
	if got := pragma(t, e, "application_id"); got != "1296127058" {
		t.Errorf("got application id %s, want that of the program", got)
	}
}

// pragma answers a setting of the writer's connection.
func pragma(t *testing.T, e *engine, name string) (value string) {
	t.Helper()
	err := e.Update(t.Context(), nil, func(ctx context.Context, w store.Writer) error {
		return w.Query(ctx, func(row store.Row) error { return row.Scan(&value) }, "PRAGMA "+name)
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSettings holds what durability and references rest on.
func TestSettings(t *testing.T) {
	_, e := openStore(t)
	for name, wanted := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "temp_store": "2",
		"trusted_schema": "0", "query_only": "0",
	} {
		if got := pragma(t, e, name); got != wanted {
			t.Errorf("%s: got %s, want %s", name, got, wanted)
		}
	}
	err := e.Query(t.Context(), func(row store.Row) error {
		var only int
		err := row.Scan(&only)
		if only != 1 {
			t.Errorf("query_only of a reader: got %d, want 1", only)
		}
		return err
	}, "PRAGMA query_only")
	if err != nil {
		t.Fatal(err)
	}
}

// TestManyOpenANewDirectoryAtOnce has all of them succeed on one database.
func TestManyOpenANewDirectoryAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			e, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, migrations())
			if err != nil {
				t.Errorf("open %d: %v", i, err)
				return
			}
			if _, err := addAccount(store.New(e), t, fmt.Sprint(i)); err != nil {
				t.Errorf("add %d: %v", i, err)
			}
			if err := e.Close(); err != nil {
				t.Errorf("close %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if names := listing(t, dir); len(names) != 1 {
		t.Errorf("got %d files, want the database alone", len(names))
	}
	accounts, err := store.New(openTest(t, Config{Path: path})).Read(t.Context()).Accounts(0, 100)
	if err != nil || len(accounts) != 8 {
		t.Errorf("got %d accounts and %v, want 8", len(accounts), err)
	}
}

// later is the program's migrations and two more.
func later(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{
		"09998_more.sql": {Data: []byte("-- +goose Up\nCREATE TABLE more (x INTEGER) STRICT;\n")},
		"09999_fill.sql": {Data: []byte("-- +goose Up\nINSERT INTO more (x) VALUES (1);\n")},
	}
	names, err := fs.Glob(migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		octets, err := fs.ReadFile(migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: octets}
	}
	return files
}

func TestAnOlderDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, ours(t))
	before := contents(t, path)
	_, err := openEngine(t.Context(), Config{Path: path}, later(t))
	wantOneLine(t, err, ErrOlder, path, "version "+newest(t), "needs 9999", "matricula migrate")
	if !bytes.Equal(before, contents(t, path)) {
		t.Error("something was written")
	}

	e, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, later(t))
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := store.New(e).Read(t.Context()).Accounts(0, 100)
	if err != nil || len(accounts) != 50 {
		t.Errorf("got %d accounts and %v, want the 50 from before", len(accounts), err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Config{Path: path, Migrate: true}) // with the older program
	wantOneLine(t, err, ErrNewer, "version 9999", "up to "+newest(t))
}

// TestAMigrationThatFails leaves the database as the migrations before it made it.
func TestAMigrationThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, ours(t))
	files := later(t).(fstest.MapFS)
	files["09999_fill.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nINSERT INTO more (x) VALUES (1);\nINSERT INTO nowhere (x) VALUES (1);\n")}
	if _, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, files); err == nil {
		t.Fatal("a migration that can't be applied was")
	}
	e, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, later(t))
	if err != nil {
		t.Fatalf("with the migration put right: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMigratingUnderAServer refuses while another process goes on using the older
// schema, and several that migrate at once all succeed.
func TestMigratingUnderAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, ours(t))
	server := openTest(t, Config{Path: path})
	short := Config{Path: path, Migrate: true, BusyTimeout: 50 * time.Millisecond}
	_, err := openEngine(t.Context(), short, later(t))
	wantOneLine(t, err, ErrInUse, path, "stop the server")
	if _, err := addAccount(store.New(server), t, "ada@x.test"); err != nil {
		t.Errorf("the server: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}

	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			e, err := openEngine(t.Context(), Config{Path: path, Migrate: true}, later(t))
			if err != nil {
				t.Errorf("open %d: %v", i, err)
				return
			}
			if err := e.Close(); err != nil {
				t.Errorf("close %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

// TestABackupHasNoLog opens a copy that VACUUM INTO made: it is in no log mode.
func TestABackupHasNoLog(t *testing.T) {
	s, e := openStore(t)
	if err := s.Update(t.Context(), adding("ada", 10)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup.db")
	c, err := open(t.Context(), source(e.path, time.Second, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "VACUUM INTO $1", path); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	backup := openTest(t, Config{Path: path})
	wantThere(t, store.New(backup), "ada", true)
	if got := pragma(t, backup, "journal_mode"); got != "wal" {
		t.Errorf("got journal mode %s, want wal", got)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	octets := ours(t)
	path := filepath.Join(t.TempDir(), "test.db")
	write(t, path, octets)
	if err := openTest(t, Config{Path: path}).Check(t.Context()); err != nil {
		t.Errorf("a whole database: %v", err)
	}

	last := len(octets) - 4096
	damaged := append(slices.Clone(octets[:last]), bytes.Repeat([]byte{0xaa}, 4096)...)
	path = filepath.Join(t.TempDir(), "test.db")
	write(t, path, damaged)
	wantOneLine(t, openTest(t, Config{Path: path}).Check(t.Context()), ErrDamaged, path)

	path = filepath.Join(t.TempDir(), "test.db")
	write(t, path, made(t, octets, "PRAGMA foreign_keys = 0",
		"INSERT INTO administrators (account_id, start_at, end_at) VALUES (4711, 1, 2)"))
	wantOneLine(t, openTest(t, Config{Path: path}).Check(t.Context()), ErrDamaged, "administrators", "accounts")
}
