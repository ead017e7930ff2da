package acceptance

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // to make databases of other programs and later versions
)

// TestSecondServerIsRefused keeps a second server off a directory, and nobody else.
func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve(t)
	line := in.refused(t, "serve", "--addr", "127.0.0.1:0")
	if !strings.Contains(line, "server") || !strings.Contains(line, in.data) {
		t.Errorf("the second server said %q, want the directory and who has it", line)
	}
	in.roster(t, "chess@example.edu")
	s.call(t, "POST", "/api/user/email-exists", object{"email": "chess@example.edu"}).want(t, 200).says(t, "exists", true)
	s.kill() // the lock must not outlive it
	in.serve(t).stop(t)
	in.serve(t).stop(t)
}

// TestWhatCannotWorkIsRefusedAtStart starts the program with all that can't work:
// one line, status 1, and the directory as it was.
func TestWhatCannotWorkIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("too short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		flags []string
		env   string
		says  string // a word that the line must have
	}{
		"unknown flag":               {flags: []string{"--colour", "red"}, says: "--colour"},
		"stray argument":             {flags: []string{"now"}, says: "now"},
		"unknown variable":           {env: "MATRICULA_ORIGIN=http://localhost:3000", says: "MATRICULA_ORIGIN"},
		"port in use":                {flags: []string{"--addr", taken.Addr().String()}, says: taken.Addr().String()},
		"ops port in use":            {flags: []string{"--ops-addr", taken.Addr().String()}, says: taken.Addr().String()},
		"no port":                    {flags: []string{"--addr", "localhost"}, says: "addr"},
		"open to all":                {flags: []string{"--addr", "0.0.0.0:0"}, says: "public-url"},
		"http for all":               {flags: []string{"--public-url", "http://accounts.example.edu"}, says: "public-url"},
		"https without mail":         {flags: []string{"--public-url", "https://accounts.example.edu"}, says: "smtp"},
		"short secret":               {env: "MATRICULA_SECRET=too short", says: "32"},
		"short secret in a file":     {flags: []string{"--secret-file", short}, says: "32"},
		"secret file missing":        {flags: []string{"--secret-file", short + "er"}, says: short + "er"},
		"secret file a directory":    {flags: []string{"--secret-file", filepath.Dir(short)}, says: "secret-file"},
		"secret twice":               {flags: []string{"--secret-file", short}, env: "MATRICULA_SECRET=" + strings.Repeat("x", 32), says: "secret"},
		"wildcard origin":            {flags: []string{"--origins", "*"}, says: "origins"},
		"origin with a path":         {flags: []string{"--origins", "https://front.example/app"}, says: "origins"},
		"cookie for all without TLS": {flags: []string{"--cookie-same-site", "none"}, says: "cookie-same-site"},
		"hash of another kind":       {flags: []string{"--hash", "md5"}, says: "hash"},
		"no lifetime":                {flags: []string{"--access-ttl", "0s"}, says: "access-ttl"},
		"lifetime without unit":      {flags: []string{"--reset-ttl", "30"}, says: "reset-ttl"},
		"unknown policy":             {flags: []string{"--password-policy", "lax"}, says: "password-policy"},
		"unknown zone":               {flags: []string{"--time-zone", "Mars/Olympus"}, says: "time-zone"},
		"unknown log level":          {flags: []string{"--log-level", "loud"}, says: "log-level"},
		"proxies of no network":      {flags: []string{"--trusted-proxies", "proxy.example"}, says: "trusted-proxies"},
		"mail by carrier pigeon":     {flags: []string{"--smtp", "pigeon://roost"}, says: "smtp"},
		"templates missing":          {flags: []string{"--mail-templates", short + "er"}, says: "mail-templates"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t)
			if c.env != "" {
				in.env = append(in.env, c.env)
			}
			args := append([]string{"serve", "--addr", "127.0.0.1:0"}, c.flags...)
			if line := in.refused(t, args...); !strings.Contains(line, c.says) {
				t.Errorf("said %q, want a word of %s", line, c.says)
			}
			if _, err := os.Stat(in.data); !os.IsNotExist(err) {
				t.Errorf("the data directory was made (%v): %v", err, picture(t, in.data))
			}
		})
	}
}

// TestDatabaseThatCannotBeReliedOnIsRefused spoils a good installation in all the
// ways that happen: server and commands refuse it in one line, and leave it as it is.
func TestDatabaseThatCannotBeReliedOnIsRefused(t *testing.T) {
	t.Parallel()
	good := install(t)
	good.roster(t, "chess@example.edu")
	s := good.serve(t)
	s.register(t, officer{"chess@example.edu", "the password of chess", "Chess"})
	s.stop(t)

	for name, c := range map[string]struct {
		says  string // a word that the line must have
		spoil func(t *testing.T, data string)
	}{
		"newer": {"newer", func(t *testing.T, data string) {
			query(t, data, "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (99999, 1, 0)")
		}},
		"of another program": {"not a Matricula database", func(t *testing.T, data string) {
			query(t, data, "PRAGMA application_id = 1")
		}},
		"of nobody in particular": {"not a Matricula database", func(t *testing.T, data string) {
			remove(t, data, "matricula.db")
			query(t, data, "CREATE TABLE recipes (name TEXT)")
		}},
		"no database": {"damaged", func(t *testing.T, data string) {
			write(t, data, 0, []byte(strings.Repeat("not a database at all\n", 500)))
		}},
		"head destroyed": {"damaged", func(t *testing.T, data string) { write(t, data, 0, make([]byte, 512)) }},
		"overwritten": {"damaged", func(t *testing.T, data string) {
			write(t, data, 8192, []byte(strings.Repeat("spoilt, ", 20<<10)))
		}},
		"torn off": {"damaged", func(t *testing.T, data string) { truncate(t, data, 8192) }},
		"empty":    {"damaged", func(t *testing.T, data string) { truncate(t, data, 0) }},
		"a directory": {"not a Matricula database", func(t *testing.T, data string) {
			remove(t, data, "matricula.db")
			if err := os.Mkdir(database(data), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		"secret lost":      {"secret", func(t *testing.T, data string) { remove(t, data, "secret") }},
		"secret exchanged": {"secret", func(t *testing.T, data string) { overwrite(t, data, "secret", strings.Repeat("other", 9)) }},
		"secret cut short": {"secret", func(t *testing.T, data string) { overwrite(t, data, "secret", "short") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t)
			if err := os.CopyFS(in.data, os.DirFS(good.data)); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, in.data)
			before := picture(t, in.data)
			for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"account", "list"}} {
				if line := in.refused(t, args...); !strings.Contains(line, c.says) {
					t.Errorf("%s said %q, want the word %q", args[0], line, c.says)
				}
			}
			if err := in.command("check").Run(); err == nil {
				t.Error("matricula check finds nothing wrong")
			}
			if diff := cmp.Diff(before, picture(t, in.data)); diff != "" {
				t.Errorf("the directory is not what it was (-before +after):\n%s", diff)
			}
		})
	}
}

// TestBareDirectoryIsLeftBare refuses what lies in a directory that no server of
// ours has ever seen, and adds nothing to it.
func TestBareDirectoryIsLeftBare(t *testing.T) {
	t.Parallel()
	for name, lay := range map[string]func(t *testing.T, data string){
		"another program's database": func(t *testing.T, data string) { query(t, data, "CREATE TABLE recipes (name TEXT)") },
		"a short secret":             func(t *testing.T, data string) { overwrite(t, data, "secret", "short") },
		"a log without its database": func(t *testing.T, data string) { overwrite(t, data, "matricula.db-wal", "who knows whose") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t)
			if err := os.Mkdir(in.data, 0o700); err != nil {
				t.Fatal(err)
			}
			lay(t, in.data)
			before := picture(t, in.data)
			in.refused(t, "serve", "--addr", "127.0.0.1:0")
			if diff := cmp.Diff(before, picture(t, in.data)); diff != "" {
				t.Errorf("serve: the directory is not what it was (-before +after):\n%s", diff)
			}
			in.refused(t, "account", "list")
			if diff := cmp.Diff(before, picture(t, in.data)); diff != "" {
				t.Errorf("account list: the directory is not what it was (-before +after):\n%s", diff)
			}
		})
	}
}

// picture tells what is in a directory: of each file its mode, size and digest.
func picture(t *testing.T, dir string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			seen[path] = "directory"
			return err
		}
		octets, err := os.ReadFile(path)
		seen[path] = fmt.Sprintf("%v, %d octets, %x", entry.Type(), len(octets), sha256.Sum256(octets))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func database(data string) string { return filepath.Join(data, "matricula.db") }

// query changes a database behind the program's back.
func query(t *testing.T, data, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", database(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statement); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// write puts octets into the database file.
func write(t *testing.T, data string, at int64, octets []byte) {
	t.Helper()
	f, err := os.OpenFile(database(data), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(octets, at); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, data string, size int64) {
	t.Helper()
	if err := os.Truncate(database(data), size); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, data, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(data, name)); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, data, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
